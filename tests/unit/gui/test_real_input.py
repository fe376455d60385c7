"""The rules for keys and the wheel, with keys that a real X server repeats and a wheel that it turns."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

BY_HAND = Path(__file__).with_name("by_hand.py")
NEEDED = ("Xvfb", "xdotool")


@pytest.mark.x11
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason="Xvfb or xdotool is not installed (make system-test)")
def test_held_keys_and_the_wheel_in_a_window_on_a_real_x_server(
    printed_on_a_real_server: Callable[[str, float], str],
) -> None:
    assert "3 passed" in printed_on_a_real_server(str(BY_HAND), 550)
