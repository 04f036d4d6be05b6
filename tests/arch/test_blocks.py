"""A kind of block answers all that is asked of it, and a block says nothing that it ignores."""

import dataclasses
import json

import pytest

from depthstudy import arch
from depthstudy.arch import blocks
from depthstudy.arch.blocks.kind import COMMON, BlockKind
from depthstudy.arch.blocks.steps import Step
from depthstudy.arch.layer_types import Conv, SqueezeExcite
from depthstudy.arch.lowering import sections
from depthstudy.arch.section import Section
from depthstudy.errors import InputError

CHANNELS = 8
OTHER = {
    "filters": 24,
    "inner": 4,
    "stride": 1,
    "norm": "none",
    "residual": False,
    "shortcut": "A",
    "activation": "silu",
    "kernel": 5,
    "groups": 2,
    "first_groups": 2,
    "squeeze": 2,
    "squeeze_activation": "silu",
    "squeeze_gate": "hard_sigmoid",
    "dropout": 0.5,
    "last_inner": 6,
    "layer_scale": 0.5,
}


def block_of(kind: str, **fields: object) -> arch.BlockSpec:
    """Returns a block of each kind whose input and output differ in shape."""
    usual = {"inner": 8, "stride": 2}
    read = {name: x for name, x in usual.items() if name in blocks.kind_of(kind).reads}
    return arch.BlockSpec(**{"kind": kind, "filters": 16, **read, **fields})


def net_of(block: arch.BlockSpec) -> arch.ArchSpec:
    return arch.ArchSpec(
        family="single",
        stem=arch.StemSpec(filters=CHANNELS),
        stages=((block,),),
        head=arch.HeadSpec(num_classes=2),
    )


def section_of(block: arch.BlockSpec) -> Section:
    return sections(net_of(block))[1]


def test_every_field_is_tried() -> None:
    names = {field.name for field in dataclasses.fields(arch.BlockSpec)}
    assert set(OTHER) == names - {"kind"}


