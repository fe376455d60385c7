"""Chooses what is looked at: a camera, a folder played as one, a stream or a video file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from filo_core.imaging import printable_name
from gui.background import Background
from gui.sources.choice import SourceChoice, SourceKind, find_cameras
from gui.widgets.controls import ElidedLabel, button, captioned, icon_button

_KINDS = (SourceKind.CAMERA, SourceKind.FOLDER, SourceKind.ADDRESS)


class SourceBar(QWidget):
    """``choice`` is what the operator wants; while a source runs, only its name is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = Background()
        self.destroyed.connect(self._background.close)
        self._searched = False
        self._wanted_camera = ""
        self._kind = QComboBox(self)
        for text in (self.tr("Camera"), self.tr("Folder as camera"), self.tr("Stream or video")):
            self._kind.addItem(text)
        self._kind.setAccessibleName(self.tr("Kind of source"))
        self._details = QStackedWidget(self)
        self._details.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for page in (self._camera_page(), self._folder_page(), self._address_page(), self._running_page()):
            self._details.addWidget(page)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(captioned(self.tr("Source"), self._kind))
        layout.addWidget(self._details, 1)
        self._kind.currentIndexChanged.connect(self._details.setCurrentIndex)

    def _camera_page(self) -> QWidget:
        self._cameras = QComboBox(self)
        self._cameras.setAccessibleName(self.tr("Camera"))
        self._search = icon_button(self.tr("Search for cameras again"), "refresh")
        self._search.clicked.connect(self.search_cameras)
        return _line(captioned(self.tr("Camera"), self._cameras), self._search)

    def _folder_page(self) -> QWidget:
        self._folder = QLineEdit(self)
        self._folder.setAccessibleName(self.tr("Folder to play"))
        self._folder.setPlaceholderText(self.tr("Choose a folder with images"))
        self._browse = button(self.tr("Choose…"), "folder", tip=self.tr("Choose the folder to play as a camera"))
        self._browse.clicked.connect(self._on_browse_clicked)
        self._pace = QDoubleSpinBox(self)
        self._pace.setRange(0.1, 60.0)
        self._pace.setValue(1.0)
        self._pace.setDecimals(1)
        self._pace.setSingleStep(0.1)
        self._pace.setSuffix(self.tr(" s"))
        self._pace.setAccessibleName(self.tr("Seconds for each image"))
        return _line(
            captioned(self.tr("Folder"), self._folder),
            self._browse,
            captioned(self.tr("Per image"), self._pace),
        )

    def _address_page(self) -> QWidget:
        self._address = QLineEdit(self)
        self._address.setAccessibleName(self.tr("Address of the stream, or path of the video file"))
        self._address.setPlaceholderText(self.tr("rtsp://… or the path of a video file"))
        self._browse_video = button(self.tr("Video…"), "folder", tip=self.tr("Choose a video file"))
        self._browse_video.clicked.connect(self._on_browse_video_clicked)
        return _line(captioned(self.tr("Address"), self._address), self._browse_video)

    def _running_page(self) -> QWidget:
        self._running = ElidedLabel(parent=self)
        self._running.setMinimumHeight(40)
        return _line(captioned(self.tr("Running"), self._running))

    @property
    def choice(self) -> SourceChoice:
        """What is chosen now."""
        kind = _KINDS[self._kind.currentIndex()]
        match kind:
            case SourceKind.CAMERA:
                number = self._cameras.currentData()
                return SourceChoice(kind, "" if number is None else str(number))
            case SourceKind.FOLDER:
                return SourceChoice(kind, self._folder.text(), self._pace.value())
            case SourceKind.ADDRESS:
                return SourceChoice(kind, self._address.text())

    def set_choice(self, choice: SourceChoice) -> None:
        """Show ``choice`` as chosen."""
        self._kind.setCurrentIndex(_KINDS.index(choice.kind))
        match choice.kind:
            case SourceKind.CAMERA:
                self._wanted_camera = choice.value
                self._choose_wanted_camera()
            case SourceKind.FOLDER:
                self._folder.setText(choice.value)
                self._pace.setValue(choice.seconds_per_image)
            case SourceKind.ADDRESS:
                self._address.setText(choice.value)

    def set_running(self, name: str) -> None:
        """Lock the choice and show ``name`` in its place (an address may hold a password); empty unlocks."""
        self._kind.setEnabled(not name)
        self._running.set_full_text(printable_name(name) if name else "")
        self._details.setCurrentIndex(len(_KINDS) if name else self._kind.currentIndex())

    def search_once(self) -> None:
        """Search for cameras the first time the screen is shown."""
        if not self._searched:
            self.search_cameras()

    def search_cameras(self) -> None:
        """Look for cameras away from the GUI thread."""
        self._searched = True
        self._search.setEnabled(False)
        self._cameras.clear()
        self._cameras.addItem(self.tr("Searching…"))
        self._background.run(find_cameras, self._on_cameras_found, lambda _: self._on_cameras_found([]))

    def close_down(self) -> None:
        """Expect no answer of a search any more."""
        self._background.close()

    def _on_cameras_found(self, numbers: list[int]) -> None:
        self._search.setEnabled(True)
        self._cameras.clear()
        for number in numbers:
            self._cameras.addItem(self.tr("Camera %1").replace("%1", str(number)), number)
        if not numbers:
            self._cameras.addItem(self.tr("No camera found"))
        self._choose_wanted_camera()

    def _choose_wanted_camera(self) -> None:
        found = self._cameras.findData(int(self._wanted_camera)) if self._wanted_camera.isdecimal() else -1
        if found >= 0:
            self._cameras.setCurrentIndex(found)

    def _on_browse_clicked(self) -> None:
        start = self._folder.text() or str(Path.home())
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Folder to play as a camera"), start)
        if chosen:
            self._folder.setText(chosen)

    def _on_browse_video_clicked(self) -> None:
        kinds = self.tr("Videos (*.mp4 *.avi *.mkv *.mov *.webm);;All files (*)")
        chosen, _ = QFileDialog.getOpenFileName(self, self.tr("Video to play"), str(Path.home()), kinds)
        if chosen:
            self._address.setText(chosen)


def _line(first: QWidget, *others: QWidget) -> QWidget:
    holder = QWidget()
    layout = QHBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8)
    layout.addWidget(first, 1)
    for other in others:
        bottom = QVBoxLayout()
        bottom.addStretch(1)
        bottom.addWidget(other)
        layout.addLayout(bottom)
    return holder
