"""What must hold in the process before the first window system connection is made."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from filo_core.packaged import as_called

_PLUGIN_PATH = "QT_QPA_PLATFORM_PLUGIN_PATH"
_FONT_PATH = "QT_QPA_FONTDIR"


def prepare_qt_environment() -> None:
    """Undo what opencv-python does on import: it points Qt to the Qt 5 plugins in its own package.

    With them PySide6 finds no platform and aborts the process. Qt reads the variables when the QApplication is made,
    so call this immediately before; an import of cv2 later on can do no harm any more.
    """
    for variable in (_PLUGIN_PATH, _FONT_PATH):
        if _is_opencv(os.environ.get(variable, "")):
            del os.environ[variable]


def display_problem() -> str:
    """Why no window can be opened, as a sentence; empty when one can."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return ""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return ""
    return as_called(
        "There is no screen to open a window on. Start the program in a desktop session, or use the command line: "
        "main.py inspect, main.py demo."
    )


def _is_opencv(value: str) -> bool:
    return any("cv2" in Path(part).parts for part in value.split(os.pathsep))
