"""The user's own data: a folder of labeled images, prepared once as a TFDS set.

``layout`` and ``labels_csv`` say by names alone which file is of which class, ``contents`` looks
into the files, ``division`` says what is trained on and names the content, and ``source`` writes
the set and opens it. Each file is accounted for: it is an image of the set, or it is left out for a
reason.
"""

from depthstudy.data.sources.folder.source import open_source

__all__ = ["open_source"]
