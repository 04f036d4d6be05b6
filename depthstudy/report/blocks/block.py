"""What all blocks of a page are."""

from __future__ import annotations


class Block:
    """A part of a page, as a value; the template that renders it is named after its class."""
