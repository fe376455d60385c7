"""The data folder belongs to one account: nobody else of the machine reads or writes anything in it."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

FOLDER, FILE = 0o700, 0o600
MASK = 0o077
"""What no file or folder that this program makes gives to others."""

logger = logging.getLogger(__name__)


def keep_private() -> None:
    """From now on what this process and those that it starts make is for this account only."""
    os.umask(MASK)


def make_private(home: Path) -> None:
    """Take from others what an older program, or a person, let them have of the folder; made where there is none.

    A folder that was open is gone through as a whole, once; of one that was not, what lies in it directly.
    """
    if os.name == "nt":
        # Windows keeps a user's data folder from others by its own lists.
        return
    try:
        home.mkdir(parents=True, exist_ok=True, mode=FOLDER)
        was_open = bool(stat.S_IMODE(home.stat().st_mode) & MASK)
        for path in _below(home) if was_open else home.iterdir():
            _close(path)
        # Last: where this is interrupted, the next start goes through it again.
        _close(home)
    except OSError as error:
        # Whoever opens a file in it says why it cannot be used; a folder of another account is that one's to close.
        logger.warning("%s cannot be kept from others: %s", home, error.strerror or error)


def _below(home: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(home):
        yield from (Path(folder) / name for name in (*folders, *files))


def _close(path: Path) -> None:
    found = path.lstat()
    if stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode):
        mode = stat.S_IMODE(found.st_mode)
        # Its owner keeps what they have, such as the right to run it, or none to write it.
        if mode & MASK:
            path.chmod(mode & ~MASK)
