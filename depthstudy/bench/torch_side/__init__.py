"""PyTorch's side of the bench, as a user would tune it: channels last, all cores."""
