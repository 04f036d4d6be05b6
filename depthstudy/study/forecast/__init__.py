"""What a study would train and how long that takes, known before it is run."""
