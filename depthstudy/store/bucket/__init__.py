"""Folders in a bucket, ``s3://BUCKET/FOLDER`` or ``gs://BUCKET/FOLDER``, behind local ones.

All else of the package works with local folders. What is written there by ``store.files`` and the
checkpoint writer is put into the bucket in the same order, by a thread (``uploads``); what is read
has been fetched (``mirror``). A path alone says which object it is of (``places``), so there is
nothing to pass on to other processes. One process writes to a work directory (``lease``).
"""

from depthstudy.store.bucket.folders import (
    copied,
    described,
    files_beside,
    only_here,
    read_from,
    work_in,
    write_to,
)
from depthstudy.store.bucket.machines import catch_up, content, portable, take_part, task_folder
from depthstudy.store.bucket.mirror import look, need
from depthstudy.store.bucket.places import is_url, joined, shown
from depthstudy.store.bucket.process import check, finish, placed, removed

__all__ = [
    "catch_up",
    "check",
    "content",
    "copied",
    "described",
    "files_beside",
    "finish",
    "is_url",
    "joined",
    "look",
    "need",
    "only_here",
    "placed",
    "portable",
    "read_from",
    "removed",
    "shown",
    "take_part",
    "task_folder",
    "work_in",
    "write_to",
]
