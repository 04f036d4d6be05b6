"""TFDS sets on disk: read without TensorFlow, and written from images of ours."""
