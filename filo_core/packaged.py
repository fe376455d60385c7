"""Whether this is the installed program or a copy of its source, and what it starts of itself in either case.

The installed program (``make package``) is frozen: it holds an interpreter and no Python to start, so that
``sys.executable -m module`` would be the program itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = "filo-inspector"
"""What the installed program is called; from source it is ``main.py``."""
DECODE = "--decode-pictures"
"""The installed program that is started with it is a decoder's process, which ``main.py`` sees to."""
_DECODER_MODULE = "filo_core.imaging.decoder_process"


def is_packaged() -> bool:
    """True in the installed program."""
    return bool(getattr(sys, "frozen", False))


def decoder_command(*arguments: str) -> list[str]:
    """What starts a decoder's process."""
    if is_packaged():
        return [sys.executable, DECODE, *arguments]
    # -P: no module is taken from the folder that somebody happens to stand in.
    return [sys.executable, "-P", "-m", _DECODER_MODULE, *arguments]


def as_called(sentence: str) -> str:
    """A sentence that names commands, with the name by which they are called here."""
    return sentence.replace("main.py ", f"{COMMAND} ") if is_packaged() else sentence


@contextmanager
def without_own_libraries() -> Iterator[None]:
    """Let a program of the system be started: with the libraries of the installed program it might not run."""
    variable = "LD_LIBRARY_PATH"
    own = os.environ.get(variable)
    if not is_packaged() or own is None:
        yield
        return
    try:
        # What starts the installed program keeps here what there was before.
        if before := os.environ.get(f"{variable}_ORIG"):
            os.environ[variable] = before
        else:
            del os.environ[variable]
        yield
    finally:
        os.environ[variable] = own


def share() -> Path:
    """Folder beside the packages for what set-up prepares and what the package brings; may not be there."""
    return Path(sys.prefix) / "share" / "filo-inspector"
