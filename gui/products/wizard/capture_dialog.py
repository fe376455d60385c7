"""Takes pictures of parts with a camera, or with a folder played as one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QThreadPool, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from filo_core.errors import SourceError
from filo_core.line.sources.base import Frame, SourceState
from gui.canvas.image_view import ImageView
from gui.canvas.pictures import PictureContent
from gui.sources.choice import make_source
from gui.sources.source_bar import SourceBar
from gui.theme import SPACE
from gui.translation import in_language
from gui.widgets.controls import button, plain_label
from gui.widgets.icons import icon
from gui.widgets.message_fold import MessageFold

if TYPE_CHECKING:
    from filo_core.line.sources.base import ImageSource

_LOOK_EVERY_MS = 66


def picture_name(source: str, taken_at: datetime) -> str:
    """File name of a picture that was taken: where and when."""
    return f"{source} {taken_at:%Y-%m-%d %H-%M-%S}.{taken_at.microsecond // 1000:03d}.png"


class CaptureDialog(QDialog):
    """Live picture and one large button."""

    picture_taken = Signal(object, str)
    """A :class:`Frame` and the name for its file."""

    def __init__(self, product: str, parent: QWidget | None = None, *, bad: bool = False) -> None:
        super().__init__(parent)
        title = self.tr("Pictures of bad parts: %1") if bad else self.tr("Pictures of good parts: %1")
        self.setWindowTitle(title.replace("%1", product))
        self.resize(980, 680)
        self._source: ImageSource | None = None
        self._frame: Frame | None = None
        self._taken = 0
        self.source_bar = SourceBar(self)
        self.start_button = button(self.tr("&Start"), "play")
        self.message = MessageFold(self, closable=False)
        self.view = ImageView(self)
        self.take_button = button(self.tr("Take this &picture"), "image", primary=True, tip=self.tr("Key: Space"))
        self.take_button.setShortcut(QKeySequence(Qt.Key.Key_Space))
        self._count = plain_label(wrap=False)
        self.close_button = button(self.tr("&Done"), "check")
        self._looking = QTimer(self)
        self._looking.setInterval(_LOOK_EVERY_MS)
        self._lay_out()
        self._connect()
        self.source_bar.search_once()
        self._show_state()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE)
        top.addWidget(self.source_bar, 1)
        top.addWidget(self.start_button, 0, Qt.AlignmentFlag.AlignBottom)
        bottom = QHBoxLayout()
        bottom.setSpacing(SPACE)
        bottom.addWidget(self.take_button)
        bottom.addWidget(self._count, 1)
        bottom.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        layout.addLayout(top)
        layout.addWidget(self.message)
        layout.addWidget(self.view, 1)
        layout.addLayout(bottom)

    def _connect(self) -> None:
        self.start_button.clicked.connect(self._on_start_clicked)
        self.take_button.clicked.connect(self.take)
        self.close_button.clicked.connect(self.accept)
        self._looking.timeout.connect(self._on_look)
        self.finished.connect(self.close_down)

    # The source ------------------------------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """True while a source is shown."""
        return self._source is not None

    @Slot()
    def _on_start_clicked(self) -> None:
        if self.is_running:
            self.stop()
        else:
            self.start()

    def start(self) -> None:
        """Show the pictures of the chosen source."""
        try:
            source = make_source(self.source_bar.choice)
        except SourceError as error:
            self.message.show_error(in_language(str(error)))
            return
        self.message.clear()
        self._source = source
        source.start()
        self.source_bar.set_running(source.name)
        self._looking.start()
        self._show_state()

    def stop(self) -> None:
        """Let go of the source. A camera may take its time, so that happens on the pool."""
        self._looking.stop()
        source, self._source, self._frame = self._source, None, None
        if source is not None:
            # The window waits for this pool before it closes for good.
            QThreadPool.globalInstance().start(source.stop)
            self.source_bar.set_running("")
        self.message.clear()
        self._show_state()

    @Slot()
    def close_down(self) -> None:
        """Let go of the source; the dialog is not shown again."""
        self.stop()
        self.source_bar.close_down()

    # Pictures --------------------------------------------------------------------------------------------------

    @Slot()
    def _on_look(self) -> None:
        if self._source is None:
            return
        frame = self._source.newest()
        if frame is not None:
            self._frame = frame
            self.view.show_content(PictureContent(frame.pixels))
        self._show_state()

    @Slot()
    def take(self) -> None:
        """Hand on the picture that is shown."""
        if self._frame is None or self._source is None:
            return
        self._taken += 1
        self.picture_taken.emit(self._frame, picture_name(self._source.name, self._frame.captured_at.astimezone()))
        # The same frame taken twice would only be told as a duplicate.
        self._frame = None
        self._show_state()

    def _show_state(self) -> None:
        running = self.is_running
        self.take_button.setEnabled(self._frame is not None)
        self.start_button.setText(self.tr("&Stop") if running else self.tr("&Start"))
        self.start_button.setIcon(icon("stop" if running else "play"))
        self.start_button.setAccessibleName(self.start_button.text().replace("&", ""))
        self._count.setText(self.tr("Taken: %1").replace("%1", str(self._taken)) if self._taken else "")
        if self._source is None:
            self.view.clear(self.tr("Choose where the pictures come from, then press Start."))
            return
        match self._source.state:
            case SourceState.OPENING:
                self.message.show_note(self.tr("Opening %1 …").replace("%1", self._source.name))
            case SourceState.LOST:
                self.message.show_warning(in_language(self._source.problem))
            case SourceState.STOPPED:
                self.message.show_note(self.tr("%1 has finished.").replace("%1", self._source.name))
            case SourceState.RUNNING if self.message.sentence:
                self.message.clear()
