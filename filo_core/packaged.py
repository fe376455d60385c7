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
_OWN_LIBRARIES = ("LD_LIBRARY_PATH", "QT_PLUGIN_PATH", "QML2_IMPORT_PATH")
"""Variables that lead to its libraries: for the loader, and for Qt, which most file managers are made with as well."""


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
    own = {name: os.environ[name] for name in _OWN_LIBRARIES if name in os.environ} if is_packaged() else {}
    try:
        for name in own:
            # What starts the installed program keeps some as they were before; the others were never meant for others.
            if before := os.environ.get(f"{name}_ORIG"):
                os.environ[name] = before
            else:
                del os.environ[name]
        yield
    finally:
        os.environ.update(own)


def share() -> Path:
    """Folder beside the packages for what set-up prepares and what the package brings; may not be there."""
    return Path(sys.prefix) / "share" / "filo-inspector"
