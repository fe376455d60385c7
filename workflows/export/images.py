"""Images out of the image store into a folder, under names that any system takes."""

from __future__ import annotations

import re
from pathlib import Path

from filo_core.errors import StorageError
from filo_core.types import InspectionRecord
from filo_core.whole_files import cannot_write
from workflows.reporting.history import History

_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST = 60
_ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}


def safe_name(text: str) -> str:
    """``text`` as a part of a path: letters, digits, ``_``, ``-`` and dots, none at its ends."""
    return _UNSAFE.sub("_", text).strip("._")[:_LONGEST].rstrip("._") or "unnamed"


class ImageFolder:
    """A folder that images are copied into.

    Raises:
        FolderError: if it cannot be made.
    """

    def __init__(self, folder: Path, history: History) -> None:
        self._folder = folder
        self._history = history
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(folder, error) from error

    def put(self, record: InspectionRecord, view: str = "") -> str | None:
        """Copy the image of an inspection, or of one of its views; its file name, None where there is no image.

        Raises:
            FolderError: if the file cannot be written.
        """
        if not record.image_hash or not record.width:
            return None
        try:
            encoded = self._history.encoded(record)
        except StorageError:
            # Removed by the retention rules, or damaged: `audit` and `doctor` tell which.
            return None
        stem, ending = Path(record.name).stem, Path(record.name).suffix.lower()
        # Names repeat, ids do not.
        of = f"_{safe_name(view)}" if view else ""
        name = f"{record.inspection_id:08}_{safe_name(stem)}{of}{ending if ending in _ENDINGS else '.png'}"
        path = self._folder / name
        try:
            path.write_bytes(encoded)
        except OSError as error:
            raise cannot_write(path, error) from error
        return name
