"""Pictures are chosen from thumbnails, beginning where one was last."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QStandardPaths, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFileDialog, QFileSystemModel, QListView, QWidget
from pytestqt.qtbot import QtBot

from gui.picking import THUMBNAIL_PX, ThumbnailModel, first_folder, picture_dialog, remember_folder
from gui.state import AppState
from tests.unit.gui.conftest import picture


def test_it_begins_among_the_pictures_and_then_where_one_was_last(state: AppState, tmp_path: Path) -> None:
    usual = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation))
    assert Path(first_folder(state)) in {usual, Path.home()}
    (tmp_path / "parts").mkdir()
    remember_folder(state, tmp_path / "parts")
    assert first_folder(state) == str(tmp_path / "parts")
    (tmp_path / "parts").rmdir()
    assert Path(first_folder(state)) in {usual, Path.home()}


def test_pictures_have_thumbnails_and_other_files_their_usual_icon(qtbot: QtBot, tmp_path: Path) -> None:
    picture(200).save(tmp_path / "red.png")
    (tmp_path / "torn.png").write_bytes(b"no picture")
    (tmp_path / "note.txt").write_text("hello")
    files, shown = QFileSystemModel(), ThumbnailModel()
    shown.setSourceModel(files)
    files.setRootPath(str(tmp_path))
    root = shown.mapFromSource(files.index(str(tmp_path)))
    qtbot.waitUntil(lambda: shown.rowCount(root) == 3, timeout=5000)

    def icon(name: str) -> QIcon:
        found = next(shown.index(row, 0, root) for row in range(3) if shown.index(row, 0, root).data() == name)
        assert isinstance(found, QModelIndex)
        made = found.data(Qt.ItemDataRole.DecorationRole)
        assert isinstance(made, QIcon)
        return made

    colour = icon("red.png").pixmap(THUMBNAIL_PX).toImage().pixelColor(10, 10)
    assert colour.red() > 150 > colour.green()
    for name in ("torn.png", "note.txt"):
        icon(name)
    assert {Path(name).name: made is not None for name, made in shown._icons.items()} == {
        "red.png": True,
        "torn.png": False,
    }


def test_the_dialog_is_ours_takes_several_and_has_rows_a_finger_hits(
    qtbot: QtBot, state: AppState, tmp_path: Path
) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    remember_folder(state, tmp_path)
    dialog = picture_dialog(state, "Pictures", parent)
    assert dialog.testOption(QFileDialog.Option.DontUseNativeDialog)
    assert dialog.fileMode() is QFileDialog.FileMode.ExistingFiles
    assert Path(dialog.directory().absolutePath()) == tmp_path
    view = dialog.findChild(QListView, "listView")
    assert view is not None
    assert view.iconSize().height() >= 44
    dialog.deleteLater()
