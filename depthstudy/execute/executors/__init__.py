"""Who does the work of a study: this process, or processes side by side."""
