"""Settings of the data."""

from __future__ import annotations

import dataclasses
from typing import Literal

from depthstudy.config.types import Count, Fraction, Natural, Part, Share


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """The images, how many, and what is done to them.

    Attributes:
      name: ``"digits"``, ``"fashion_mnist"``, ``"folder"`` (a folder of images, a sub-folder a
        class), ``"fashion_scenes"`` (garments or digits to find), ``"object_folder"`` (images with
        boxes: COCO JSON, VOC XML or YOLO txt), the name of a prepared TFDS set, or
        ``"package.module:function"``, which is called with this config and returns a
        ``data.Source``.
      data_dir: Folder of prepared TFDS sets; ``None`` is the place where they usually are.
      source_dir: Folder with the raw files of a set that we prepare ourselves; refused where the
        set reads none. For ``"folder"``:
        ``CLASS/*`` (``seed`` takes a fifth to test on) or ``{train,val,test}/CLASS/*``, of PNG,
        JPEG, WebP, BMP or TIFF.
      labels_csv: For ``"folder"``: a CSV file with a file and a label on each row, in the place of
        class folders; a column ``split`` with ``train``, ``val`` and ``test`` divides the set.
      train_split: TFDS split that is trained on.
      test_split: TFDS split that is tested on, once, when a run is done.
      validation: Share of the train split, stratified, that is held out: whatever is chosen, as a
        learning rate or which net to take, is chosen by it. With 0 there is none. Where the set has
        a split ``validation`` of its own that is not tested on, that is taken instead.
      validation_split: TFDS split that is taken for that instead.
      image_size: Side of the square image in pixels; ``None`` keeps the set's own size.
      fit: How an image that is not square becomes so: ``"crop"`` cuts off what is beyond the center
        square, ``"pad"`` lays it whole on black, ``"squash"`` changes its proportions.
      eval_center: Share of the shorter side that is kept of images that are evaluated: with 0.875
        the shorter side is resized to ``image_size / 0.875`` and the center cut out.
      train_examples: Size of a stratified subset of the train split, of which ``validation`` is
        held out; ``None`` takes all.
      own_subset: Whether each run draws by its seed a stratified subset of its own from what is
        not held out: then intervals over seeds hold for other images to train on, too. What is held
        out, and how images are normalized, is the same for all runs.
      label_noise: Share of train labels that are replaced by a wrong one.
      shift: Largest random translation in pixels, zeros moving in (pad and crop, He et al. 2015).
      crop_area: Least share of the image's area that a random resized crop keeps (Szegedy et al.
        2015); 1 is no crop. It is cut from the image file where the set is streamed, from the
        resized image where the set is in memory.
      flip: Whether images are mirrored left to right at random.
      stream: Read from disk while training (``True``), hold the set on the device (``False``), or
        hold it if it fits (``None``).
      workers: Processes that decode a streamed set; 0 are threads, ``None`` follows the cores.
      seed: Seed of the subset, of what is held out, of the noise and, with the seed of a run, of
        the order of its examples. Variants that are in no pool have the same.
    """

    name: str = "digits"
    data_dir: str | None = None
    source_dir: str | None = None
    train_split: str = "train"
    test_split: str = "test"
    validation: Part = 0.2
    validation_split: str | None = None
    labels_csv: str | None = None
    image_size: Count | None = None
    fit: Literal["crop", "pad", "squash"] = "crop"
    eval_center: Share = 1.0
    train_examples: Count | None = None
    own_subset: bool = False
    label_noise: Fraction = 0.0
    shift: Natural = 0
    crop_area: Share = 1.0
    flip: bool = False
    stream: bool | None = None
    workers: Natural | None = None
    seed: Natural = 0
