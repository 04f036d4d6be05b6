"""Architecture search: proposals over values, judged on validation data, and retrained."""
