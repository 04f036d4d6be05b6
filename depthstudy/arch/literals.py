"""The words that fields of an architecture can have."""

from __future__ import annotations

from typing import Literal

Norm = Literal["batch", "none"]
Shortcut = Literal["A", "B", "C", "identity"]
ActivationKind = Literal["relu", "relu6", "silu", "hard_swish", "linear"]
Gate = Literal["sigmoid", "hard_sigmoid"]
Padding = Literal["torch", "same"]
Branches = Literal["single", "repvgg"]
InitKind = Literal["he", "orthogonal", "delta_orthogonal", "looks_linear"]
