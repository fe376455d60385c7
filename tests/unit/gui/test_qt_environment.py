from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gui.qt_environment import display_problem, prepare_qt_environment

CV2_PLUGINS = str(Path("site-packages") / "cv2" / "qt" / "plugins")


def test_the_plugins_of_opencv_are_taken_out_of_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM_PLUGIN_PATH", CV2_PLUGINS)
    monkeypatch.setenv("QT_QPA_FONTDIR", str(Path("site-packages") / "cv2" / "qt" / "fonts"))
    prepare_qt_environment()
    assert "QT_QPA_PLATFORM_PLUGIN_PATH" not in os.environ
    assert "QT_QPA_FONTDIR" not in os.environ


def test_plugins_the_user_points_to_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM_PLUGIN_PATH", str(Path("opt") / "qt" / "plugins"))
    prepare_qt_environment()
    assert os.environ["QT_QPA_PLATFORM_PLUGIN_PATH"] == str(Path("opt") / "qt" / "plugins")


def test_a_window_opens_after_opencv_was_imported_first() -> None:
    program = (
        "import os, cv2\n"
        f"os.environ['QT_QPA_PLATFORM_PLUGIN_PATH'] = {CV2_PLUGINS!r}\n"
        "from gui.qt_environment import prepare_qt_environment\n"
        "prepare_qt_environment()\n"
        "from PySide6.QtWidgets import QApplication\n"
        "print(QApplication([]).platformName())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "offscreen"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a screen")
def test_without_a_screen_a_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert "main.py inspect" in display_problem()
    monkeypatch.setenv("DISPLAY", ":0")
    assert display_problem() == ""
