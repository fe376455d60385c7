"""Memory banks on disk: a product's good parts are looked at once, and not at every start of the program.

A bank is a cache: whatever is wrong with its file, the parts are looked at again.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from filo_core.eyes.bank import PatchBank

if TYPE_CHECKING:
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

MOST_BANKS = 12
"""Newest banks that are kept."""
_SUFFIX = ".bank"


class BankStore:
    """Keeps banks by the hash of what decides their content.

    Args:
        folder: where; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def load(self, key: str) -> PatchBank | None:
        """The bank of this content; None where it is not kept, or its file was damaged."""
        if self._folder is None:
            return None
        try:
            content = (self._folder / f"{key}{_SUFFIX}").read_bytes()
        except OSError:
            return None
        digest, body = content[:32], content[32:]
        if hashlib.sha256(body).digest() != digest:
            logger.warning("a kept memory bank was damaged; the good parts are looked at again")
            return None
        try:
            with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
                return PatchBank.from_arrays({name: arrays[name] for name in arrays.files})
        except (ValueError, KeyError, OSError, EOFError):
            # Of another version of this program.
            return None

    def save(self, key: str, bank: PatchBank) -> None:
        """Keep a bank; a full or read-only disk is no reason to stop."""
        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._write(self._folder / f"{key}{_SUFFIX}", bank.to_arrays())
            self._forget_old()
        except OSError as error:
            logger.warning("the memory bank is not kept: %s", error.strerror or error)

    def _write(self, target: Path, arrays: dict[str, NDArray[np.float32]]) -> None:
        body = io.BytesIO()
        np.savez(body, **arrays)  # type: ignore[arg-type]
        content = body.getvalue()
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", suffix=_SUFFIX, delete=False) as stream:
            try:
                stream.write(hashlib.sha256(content).digest())
                stream.write(content)
                stream.flush()
                Path(stream.name).replace(target)
            except OSError:
                with contextlib.suppress(OSError):
                    Path(stream.name).unlink()
                raise

    def _forget_old(self) -> None:
        assert self._folder is not None
        kept = sorted(self._folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in kept[MOST_BANKS:]:
            path.unlink(missing_ok=True)
