"""The runs of a variant, differences between variants, and how sure one may be of each."""
