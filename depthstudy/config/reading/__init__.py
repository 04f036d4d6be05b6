"""From what a person writes to settings: config files, values, times and former names."""