@pytest.mark.parametrize("kind", blocks.KINDS)
@pytest.mark.parametrize("field", OTHER)
def test_a_field_changes_the_layers_or_is_refused(kind: str, field: str) -> None:
    gated = "squeeze" in blocks.kind_of(kind).reads and field.startswith("squeeze_")
    fields = {"squeeze": 3} if gated else {}
    before = section_of(block_of(kind, **fields))
    strided = field != "stride" or "stride" in blocks.kind_of(kind).reads
    value = OTHER[field] if strided else 2
    try:
        after = section_of(block_of(kind, **{**fields, field: value}))
    except InputError as error:
        message = str(error)
        assert repr(kind) in message
        assert field in message
        assert repr(value) in message
        assert "\n" not in message
    else:
        assert after != before


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "conv", "inner": 8}, "'conv' does not read inner=8; it reads: kind, filters, st"),
        ({"kind": "separable", "squeeze": 4}, "'separable' does not read squeeze=4"),
        ({"kind": "inverted", "inner": 8, "groups": 2}, "'inverted' does not read groups=2"),
        ({"kind": "basic", "inner": 8, "last_inner": 4}, "does not read last_inner=4"),
        (
            {"kind": "basic", "inner": 8, "squeeze_gate": "hard_sigmoid"},
            "does not read squeeze_gate='hard_sigmoid' without squeeze; it reads",
        ),
        ({"kind": "shuffle_v2", "inner": 8, "shortcut": "A"}, "no shortcut 'A'; allowed: B, C$"),
        ({"kind": "bottleneck"}, "'bottleneck' needs inner of at least 1, it is 0"),
        ({"kind": "dense"}, "no block kind 'dense'; allowed: basic, bottleneck, conv, "),
    ],
)
def test_refusals(fields: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        net_of(arch.BlockSpec(filters=16, **fields))


@pytest.mark.parametrize("family", ["vgg", "mobilenet_v1", "mobilenet_v3", "shufflenet_v1"])
def test_values_written_with_ignored_fields_still_load(family: str) -> None:
    """Versions that did not refuse them wrote the inner channels of every block, as others."""
    options = {"depth": 11} if family == "vgg" else {}
    spec = arch.build(family, **options)
    plain = json.loads(spec.to_json())
    for block in (block for stage in plain["stages"] for block in stage):
        block["inner"] = block["inner"] or block["filters"]
        block["squeeze_gate"] = "hard_sigmoid"
        if family != "shufflenet_v1":
            block |= {"groups": 32, "first_groups": 1, "last_inner": 5}
    assert arch.ArchSpec.from_json(json.dumps(plain)) == spec


@pytest.mark.parametrize("kind", ["basic", "bottleneck", "preact_basic", "preact_bottleneck"])
def test_groups_are_those_of_the_convolutions_with_a_window(kind: str) -> None:
    section = section_of(block_of(kind, groups=4))
    convs = [x for x in (*section.before, *section.branch) if isinstance(x, Conv)]
    assert {(conv.kernel, conv.groups) for conv in convs} <= {(1, 1), (3, 4)}
    whole, cut = (arch.cost(net_of(block_of(kind, groups=g)), (8, 8, 3)) for g in (1, 4))
    inside = 9 * 8 * (8 + 16 if kind.endswith("basic") else 8)
    assert whole.parameters - cut.parameters == inside * 3 // 4


@pytest.mark.parametrize("kind", ["basic", "bottleneck", "preact_basic", "preact_bottleneck"])
def test_a_gate_ends_the_branch(kind: str) -> None:
    section = section_of(block_of(kind, squeeze=3))
    assert isinstance(section.branch[-1], SqueezeExcite)
    without, gated = (arch.cost(net_of(block_of(kind, squeeze=s)), (8, 8, 3)) for s in (0, 3))
    assert gated.parameters - without.parameters == 2 * 16 * 3 + 3 + 16


@pytest.mark.parametrize("kind", ["basic", "bottleneck"])
def test_scaling_keeps_whole_groups(kind: str) -> None:
    block = block_of(kind, inner=24, filters=48, groups=8)
    net = dataclasses.replace(net_of(block), stem=arch.StemSpec(filters=24))
    for multiplier in (0.3, 0.7, 1.3, 2):
        scaled = arch.scale_width(net, multiplier)
        assert scaled.stages[0][0].groups == 8
        arch.cost(scaled, (8, 8, 3))  # says where channels do not divide


class _Pointwise(BlockKind):
    """One 1x1 convolution: a kind as someone may add it."""

    reads = COMMON - {"kernel"}

    def steps(self, block: arch.BlockSpec, channels: int) -> tuple[Step, ...]:
        return (Step(block.filters, stride=block.stride),)


def test_a_new_kind_is_a_class_and_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(blocks.KINDS, "pointwise", _Pointwise())
    net = net_of(arch.BlockSpec(kind="pointwise", filters=CHANNELS))
    assert arch.ArchSpec.from_json(net.to_json()) == net
    stem, head = 9 * 3 * CHANNELS + 2 * CHANNELS, 2 * CHANNELS + 2
    assert arch.cost(net, (8, 8, 3)).parameters == stem + CHANNELS**2 + 2 * CHANNELS + head
    assert arch.scale_width(net, 2).stages[0][0].filters == 2 * CHANNELS
    assert arch.scale_depth(net, 2).stages[0] == net.stages[0] * 2
    (group,) = arch.channel_groups(net)  # the shortcut unites stem and block
    narrowed = arch.narrow(net, {group.name: [True] * 5 + [False] * 3})
    assert narrowed.stages[0][0].filters == narrowed.stem.filters == 5
    with pytest.raises(InputError, match="'pointwise' does not read kernel=5"):
        net_of(arch.BlockSpec(kind="pointwise", filters=8, kernel=5))
