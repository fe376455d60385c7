"""Files that are written as a whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filo_core.errors import FolderError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the block ends well.

    Raises:
        FolderError: if the file cannot be written.
    """
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        if path.is_dir():
            raise FolderError("{path} is a folder. Give the name of a file inside it.", path=path)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        # There only when something went wrong; the error that says so goes on.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> FolderError:
    """``error`` as a sentence that names the file."""
    reason = error.strerror or type(error).__name__
    return FolderError(
        "{path} cannot be written: {reason}. Choose another folder, or close the file elsewhere.",
        path=path,
        reason=reason,
    )


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all.

    Raises:
        OSError: if the file cannot be written; what was there is as it was then.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        # Made anew, so that nobody else has it open or may read it.
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        # There only when something went wrong; the error that says so goes on.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
