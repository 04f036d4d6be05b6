"""Every setting of a study: its default, its type and what it may be."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Literal

import msgspec

Count = Annotated[int, msgspec.Meta(ge=1)]
Natural = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
NonNegative = Annotated[float, msgspec.Meta(ge=0)]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
Part = Annotated[float, msgspec.Meta(ge=0, lt=1)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]

Value = bool | int | float | str | tuple[Any, ...] | None
Settings = tuple[tuple[str, Value], ...]  # pairs of a dotted field and its value
Mechanism = Literal["optimisation", "overfitting", "redundancy", "receptive_field"]


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """Options of ``arch.build``; ``None`` leaves an option to the family's own default.

    No family takes all of them: ``depth`` and ``layout``, which suit the default family, have to be
    ``None`` or another word for most others.

    Attributes:
      family: A key of ``arch.FAMILIES``.
      depth: Weight layers, of families that are told apart by them.
      layout: ``"cifar"``, ``"imagenet"`` or ``"small"``: how early the image is halved.
      width: Filters of the first stage (ResNets, VGG), or a factor of all channels (the others).
      residual: Whether there are shortcuts; ``False`` is the plain twin.
      norm: ``"batch"`` or ``"none"``.
      shortcut: ``"A"`` or ``"B"``: shortcuts between different shapes.
      variant: A published member, as ``"b0"``, ``"lite0"`` or ``"small"``.
      depth_multiplier: Factor of the blocks of each stage, rounded up.
      groups: Groups of ShuffleNet's convolutions.
      activation: ``"relu"``, ``"relu6"``, ``"silu"``, ``"hard_swish"`` or ``"linear"``.
      stochastic_depth: Share of images for which the last block is skipped; earlier ones less.
      dropout: Share of features, or within blocks of wide ResNets, that is dropped.
      padding: ``"torch"`` or ``"same"``, TensorFlow's.
      norm_epsilon: What normalisation adds to the variance (EfficientNet).
      init: How kernels start: ``"he"`` (the default), ``"orthogonal"``, ``"delta_orthogonal"`` or
        ``"looks_linear"``.
      init_scale: Factor of their standard deviation.
      skip_init: Whether branches end in a trained factor that is 0 at first (De & Smith 2020).
      branches: ``"repvgg"`` gives the 3x3 convolutions of plain nets branches (Ding et al. 2021).
    """

    family: str = "resnet"
    depth: Count | None = 20
    layout: str | None = "cifar"
    width: Count | Positive | None = None
    residual: bool | None = None
    norm: str | None = None
    shortcut: str | None = None
    variant: str | None = None
    depth_multiplier: Positive | None = None
    groups: Count | None = None
    activation: str | None = None
    stochastic_depth: Fraction | None = None
    dropout: Fraction | None = None
    padding: str | None = None
    norm_epsilon: Positive | None = None
    init: str | None = None
    init_scale: Positive | None = None
    skip_init: bool | None = None
    branches: str | None = None


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Which images, how many, and what is done to them.

    Attributes:
      name: ``"digits"``, ``"fashion_mnist"``, ``"folder"`` (a folder of images, a sub-folder a
        class) or the name of a prepared TFDS set.
      data_dir: Folder of prepared TFDS sets; ``None`` is the place where they usually are.
      source_dir: Folder with the raw files of a set that we prepare ourselves. For ``"folder"``:
        ``CLASS/*`` (``seed`` takes a fifth to test on) or ``{train,test}/CLASS/*``, PNG or JPEG.
      train_split: TFDS split that is trained on.
      test_split: TFDS split that is tested on.
      image_size: Side of the square image in pixels; ``None`` keeps the set's own size.
      train_examples: Size of a stratified subset of the train split; ``None`` takes all.
      label_noise: Share of train labels that are replaced by a wrong one.
      shift: Largest random translation in pixels, zeros moving in (pad and crop, He et al. 2015).
      crop_area: Least share of the image's area that a random resized crop keeps (Szegedy et al.
        2015); 1 is no crop.
      flip: Whether images are mirrored left to right at random.
      stream: Read from disk while training (``True``), hold the set on the device (``False``), or
        hold it if it fits (``None``).
      workers: Processes that decode a streamed set.
      seed: Seed of the subset, of the noise and of the order of examples; shared by all runs.
    """

    name: str = "digits"
    data_dir: str | None = None
    source_dir: str | None = None
    train_split: str = "train"
    test_split: str = "test"
    image_size: Count | None = None
    train_examples: Count | None = None
    label_noise: Fraction = 0.0
    shift: Natural = 0
    crop_area: Share = 1.0
    flip: bool = False
    stream: bool | None = None
    workers: Natural = 4
    seed: Natural = 0


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """How a net is trained.

    Attributes:
      batch_size: Images in a step, over all devices.
      epochs: Length of the training in passes over the train set.
      steps: Length of the training in steps; given, it replaces ``epochs``.
      optimizer: SGD with momentum, or AdamW.
      learning_rate: Peak learning rate.
      momentum: Momentum of SGD.
      nesterov: Whether SGD's momentum is Nesterov's.
      schedule: Shape of the learning rate after warm-up.
      step_boundaries: Shares of the training after which ``schedule="step"`` lowers the rate.
      step_factor: What it multiplies the rate by.
      warmup_steps: Steps over which the rate rises linearly to its peak.
      weight_decay: Decay of kernels; norms and biases are left alone.
      scale_penalty: Weight of the L1 norm of the normalisation's scales in the loss (network
        slimming, Liu et al. 2017).
      label_smoothing: Share of the target that is spread over all classes.
      precision: Type of the compute; ``"auto"`` is bfloat16 on TPU and GPU, float32 on CPU.
      loss_scale: Of float16: ``"dynamic"`` keeps small gradients from becoming zero and skips steps
        whose gradients are not finite (Micikevicius et al. 2018); ``"none"`` does neither.
      placement: ``"jit"``: one net, its batch over all devices. ``"pmap"``: the seeds of a variant
        at once, spread over the devices, several to a device where there are more seeds.
        ``"auto"``: ``"pmap"`` where there are several seeds and an accelerator or several devices,
        otherwise ``"jit"``, which large nets need that do not fit beside each other.
      log_every: Steps between two points of the training curve.
      evaluations: How often the net is evaluated, at equal distances; it is saved then, too.
      save_seconds: Least time between two saves: an evaluation that comes sooner saves nothing,
        unless it is the last.
      eval_batch_size: Images in a batch of evaluation.
      eval_train_examples: Size of the fixed part of the train set that is evaluated on.
      keep_checkpoints: How many checkpoints stay, counted from the last; one from early in the
        training stays beside them.
    """

    batch_size: Count = 128
    epochs: Count = 20
    steps: Count | None = None
    optimizer: Literal["sgd", "adamw"] = "sgd"
    learning_rate: Positive = 0.1
    momentum: Fraction = 0.9
    nesterov: bool = False
    schedule: Literal["cosine", "step", "constant"] = "cosine"
    step_boundaries: tuple[Fraction, ...] = (0.5, 0.75)
    step_factor: Share = 0.1
    warmup_steps: Natural = 0
    weight_decay: NonNegative = 1e-4
    scale_penalty: NonNegative = 0.0
    label_smoothing: Fraction = 0.0
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    loss_scale: Literal["dynamic", "none"] = "dynamic"
    placement: Literal["auto", "jit", "pmap"] = "auto"
    log_every: Count = 50
    evaluations: Count = 10
    save_seconds: NonNegative = 10.0
    eval_batch_size: Count = 256
    eval_train_examples: Count = 10_000
    keep_checkpoints: Count = 2


