"""What a variant is: its net, its name, its pruning and the dense net that it is pruned from."""
