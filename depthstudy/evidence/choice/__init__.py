"""What is chosen on validation data: settings, lengths and the net to take."""
