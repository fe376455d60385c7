"""The real window on a real X server: cold start, folder, live and review, driven by mouse and keyboard."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.conftest import ROOT, environment
from tools.stream_rig import FFMPEG

SCREENS = (
    "products-empty", "wizard-1-describe", "wizard-2-references", "wizard-3-never-shown", "wizard-3-prove",
    "products", "folder", "live", "review", "statistics",
    "statistics-limits", "settings", "settings-users", "settings-outputs",
    *(("live-camera-lost", "live-camera-back") if FFMPEG else ()),
)  # fmt: skip


@pytest.mark.x11
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed (make system-test)")
def test_a_new_product_goes_from_its_name_to_reviewed_verdicts_in_a_real_window(tmp_path: Path) -> None:
    out = tmp_path / "screens"
    # A screen of its own: what the user has open must not be driven, nor the offscreen platform be used.
    env = {k: v for k, v in environment(tmp_path / "home").items() if k not in ("DISPLAY", "QT_QPA_PLATFORM")}
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "screenshots.py"), str(out), "--light-only"],
        env=env,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["platform"] == "xcb"
    assert seen["seconds_to_window"] < 3.0
    # From the empty record, with the shipped profile: the promise of the cold start.
    assert seen["seconds_to_recipe"] < seen["seconds_to_verdict"] < 120.0
    assert sum(seen["folder"].values()) == 26
    assert seen["live"] >= 3
    assert not FFMPEG or seen["camera_loss_shown_s"] < 1.0
    assert seen["reviewed"] == 1
    assert seen["statistics"] > 400
    for name in SCREENS:
        with Image.open(out / f"{name}.png") as picture:
            assert picture.width >= 1100
            # A window that was never painted is of one colour.
            assert len(picture.convert("RGB").getcolors(maxcolors=10_000_000) or ()) > 20, name
    assert os.environ.get("QT_QPA_PLATFORM") == "offscreen"
