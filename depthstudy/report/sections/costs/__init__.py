"""What nets cost beside what they get wrong."""
