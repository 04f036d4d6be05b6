"""Images with objects in them: scenes made of embedded pictures, and users' folders."""
