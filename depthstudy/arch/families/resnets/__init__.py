"""ResNets and what is made of them by changing their blocks."""
