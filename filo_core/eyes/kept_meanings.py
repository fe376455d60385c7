"""Meanings of the phrases of a product's list, kept on disk: the sentence encoder is opened once for them.

It takes a quarter of a second and 190 MB to open, more than the light trunk. What is kept is a cache: whatever is wrong
with a file, the phrases are read again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import FolderError
from filo_core.whole_files import whole_file
from filo_core.words.specs import SIZE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

logger = logging.getLogger(__name__)

MOST_LISTS = 48
"""Newest lists that are kept, about 20 kB each."""
_SUFFIX = ".meanings"


class KeptMeanings:
    """Keeps meanings by the phrases and whatever reads them.

    Args:
        folder: where; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def load(self, phrases: Sequence[str], reader: str) -> Floats | None:
        """``(n, SIZE)`` float32 of unit length; None where they are not kept, or their file was damaged.

        Args:
            phrases: of the list, in its order.
            reader: stands for all that decides how they are read.
        """
        if self._folder is None:
            return None
        try:
            content = self._path(self._folder, phrases, reader).read_bytes()
        except OSError:
            return None
        digest, body = content[:32], content[32:]
        if hashlib.sha256(body).digest() != digest or len(body) != len(phrases) * SIZE * 4:
            logger.warning("kept meanings of phrases were damaged; the phrases are read again")
            return None
        return np.frombuffer(body, "<f4").reshape(-1, SIZE).astype(np.float32)

    def save(self, phrases: Sequence[str], reader: str, meanings: Floats) -> None:
        """Keep ``(n, SIZE)`` meanings; a full or read-only disk is no reason to stop."""
        if self._folder is None:
            return
        body = meanings.astype("<f4").tobytes()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with whole_file(self._path(self._folder, phrases, reader)) as temporary:
                temporary.write_bytes(hashlib.sha256(body).digest() + body)
            self._forget_old(self._folder)
        except (OSError, FolderError) as error:
            logger.warning("the meanings of the phrases are not kept: %s", error)

    def _path(self, folder: Path, phrases: Sequence[str], reader: str) -> Path:
        content = json.dumps([reader, *phrases]).encode()
        return folder / f"{hashlib.sha256(content).hexdigest()}{_SUFFIX}"

    def _forget_old(self, folder: Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            kept = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
            for path in kept[MOST_LISTS:]:
                path.unlink(missing_ok=True)
