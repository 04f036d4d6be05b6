"""Numbers, colors and words as all pages show them."""
