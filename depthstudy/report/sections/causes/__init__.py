"""Where the accuracy of deeper nets went, and what wins it back."""
