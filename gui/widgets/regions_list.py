"""The regions of one image as a list: number, type, position, and how strong."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from filo_core.types import Region
from gui.theme import TOUCH_PX
from gui.wording import percentage


class RegionsList(QListWidget):
    """Strongest as the inspection ordered them; choosing one marks it in the picture."""

    region_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._regions: tuple[Region, ...] = ()
        self.setAccessibleName(self.tr("Regions"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setUniformItemSizes(True)
        self.currentRowChanged.connect(self._on_current_row_changed)
        self.set_regions((), self.tr("Nothing to show yet."))

    def set_regions(self, regions: Sequence[Region], empty_text: str = "") -> None:
        """List ``regions``; ``empty_text`` stands there when there are none."""
        if tuple(regions) == self._regions and regions:
            return
        self._regions = tuple(regions)
        self.blockSignals(True)
        self.clear()
        for number, region in enumerate(self._regions, start=1):
            strength = percentage(round(region.score, 2))
            text = f"{number}   {region.anomaly_type} – {region.position.value}   {strength}"
            tip = self.tr("%1 × %2 px at (%3, %4)")
            for place, value in enumerate((region.box.width, region.box.height, region.box.x, region.box.y), start=1):
                tip = tip.replace(f"%{place}", str(value))
            self._add(text, tip, selectable=True)
        if not self._regions:
            self._add(empty_text or self.tr("No region stands out."), "", selectable=False)
        self.setCurrentRow(-1)
        self.blockSignals(False)

    def choose(self, index: int) -> None:
        """Mark a row without telling anybody; -1 for none."""
        self.blockSignals(True)
        self.setCurrentRow(index if 0 <= index < len(self._regions) else -1)
        self.blockSignals(False)

    def sizeHint(self) -> QSize:
        return QSize(300, 4 * TOUCH_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 2 * TOUCH_PX)

    def _add(self, text: str, tip: str, *, selectable: bool) -> None:
        item = QListWidgetItem(text)
        item.setToolTip(tip)
        item.setSizeHint(QSize(0, TOUCH_PX))
        item.setFlags(
            Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable if selectable else Qt.ItemFlag.NoItemFlags
        )
        self.addItem(item)

    def _on_current_row_changed(self, row: int) -> None:
        if self._regions:
            self.region_chosen.emit(row)
