"""Image files of a user: turned, transparent, deep or damaged, and what a set keeps of them."""
