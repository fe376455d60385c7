"""The rules for keys and the wheel, with keys that a real X server repeats and a wheel that it turns."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BY_HAND = Path(__file__).with_name("by_hand.py")
NEEDED = ("Xvfb", "xdotool")


@pytest.mark.x11
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason="Xvfb or xdotool is not installed (make system-test)")
def test_held_keys_and_the_wheel_in_a_window_on_a_real_x_server() -> None:
    reading, writing = os.pipe()
    server = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(server, pass_fds=[writing], stderr=subprocess.DEVNULL) as display:
        os.close(writing)
        with os.fdopen(reading) as stream:
            number = stream.readline().strip()
        kept = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--headed", "-p", "no:cacheprovider", str(BY_HAND)],
            cwd=ROOT,
            env=kept | {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"},
            capture_output=True,
            text=True,
            check=False,
            timeout=550,
        )
        display.terminate()
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
