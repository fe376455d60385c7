"""Shows a folder in the system's file manager."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from filo_core.packaged import without_own_libraries


def show_folder(folder: Path) -> None:
    """Open a folder where the system shows folders."""
    with without_own_libraries():
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