@dataclasses.dataclass(frozen=True)
class PruneConfig:
    """What is taken out of a trained net, and how the rest goes on.

    A variant with a part of this set starts from its dense twin, which is the same config with this
    group at its defaults; a study trains the twin where it has none.

    Attributes:
      blocks: Share of the residual blocks with identity shortcuts that are taken out: those whose
        deletion adds least to the train loss. Every stage keeps one.
      channels: Share of the units of coupled channels that are taken out.
      weights: Share of the weights that are zero in the end, for good; ``schedule`` says when.
      score: What blocks go by is fixed; channels and weights of least ``"magnitude"`` go, channels
        of least ``"norm_scale"`` (network slimming, see ``train.scale_penalty``), or ``"random"``
        ones, which is the control.
      distribution: Whether layers compete for what stays (``"global"``), each keeps the same share
        (``"uniform"``), or, of weights, larger layers lose more (``"erk"``, Evci et al. 2020).
      schedule: Weights go at once (``"one_shot"``), ever fewer of them over the first half of
        fine-tuning (``"cubic"``, Zhu & Gupta 2017), or in ``rounds`` over the whole of it, each
        of which takes the same share of what is left (``"iterative"``, Frankle & Carbin 2019).
      rounds: How many rounds an iterative schedule has.
      rewind: What goes back to the start of fine-tuning after each round: nothing, the learning
        ``"rate"`` (Renda et al. 2020), or rate and ``"weights"``.
      exempt: Shell patterns over the paths of parameters that stay whole: at first those of the
        first and the last layer, and scales and biases.
      fine_tune_epochs: Passes over the train set that follow.
      fine_tune_rate: Their peak learning rate; ``None`` is that of the training (learning rate
        rewinding, Renda et al. 2020).
      control: ``"scratch_epochs"`` and ``"scratch_compute"`` train what is left anew, for as many
        epochs, or for about as many multiply-accumulates, as dense twin and fine-tuning together
        (Liu et al. 2019). Weights are then pruned along ``schedule`` over all of that.
    """

    blocks: Fraction = 0.0
    channels: Part = 0.0
    weights: Part = 0.0
    score: Literal["magnitude", "norm_scale", "random"] = "magnitude"
    distribution: Literal["global", "uniform", "erk"] = "global"
    schedule: Literal["one_shot", "cubic", "iterative"] = "cubic"
    rounds: Count = 5
    rewind: Literal["none", "rate", "weights"] = "none"
    exempt: tuple[str, ...] = ("stem/*", "head/dense/*", "*/scale", "*/bias")
    fine_tune_epochs: Natural = 0
    fine_tune_rate: Positive | None = None
    control: Literal["none", "scratch_epochs", "scratch_compute"] = "none"


