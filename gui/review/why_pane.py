"""Why a place stands out: beside the picture, its crop over that of the nearest good part, at the same zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from filo_core.events import NearestFound, ReasonsFound
from filo_core.types import Box, InspectionRecord
from gui.canvas.pictures import to_qimage
from gui.review.comparison import Comparison
from gui.review.reasons_wording import reasons_in_words
from gui.theme import current_theme
from gui.widgets.controls import ElidedLabel, plain_label
from gui.wording import number

if TYPE_CHECKING:
    from gui.state import AppState

_CROP_PX = 120


class CropView(QWidget):
    """A square picture with a frame around the patch."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: QImage | None = None
        self._patch = QRectF()
        self.partner: CropView | None = None
        """Shown at the same zoom."""
        self.setMinimumSize(QSize(_CROP_PX, _CROP_PX))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def picture(self) -> QImage | None:
        """The crop shown; None while there is none."""
        return self._picture

    def set_crop(self, picture: QImage | None, patch: Box | None = None) -> None:
        """Show a crop with its patch framed, or nothing."""
        self._picture = picture
        self._patch = QRectF(patch.x, patch.y, patch.width, patch.height) if patch else QRectF()
        self.update()

    @property
    def zoom(self) -> float:
        """Pixels of the view a pixel of the picture: as large as both crops of a pair fit; 1 without a picture."""
        pair = (self,) if self.partner is None else (self, self.partner)
        return min(one.fitting_zoom for one in pair)

    @property
    def fitting_zoom(self) -> float:
        """The zoom that this crop alone would have."""
        picture = self._picture
        if picture is None:
            return 1.0
        return min(self.width() / picture.width(), self.height() / picture.height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(current_theme().picture_ground))
        if self._picture is None:
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        scale = self.zoom
        shown = QRectF(0, 0, scale * self._picture.width(), scale * self._picture.height())
        shown.moveCenter(QRectF(self.rect()).center())
        painter.drawImage(shown, self._picture)
        patch = self._patch
        frame = QRectF(
            shown.left() + scale * patch.x(), shown.top() + scale * patch.y(),
            scale * patch.width(), scale * patch.height(),
        )  # fmt: skip
        # Dark under light: seen on any part.
        for colour, width in (("#000000", 4), ("#ffffff", 2)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawRect(frame)


class WhyPane(QWidget):
    """Compares as long as it is shown: the chosen region, else the strongest one."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.comparison = Comparison(state, self)
        self._record: InspectionRecord | None = None
        self._region = 0
        self.part, self.good = CropView(self), CropView(self)
        self.part.partner, self.good.partner = self.good, self.part
        self._part_name = ElidedLabel(parent=self)
        self._good_name = ElidedLabel(parent=self)
        self.sentence = plain_label("", "hint")
        self.reasons = plain_label("", "hint")
        self.reasons.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 4)
        layout.setSpacing(4)
        crops = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        crops.setSpacing(4)
        for view, name in ((self.part, self._part_name), (self.good, self._good_name)):
            column = QVBoxLayout()
            column.setSpacing(4)
            column.addWidget(view, 1)
            column.addWidget(name)
            crops.addLayout(column, 1)
        self._crops = crops
        layout.addLayout(crops, 1)
        layout.addWidget(self.sentence)
        layout.addWidget(self.reasons)
        self.comparison.asked.connect(lambda: self._say(self.tr("Looking for the nearest good part …")))
        self.comparison.found.connect(self._on_found)
        self.comparison.reasons_found.connect(self._on_reasons_found)
        self.comparison.failed.connect(self._say)
        self.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        upright = self.height() > self.width()
        self._crops.setDirection(QBoxLayout.Direction.TopToBottom if upright else QBoxLayout.Direction.LeftToRight)

    def set_record(self, record: InspectionRecord | None) -> None:
        """The inspection that is looked at; compared at once while the pane is shown."""
        changed = record is None or self._record is None or record.inspection_id != self._record.inspection_id
        self._record = record
        if changed:
            self._region = 0
            self._compare()

    @Slot(int)
    def set_region(self, region: int) -> None:
        """Compare another region of it."""
        if region >= 0 and region != self._region:
            self._region = region
            self._compare()

    @Slot(bool)
    def set_open(self, shown: bool) -> None:
        """Show the pane and compare, or close it."""
        self.setVisible(shown)
        if shown:
            self._compare()
        else:
            self.comparison.forget()

    def close_down(self) -> None:
        """Expect nothing any more."""
        self.comparison.close()

    @Slot(object)
    def _on_reasons_found(self, found: ReasonsFound) -> None:
        self.reasons.setText("\n".join(reasons_in_words(found)))
        self.reasons.setAccessibleName(self.reasons.text())
        self.reasons.show()

    def _compare(self) -> None:
        self.reasons.hide()
        if self.isHidden():
            return
        if self._record is None:
            self.comparison.forget()
            self._say("")
        else:
            self.comparison.want(self._record, self._region)

    @Slot(str)
    def _say(self, sentence: str) -> None:
        self.part.set_crop(None)
        self.good.set_crop(None)
        self._part_name.set_full_text("")
        self._good_name.set_full_text("")
        self.sentence.setText(sentence)
        self.setAccessibleName(sentence)

    @Slot(object)
    def _on_found(self, found: NearestFound) -> None:
        self.part.set_crop(to_qimage(found.part_crop), found.part_patch)
        self.good.set_crop(to_qimage(found.reference_crop), found.reference_patch)
        self._part_name.set_full_text(self.tr("this part"))
        self._good_name.set_full_text(found.reference_name)
        text = self.tr(
            "Framed: the place that stands out most, and the nearest place of all good parts, in %1. "
            "Distance %2: 0 is the same, 1 has nothing in common."
        )
        text = text.replace("%1", found.reference_name).replace("%2", number(found.distance, 2))
        self.sentence.setText(text)
        self.setAccessibleName(text)
        for view, name in ((self.part, self.tr("this part")), (self.good, found.reference_name)):
            view.setAccessibleName(name)
