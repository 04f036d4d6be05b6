"""Which test images nets get wrong: by class, image by image, and what depth changes of it."""
