"""Choosing picture files: thumbnails, rows a finger can hit, beginning where one was last, else among the pictures."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QCoreApplication,
    QIdentityProxyModel,
    QModelIndex,
    QPersistentModelIndex,
    QSettings,
    QSize,
    QStandardPaths,
    Qt,
)
from PySide6.QtGui import QIcon, QImageReader, QPixmap
from PySide6.QtWidgets import QFileDialog, QFileSystemModel, QListView, QTreeView, QWidget

from filo_core.imaging import IMAGE_SUFFIXES

if TYPE_CHECKING:
    from gui.state import AppState

THUMBNAIL_PX = 64
_KEPT = 400
_KEY = "pictures/folder"
_LARGEST_BYTES = 40 << 20
"""Files beyond this keep their usual icon: making them small would hold up the window."""


class ThumbnailModel(QIdentityProxyModel):
    """A folder's files with a small picture in front of each that is one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons: OrderedDict[str, QIcon | None] = OrderedDict()

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            icon = self._icon_of(Path(str(super().data(index, QFileSystemModel.Roles.FilePathRole))))
            if icon is not None:
                return icon
        return super().data(index, role)

    def _icon_of(self, path: Path) -> QIcon | None:
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            return None
        key = str(path)
        if key not in self._icons:
            self._icons[key] = _thumbnail(path)
            if len(self._icons) > _KEPT:
                self._icons.popitem(last=False)
        return self._icons[key]


def _thumbnail(path: Path) -> QIcon | None:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            return None
    except OSError:
        return None
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid():
        reader.setScaledSize(size.scaled(THUMBNAIL_PX, THUMBNAIL_PX, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    return None if image.isNull() else QIcon(QPixmap.fromImage(image))


def remembered(state: AppState) -> QSettings:
    """Where the window keeps what is of no consequence."""
    return QSettings(str(state.settings.home / "window.ini"), QSettings.Format.IniFormat)


def first_folder(state: AppState) -> str:
    """Where pictures were chosen last, while it is there; else where pictures usually lie."""
    last = str(remembered(state).value(_KEY, ""))
    if last and Path(last).is_dir():
        return last
    usual = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return usual if Path(usual).is_dir() else str(Path.home())


def remember_folder(state: AppState, folder: Path) -> None:
    """Begin there the next time."""
    remembered(state).setValue(_KEY, str(folder))


def picture_dialog(state: AppState, title: str, parent: QWidget) -> QFileDialog:
    """The dialog of :func:`pick_images`, ready to be shown."""
    dialog = QFileDialog(parent, title, first_folder(state))
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    patterns = " ".join(f"*{suffix}" for suffix in sorted(IMAGE_SUFFIXES))
    dialog.setNameFilter(QCoreApplication.translate("Picking", "Images (%1)").replace("%1", patterns))
    dialog.setProxyModel(ThumbnailModel(dialog))
    dialog.setViewMode(QFileDialog.ViewMode.List)
    for view in (*dialog.findChildren(QListView), *dialog.findChildren(QTreeView)):
        if view.objectName() in {"listView", "treeView"}:
            view.setIconSize(QSize(THUMBNAIL_PX, THUMBNAIL_PX))
    dialog.resize(980, 640)
    return dialog


def pick_images(state: AppState, title: str, parent: QWidget) -> list[Path]:
    """Picture files that a person chooses; none where they think better of it."""
    dialog = picture_dialog(state, title, parent)
    chosen = [Path(name) for name in dialog.selectedFiles()] if dialog.exec() else []
    dialog.deleteLater()
    if chosen:
        remember_folder(state, chosen[0].parent)
    return chosen


def pick_folder(state: AppState, title: str, parent: QWidget, start: str = "") -> str:
    """A folder that a person chooses, beginning at ``start`` or where pictures were chosen last; empty for none."""
    chosen = QFileDialog.getExistingDirectory(parent, title, start or first_folder(state))
    if chosen:
        remember_folder(state, Path(chosen))
    return chosen
