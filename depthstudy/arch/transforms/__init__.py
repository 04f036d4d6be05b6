"""From architecture to architecture: deeper, wider, narrower, or easier to train."""
