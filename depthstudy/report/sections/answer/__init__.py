"""The first screen: whether to go deeper, why, which net to take, what to do next."""
