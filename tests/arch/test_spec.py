"""An architecture survives JSON, can be hashed, and says what is wrong with other text."""

import pytest

from depthstudy import arch

OPTIONS = [
    ("plain", {"depth": 20, "layout": "cifar"}),
    ("resnet", {"depth": 32, "layout": "cifar", "width": 8, "shortcut": "B", "norm": "none"}),
    ("preact_resnet", {"depth": 50, "num_classes": 7}),
]


@pytest.mark.parametrize(("family", "options"), OPTIONS)
def test_json_round_trip(family: str, options: dict) -> None:
    spec = arch.build(family, **options)
    again = arch.ArchSpec.from_json(spec.to_json())
    assert again == spec
    assert hash(again) == hash(spec)


@pytest.mark.parametrize("text", ["{}", '{"family": 1}', "[]", "nonsense"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an architecture|Expecting value"):
        arch.ArchSpec.from_json(text)


def test_plain_and_residual_differ_in_one_field() -> None:
    plain = arch.build("plain", depth=20, layout="cifar")
    residual = arch.build("resnet", depth=20, layout="cifar")
    blocks = zip(sum(plain.stages, ()), sum(residual.stages, ()), strict=True)
    for without, with_shortcut in blocks:
        changed = {k for k in vars(without) if getattr(without, k) != getattr(with_shortcut, k)}
        assert changed == {"residual"}
    assert plain == arch.build("resnet", depth=20, layout="cifar", residual=False)
