"""From architecture to architecture: deeper, wider, narrower, branched, or easier to train."""
