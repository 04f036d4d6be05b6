"""From a source to batches on the device: split, order, decode, augment."""
