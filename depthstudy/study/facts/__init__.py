"""What there is to judge: the runs of a study, what they learned from, and what they came to."""
