"""What a store of buckets raises, as one line with what to do; and what is worth another try."""

from __future__ import annotations

import errno

from depthstudy.errors import FailedError, InputError
from depthstudy.store.bucket import places

_GOES_ON = "the same command goes on"
_KEYS = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS, or call `gcloud auth application-default login`",
}
_NO_KEYS = (
    "NoCredentialsError",
    "PartialCredentialsError",
    "ProfileNotFound",
    "DefaultCredentialsError",
    "RefreshError",
    "Anonymous caller",
    "Invalid Credentials",
)
_NO_BUCKET = ("NoSuchBucket", "specified bucket does not exist", "bucket does not exist")
_FORBIDDEN = (
    "Access Denied",
    "AccessDenied",
    "Forbidden",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "does not have storage.",
    "InvalidToken",
    "ExpiredToken",
)
# s3fs makes no FileExistsError of them where a store does not say which condition it was.
_UNMET = ("PreconditionFailed", "ConditionalRequestConflict")
_FULL = (errno.ENOSPC, errno.EDQUOT)


class GoneError(FailedError):
    """There is no such object."""


def as_line(error: BaseException, url: str) -> Exception:
    """Returns what is raised in the place of an error of the library."""
    text = _text(error)
    if isinstance(error, InputError | FailedError):
        return error
    if isinstance(error, OSError) and error.errno in _FULL:
        return FailedError(
            f"{url}: no room for its local copy in {places.buckets()} ({error.strerror}); make room"
            f" there, or name another cache folder by XDG_CACHE_HOME, and {_GOES_ON}"
        )
    if _has(text, _NO_KEYS):
        return FailedError(
            f"{url}: no credentials were found: {_KEYS[url[:2]]}, or give this machine a role;"
            f" {_GOES_ON}"
        )
    if _has(text, _NO_BUCKET):
        return no_bucket(url)
    if isinstance(error, PermissionError) or _has(text, _FORBIDDEN):
        return FailedError(
            f"{url}: no permission ({_short(error)}); let these credentials list, read, write and"
            f" delete there, and {_GOES_ON}"
        )
    if isinstance(error, FileNotFoundError):
        return GoneError(f"{url}: an object was removed while it was read; give the command again")
    return FailedError(
        f"{url} cannot be reached ({_short(error)}); see to the network, and {_GOES_ON}"
    )


def no_bucket(url: str) -> InputError:
    """Returns the error that there is no such bucket."""
    bucket = url.partition("://")[2].partition("/")[0]
    return InputError(f"{url}: there is no bucket {bucket}; make it, or name another")


def is_unmet(error: BaseException) -> bool:
    """Returns whether a store refused to write an object because there is one."""
    return isinstance(error, FileExistsError) or _has(_text(error), _UNMET)


def is_passing(error: BaseException) -> bool:
    """Returns whether an error may be over at the next try."""
    if isinstance(error, FileExistsError | FileNotFoundError | PermissionError | InputError):
        return False
    if _has(_text(error), (*_NO_KEYS, *_NO_BUCKET, *_FORBIDDEN)):
        return False
    return not isinstance(error, TypeError | ValueError | AttributeError)


def _text(error: BaseException) -> str:
    causes = [error, error.__cause__, error.__context__]
    return " ".join(f"{type(one).__name__} {one}" for one in causes if one is not None)


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _has(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)
