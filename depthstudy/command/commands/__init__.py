"""What each word of the command ``depthstudy`` does, a module each."""

from collections.abc import Sequence

__all__: Sequence[str] = ()
