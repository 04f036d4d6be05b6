"""The words that fields of an architecture can have."""

from __future__ import annotations

from typing import Literal

Norm = Literal["batch", "group", "layer", "none"]
Shortcut = Literal["A", "B", "C", "D", "identity"]
ActivationKind = Literal["relu", "relu6", "silu", "hard_swish", "gelu", "linear"]
Gate = Literal["sigmoid", "hard_sigmoid"]
Padding = Literal["torch", "same"]
Branches = Literal["single", "repvgg"]
InitKind = Literal["he", "orthogonal", "delta_orthogonal", "looks_linear"]
