"""What a train step spends its time on, told by layer."""

import re

import pytest

from depthstudy import bench
from depthstudy.bench import profiling
from depthstudy.bench.benchmarks import Work
from depthstudy.errors import InputError

pytestmark = pytest.mark.slow

BACKWARD = "jit(f)/vmap(transpose(jvp(Network)))/stage1/block01/norm1/jit(_normalize)/mul"
IN_BLOCK = "jit(f)/jvp(Network)/stage1/block02/jit(_traced_once)/_Body/conv1/dot"
HLO = f"""
  %ffi_call.7 = f32[1] custom-call(%a), metadata={{op_name="jit(f)/jvp(Network)/stem/conv/output"}}
  ROOT %fusion.2 = f32[1] fusion(%b), calls=%c, metadata={{op_name="{BACKWARD}" stack_frame_id=3}}
  %add.1 = f32[1] add(%d, %e), metadata={{op_name="jit(f)/add"}}
  %convert.9 = f32[1] convert(%d), metadata={{op_name="jit(f)/jvp(Network)/convert_element_type"}}
  %dot.5 = f32[1] dot(%d, %e), metadata={{op_name="{IN_BLOCK}"}}
  %copy.4 = f32[1] copy(%d)
"""


def test_operations_are_placed_in_the_net() -> None:
    places = profiling.places_in(HLO)
    assert {name: place for name, place in places.items() if "." in name} == {
        "ffi_call.7": "stem/conv forward",
        "fusion.2": "stage1/block01/norm1 backward",
        "add.1": "outside the net",
        "convert.9": "net forward",
        "dot.5": "stage1/block02/conv1 forward",
    }
    assert places["fusion_2"] == places["fusion.2"]


def test_a_step_is_profiled() -> None:
    options = (("depth", 8), ("layout", "cifar"), ("width", 4))
    work = Work("train", options=options, side=8, batch=16)
    summary, parts, operations = profiling.report("tiny", work).split("\n\n")
    match = re.match(r"tiny: (\S+) ms a step, (\S+) images/s, (\S+) TFLOP/s: (\S+)% of", summary)
    assert match is not None
    milliseconds, images, _, share = (float(text.replace(",", "")) for text in match.groups())
    assert images == pytest.approx(16 / milliseconds * 1e3, rel=0.01)
    assert 0 < share < 100
    for table in (parts, operations):
        rows = [row.strip("| ").split(" | ") for row in table.splitlines()[2:]]
        assert sum(float(row[2].rstrip("%")) for row in rows) == pytest.approx(100, abs=1)
    assert re.search(r"^\| conv forward \|", parts, re.MULTILINE)
    assert re.search(r"^\| st\S+ (forward|backward): ", operations, re.MULTILINE)


def test_only_a_train_step_is_profiled() -> None:
    with pytest.raises(InputError, match="'input_32' is not a train step; allowed: resnet20_32, "):
        bench.profile("input_32")
