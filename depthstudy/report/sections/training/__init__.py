"""How the nets trained, and what other learning rates and more steps do."""
