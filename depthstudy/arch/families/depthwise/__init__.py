"""Families whose spatial convolutions are depthwise, most for small devices."""
