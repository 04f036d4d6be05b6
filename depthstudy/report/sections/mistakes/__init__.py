"""Which test images are got wrong: by class, and the images themselves."""
