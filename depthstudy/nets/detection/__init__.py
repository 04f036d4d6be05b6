"""The Flax modules of pyramids and heads, anchors, and boxes."""
