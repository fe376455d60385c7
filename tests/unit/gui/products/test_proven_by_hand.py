"""Real products with real bad parts, in the window of a real X server."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DEV = Path(__file__).resolve().parents[5] / "shared" / "data" / "dev"


@pytest.mark.x11
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="a real window needs an X server; there is no Xvfb here")
@pytest.mark.skipif(not DEV.is_dir(), reason="the real pictures are not on this machine")
def test_cookie_and_screws_with_three_bad_parts_each(printed_on_a_real_server: Callable[[str, float], str]) -> None:
    printed = printed_on_a_real_server(str(HERE / "by_hand_prove.py"), 240.0)
    assert "2 passed" in printed
