"""What tests of nets share."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import pytest

from depthstudy.nets.convolution import native


@pytest.fixture
def without_native(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """From here on XLA convolves; what was traced before is forgotten, as it is afterwards."""
    monkeypatch.setattr(native, "supports", lambda *_: False)
    jax.clear_caches()
    yield
    jax.clear_caches()
