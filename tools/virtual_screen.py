"""A screen that nobody sees: an X server of its own, for a real window in tests and pictures."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def virtual_screen(size: str = "1600x1000") -> Iterator[dict[str, str]]:
    """The variables that lead a program to a new screen of ``size``, as long as it is there.

    Raises:
        FileNotFoundError: if Xvfb is not installed.
    """
    reading, writing = os.pipe()
    server = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    with subprocess.Popen(server, pass_fds=[writing], stderr=subprocess.DEVNULL) as display:
        os.close(writing)
        with os.fdopen(reading) as stream:
            number = stream.readline().strip()
        try:
            yield {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
        finally:
            display.terminate()
