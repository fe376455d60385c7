"""What is exported, in the order it was inspected, and how a file is written as a whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filo_core.errors import FolderError
from filo_core.types import UNKNOWN_TYPE, InspectionFilter, InspectionRecord
from workflows.history import History

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """The inspections to export.

    Args:
        history: of the record they are in.
        wanted: which of them.
        reviewed: only those that a person has decided on.
        keep: leaves out what it is False for.
    """

    history: History
    wanted: InspectionFilter
    reviewed: bool = False
    keep: Callable[[InspectionRecord], bool] = lambda _: True

    def records(self) -> Iterator[InspectionRecord]:
        """All of them, oldest first; memory holds one page at a time."""
        after_id = 0
        while page := self.history.following(self.wanted, after_id, _PAGE):
            chosen = (record for record in page if record.review is not None or not self.reviewed)
            yield from filter(self.keep, chosen)
            after_id = page[-1].inspection_id


def anomaly_type_of(record: InspectionRecord) -> str:
    """What an anomalous part has: the newest review's word, else that of the region that stands out most."""
    if record.review is not None and record.review.anomaly_type:
        return record.review.anomaly_type
    named = max(record.regions, key=lambda region: region.score, default=None)
    return named.anomaly_type if named is not None else UNKNOWN_TYPE


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the block ends well.

    Raises:
        FolderError: if the file cannot be written.
    """
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        if path.is_dir():
            raise FolderError(f"{path} is a folder. Give the name of a file inside it.")
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> FolderError:
    """``error`` as a sentence that names the file."""
    reason = error.strerror or type(error).__name__
    return FolderError(f"{path} cannot be written: {reason}. Choose another folder.")