@dataclasses.dataclass(frozen=True)
class Hypothesis:
    """A sentence that a study can find supported or refuted, and the numbers that decide it.

    ``where`` picks variants by their settings. ``greater``, ``less``, ``equivalent`` and
    ``not_greater`` compare them, paired by seed, with the variants that ``against`` picks;
    ``rises`` and ``does_not_rise`` look at the change of the metric from the least to the greatest
    value of ``along``. A treated variant has the settings that it had untreated, and the name of
    its treatment as a further field ``treatment``; a side that does not name this field picks
    untreated variants only.

    Attributes:
      name: Short name, unique in the study.
      statement: The sentence, as a reader should see it.
      metric: A numeric column of ``summary.csv``; or, as ``"gradients.gradient_norm_slope"``, what
        a probe in ``probes``, or training itself (``run``, ``training``, ``evaluation``), says of a
        whole run in ``records.csv``, the last time that it does.
      relation: What is claimed of the metric.
      where: Settings of the variants that the statement is about.
      against: Settings of the variants that they are compared with.
      along: The dotted field along which a metric rises or does not.
      margin: In units of the metric: how much a difference must exceed (``greater``, ``less``,
        ``rises``), or how large a difference is still none (``equivalent``, ``not_greater``,
        ``does_not_rise``).
    """

    name: str
    statement: str
    metric: str
    relation: Literal["greater", "less", "equivalent", "not_greater", "rises", "does_not_rise"]
    where: Settings = ()
    against: Settings = ()
    along: str | None = None
    margin: NonNegative = 0.0


@dataclasses.dataclass(frozen=True)
class Treatment:
    """A change that is aimed at one of the mechanisms by which depth may hurt, and at it alone.

    Attributes:
      name: Short name, unique in the study; it ends the names of the variants that have it.
      mechanism: What is to blame if the treatment wins back what depth lost.
      settings: Pairs of a dotted field and its new value; ``"double"`` is twice the number that it
        was (of ``data.image_size``, where that is ``None``, twice the size of the set's images).
      where: Settings of the variants that it is given to; none are all.
      control_of: Name of the treatment that this one is the control of. What a control wins back is
        shown beside what its treatment does, and credited to no mechanism.
    """

    name: str
    mechanism: Mechanism
    settings: Settings
    where: Settings = ()
    control_of: str = ""


@dataclasses.dataclass(frozen=True)
class StudyConfig:
    """A study: what all its runs share, how the variants differ, and what is asked of them.

    Attributes:
      name: Name of the study, written in every record.
      seeds: Number of seeds, counted from 0, of every variant.
      sweep: Pairs of a dotted field and the values that it takes; variants are their product.
      variants: Further variants by name: pairs of a name and settings.
      treatments: Each variant is trained as it is, and once more with each of these on top.
      hypotheses: What the study is to decide.
      probes: Names of probes that measure the last checkpoints of all variants after training.
      probe_seeds: How many seeds of a variant are measured, counted from 0.
      probe_examples: How many examples of each split a probe looks at.
      processes: In how many processes runs are trained side by side on a CPU; by default in as many
        as there are cores, and fewer where there is little to train or little memory.
    """

    name: str = "study"
    seeds: Count = 1
    model: ModelConfig = ModelConfig()
    data: DataConfig = DataConfig()
    train: TrainConfig = TrainConfig()
    prune: PruneConfig = PruneConfig()
    sweep: tuple[tuple[str, tuple[Value, ...]], ...] = ()
    variants: tuple[tuple[str, Settings], ...] = ()
    treatments: tuple[Treatment, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    probes: tuple[str, ...] = ()
    probe_seeds: Count = 1
    probe_examples: Count = 500
    processes: Count | None = None
