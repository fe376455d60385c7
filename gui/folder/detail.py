"""One result in large: verdict, picture with heat map, regions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from filo_core.types import Region
from gui import wording
from gui.canvas.image_panel import ImagePanel
from gui.folder.result_detail import ResultDetail
from gui.folder.results_model import FolderResult
from gui.theme import TOUCH_PX
from gui.widgets.controls import ElidedLabel
from gui.widgets.regions_list import RegionsList
from gui.widgets.untrained_note import UntrainedNote
from gui.widgets.verdicts import VerdictChip

_MOST_ROWS = 3


class FolderDetail(QWidget):
    """Shows a row at once, and its picture when it is loaded."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chip = VerdictChip(parent=self)
        self.name = ElidedLabel(parent=self)
        self.score = ElidedLabel(parent=self)
        self.untrained = UntrainedNote(parent=self)
        self.picture = ImagePanel(self)
        self.regions = RegionsList(self)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.chip)
        head.addWidget(self.name, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self.score)
        layout.addWidget(self.untrained)
        layout.addWidget(self.picture, 1)
        layout.addWidget(self.regions)
        self.picture.region_chosen.connect(self.regions.choose)
        self.regions.region_chosen.connect(self._on_region_chosen)
        self.clear()

    def clear(self) -> None:
        """Show no result."""
        self.chip.set_verdict(None)
        self.name.set_full_text(self.tr("No result chosen"))
        self.score.set_full_text("")
        self.untrained.set_trained(None)
        self.picture.clear(self.tr("Choose a result in the list to see its picture."))
        self._list_regions((), self.tr("The regions of the chosen result appear here."))

    def show_row(self, row: FolderResult) -> None:
        """Say which result is coming."""
        self.chip.set_verdict(row.verdict)
        self.name.set_full_text(row.name)
        self._say_score(row)

    def show_detail(self, detail: ResultDetail) -> None:
        """Show the picture and what was found."""
        record = detail.record
        self.show_row(detail.row)
        if record is not None and record.image_score is not None:
            version = self.tr("recipe version %1").replace("%1", str(record.recipe_version))
            self._say_score(detail.row, f"  ·  {version}")
            self.chip.set_verdict(record.verdict)
        self.untrained.set_trained(detail.trained)
        if detail.content is None:
            self.picture.clear(detail.problem)
            self._list_regions((), self.tr("Not inspected."))
            return
        self.picture.show_content(detail.content)
        empty = detail.row.reason or self.tr("No region stands out.")
        self._list_regions(detail.content.regions, empty)

    def _list_regions(self, regions: Sequence[Region], empty_text: str) -> None:
        self.regions.set_regions(regions, empty_text)
        # The picture gets the room that a short list does not need.
        rows = min(max(len(regions), 1), _MOST_ROWS)
        self.regions.setFixedHeight(rows * TOUCH_PX + 2 * self.regions.frameWidth() + 2)

    def _say_score(self, row: FolderResult, more: str = "") -> None:
        self.score.set_full_text("" if row.score is None else wording.times_limit(row.score, row.limits) + more)
        self.score.setToolTip(wording.raw_score(row.score, row.limits))

    def _on_region_chosen(self, index: int) -> None:
        self.picture.choose_region(index)
