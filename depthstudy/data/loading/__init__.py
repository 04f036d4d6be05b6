"""From a config, arrays or images to a data set."""
