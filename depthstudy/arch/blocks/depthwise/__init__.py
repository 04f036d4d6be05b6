"""Kinds of blocks whose spatial convolutions are depthwise."""
