"""The checkpoints of a run: one class writes them, another reads them and changes nothing.

```
checkpoints/STEP/state/
  variables.safetensors   params and batch_stats: what a net is applied with
  training.safetensors    step, opt_state, loss scale, and what was measured so far: the rest of
                          what training goes on from
```

The header of both files has the step and each field of ``RunInfo``, text as it is and the rest as
JSON, so that ``variables.safetensors`` alone is a whole net: architecture, preprocessing, classes.
It also has a hash of all that is in the file, which is checked whenever the file is read.

A checkpoint is written beside its place and renamed when it is on disk, so it is whole or not
there. Everything else in the folder of a run can be made again from it.

Why no Orbax: it takes 0.4 to 0.5 ms of processor time for each array, of which a deep net has
hundreds, and a study on a CPU keeps every core busy; and a folder in which anything is amiss ends
in a traceback of its own. Milliseconds of processor time for a save, roughly, of ResNets with
momentum on a busy machine of two cores:

    depth (arrays of its state)         20 (158)  56 (446)  110 (878)  50 for ImageNet (430)
    an Orbax tree                             81       190        425                    347
    variables in a tree, rest packed          65       130        241
    msgpack in one Orbax array                19        35         32                    388
    these files                                7        15         22                    123
"""

from depthstudy.store.checkpoints.content import Measured
from depthstudy.store.checkpoints.reader import CheckpointReader
from depthstudy.store.checkpoints.writer import CheckpointWriter

__all__ = ["CheckpointReader", "CheckpointWriter", "Measured"]
