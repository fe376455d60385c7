"""The program's icon as files, drawn as the window draws it."""

from __future__ import annotations

import os
from pathlib import Path

from filo_core.packaged import COMMAND


def write_icon(path: Path, size: int) -> None:
    """Write the icon as a PNG of ``size`` × ``size`` pixels."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from gui.app_icon import app_picture

    _application = QApplication.instance() or QApplication([])
    path.parent.mkdir(parents=True, exist_ok=True)
    assert app_picture(size).save(str(path)), path


def write_theme(root: Path) -> None:
    """Every size into the folders of the icon theme below ``root``."""
    from gui.app_icon import SIZES

    for size in SIZES:
        write_icon(root / "hicolor" / f"{size}x{size}" / "apps" / f"{COMMAND}.png", size)
