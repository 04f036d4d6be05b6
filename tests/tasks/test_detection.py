"""Detection as a task, against effdet where it is installed, and against numbers by hand."""

import importlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from depthstudy import arch, config, nets, tasks
from depthstudy.data import augment, augment_objects, objects
from depthstudy.nets.detection import boxes
from depthstudy.tasks.detection import detections
from depthstudy.tasks.detection.losses import focal_loss, loss
from depthstudy.tasks.detection.targets import targets

SIZE = (128, 128)
SPEC = arch.build("efficientdet", variant="d0", num_classes=5)


def _truths(seed: int = 0, count: int = 3) -> np.ndarray:
    """Objects of two images, padded to five; the second image has two fewer."""
    random = np.random.default_rng(seed)
    images = []
    for present in (count, count - 2):
        corner = random.uniform(0, 60, (present, 2))
        coordinates = np.concatenate(
            [corner, corner + random.uniform(10, 66, (present, 2))], axis=1
        )
        rows = objects.rows(coordinates.tolist(), random.integers(0, 5, present).tolist())
        images.append(objects.padded(rows, 5))
    return np.stack(images)


def _outputs(seed: int = 1) -> nets.DetectorOutputs:
    anchors = jnp.asarray(boxes.anchors(SPEC, SIZE))
    first, second = jax.random.split(jax.random.key(seed))
    classes = 2 * jax.random.normal(first, (2, len(anchors), 5)) - 3
    return nets.DetectorOutputs(
        classes, jax.random.normal(second, (2, len(anchors), 4)) / 3, anchors
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_targets_and_losses_are_those_of_effdet(smoothing: float) -> None:
    torch = pytest.importorskip("torch")
    effdet = pytest.importorskip("effdet")
    theirs = importlib.import_module("effdet.anchors")
    settings = effdet.get_efficientdet_config("tf_efficientdet_d0")
    settings.update(num_classes=5, image_size=SIZE, label_smoothing=smoothing)
    labeler = theirs.AnchorLabeler(theirs.Anchors.from_config(settings), 5)
    truths, outputs = _truths(), _outputs()
    present = [rows[rows[:, objects.CLASS] >= 0] for rows in truths]
    classes, offsets, positives = labeler.batch_label_anchors(
        [torch.tensor(rows[:, :4]) for rows in present],
        [torch.tensor(rows[:, objects.CLASS] + 1) for rows in present],
    )
    assigned = targets(outputs.anchors, jnp.asarray(truths))

    def flat(levels: list, columns: int) -> np.ndarray:
        parts = [level.reshape(2, -1, columns).numpy() for level in levels]
        return np.concatenate(parts, axis=1)

    np.testing.assert_array_equal(assigned.classes, flat(classes, 1)[..., 0])
    assert float(positives.sum()) == assigned.positive.sum() > 20
    positive_boxes = np.where(assigned.positive[..., None], assigned.boxes, 0)
    np.testing.assert_allclose(positive_boxes, flat(offsets, 4), atol=1e-4)

    sizes = [9 * (128 // 2**level) ** 2 for level in SPEC.pyramid.levels]

    def levels(x: jax.Array) -> list:
        parts = np.split(np.asarray(x), np.cumsum(sizes)[:-1], axis=1)
        sides = [128 // 2**level for level in SPEC.pyramid.levels]
        return [
            torch.tensor(part.reshape(2, side, side, -1).transpose(0, 3, 1, 2).copy())
            for part, side in zip(parts, sides, strict=True)
        ]

    judge = importlib.import_module("effdet.loss").DetectionLoss(settings)
    total, *_ = judge(levels(outputs.classes), levels(outputs.boxes), classes, offsets, positives)
    ours = loss(outputs, assigned, smoothing)
    assert ours.shape == (2,)
    assert float(ours.mean()) == pytest.approx(float(total), rel=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_suppression_is_that_of_torchvision() -> None:
    torch = pytest.importorskip("torch")
    ops = pytest.importorskip("torchvision.ops")
    outputs = _outputs(seed=3)
    detected = np.asarray(detections(outputs, SIZE, candidates=400))
    for image in range(2):
        flat = np.asarray(outputs.classes[image]).ravel()
        best = np.argsort(-flat, kind="stable")[:400]
        decoded = boxes.decode(outputs.boxes[image], outputs.anchors)[best // 5]
        decoded = np.clip(np.asarray(decoded), 0, 128)
        scores = torch.tensor(1 / (1 + np.exp(-flat[best])))
        kept = ops.batched_nms(torch.tensor(decoded), scores, torch.tensor(best % 5), 0.5)[:100]
        expected = np.column_stack([decoded[kept], scores[kept], (best % 5)[kept]])
        np.testing.assert_allclose(detected[image, : len(kept)], expected, atol=1e-4)


def test_focal_loss_by_hand() -> None:
    right, wrong = focal_loss(jnp.array([3.0, 3.0]), jnp.array([1.0, 0.0]))
    p = 1 / (1 + np.exp(-3.0))
    assert float(right) == pytest.approx(0.25 * (1 - p) ** 1.5 * -np.log(p), rel=1e-5)
    assert float(wrong) == pytest.approx(0.75 * p**1.5 * -np.log(1 - p), rel=1e-5)
    slopes = jax.grad(lambda x: focal_loss(x, jnp.array([1.0, 0.0])).sum())(jnp.array([99.0, -99]))
    assert np.isfinite(slopes).all()


def test_loss_terms_are_those_of_an_image_by_itself() -> None:
    task = tasks.Detection(num_classes=5, max_objects=5, image_size=SIZE)
    outputs, labels = _outputs(), jnp.asarray(_truths())
    loss_terms = jax.jit(task.loss_terms)
    sums, counts = loss_terms(outputs, labels)
    divisor = counts.sum() + task.count_offset
    losses = jax.jit(task.loss)(outputs, labels)
    np.testing.assert_allclose(losses.mean(), sums.sum() / divisor, rtol=1e-6)
    assert counts[0] > counts[1] >= 1  # images with three objects and with one
    alone = outputs._replace(classes=outputs.classes[:1], boxes=outputs.boxes[:1])
    np.testing.assert_allclose(loss_terms(alone, labels[:1]), (sums[:1], counts[:1]), rtol=1e-6)


def test_each_object_has_its_best_anchor_and_padding_none() -> None:
    anchors, assign = jnp.asarray(boxes.anchors(SPEC, SIZE)), jax.jit(targets)
    tiny = objects.rows([(3.0, 3.0, 7.0, 7.0)], [2])  # overlaps no anchor by half
    crowd = objects.rows([(0.0, 0.0, 64.0, 64.0)], [1], [True])
    labels = np.stack([objects.padded(tiny, 2), objects.padded(crowd, 2)])
    assigned = assign(anchors, jnp.asarray(labels))
    assert assigned.positive.sum(axis=1).tolist() == [1, 0]
    assert sorted(np.unique(assigned.classes)) == [-1, 2]
    nothing = jnp.asarray(objects.padded(objects.rows([], []), 2))[None]
    logits, offsets = jnp.zeros((1, len(anchors), 5)) - 5, jnp.zeros((1, len(anchors), 4))
    outputs = nets.DetectorOutputs(logits, offsets, anchors)
    empty = jax.jit(loss)(outputs, assign(anchors, nothing))
    assert np.isfinite(empty).all()


def test_perfect_predictions_have_no_error() -> None:
    truths = _truths(seed=5)
    task = tasks.Detection(num_classes=5, max_objects=5, image_size=SIZE)
    anchors = jnp.asarray(boxes.anchors(SPEC, SIZE))
    wanted = jax.jit(targets)(anchors, jnp.asarray(truths))
    classes = jax.nn.one_hot(wanted.classes, 5) * 20 - 10
    outputs = nets.DetectorOutputs(classes, wanted.boxes, anchors)
    labels, find_errors, answer = jnp.asarray(truths), jax.jit(task.errors), jax.jit(task.answers)
    assert find_errors(outputs, labels).tolist() == [0, 0]

    def judged(outputs: nets.DetectorOutputs) -> tuple[np.ndarray, dict[str, float]]:
        answers = {k: np.asarray(v) for k, v in answer(outputs, labels).items()}
        return task.summarize(np.zeros(2), answers)

    errors, summary = judged(outputs)
    assert summary["error"] == pytest.approx(0, abs=1e-6)
    assert errors == pytest.approx([0, 0], abs=1e-6)
    others = outputs._replace(classes=jnp.roll(classes, 1, axis=-1))
    assert find_errors(others, labels).tolist() == [1, 1]
    assert judged(others)[1]["error"] > 0.3  # boxes of the right class come last
    elsewhere = outputs._replace(boxes=outputs.boxes.at[..., :2].add(9.0))
    assert judged(elsewhere)[1]["error"] > 0.9


@pytest.mark.parametrize(
    "settings", [{"flip": True}, {"shift": 9}, {"crop_area": 0.4}, {"flip": True, "shift": 5}]
)
def test_objects_move_with_their_pixels(settings: dict) -> None:
    """A bright rectangle is where its box says after every change."""
    count, changes = 16, config.DataConfig(**settings)
    images = np.zeros((count, 48, 40, 1), np.uint8)
    images[:, 14:30, 10:22] = 255
    label = objects.padded(objects.rows([(14.0, 10.0, 30.0, 22.0)], [3]), 2)
    labels = jnp.asarray(np.stack([label] * count))
    key = jax.random.key(4)

    @jax.jit
    def change(images: jax.Array, labels: jax.Array) -> tuple[jax.Array, jax.Array]:
        moved = augment_objects(labels, (48, 40), key=key, config=changes)
        return augment(images, key=key, config=changes), moved

    changed, moved = map(np.asarray, change(jnp.asarray(images), labels))
    assert (moved[:, 1, objects.CLASS] == -1).all()
    places = set()
    for image, row in zip(changed[..., 0], moved[:, 0], strict=True):
        rows, columns = np.nonzero(image > 127)
        if row[objects.CLASS] < 0:
            assert len(rows) <= 48
            continue
        extent = [rows.min(), columns.min(), rows.max() + 1, columns.max() + 1]
        np.testing.assert_allclose(row[:4], extent, atol=1.0 if "crop_area" in settings else 1e-4)
        places.add(tuple(extent))
    assert len(places) > 1
