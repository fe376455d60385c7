"""The regions of one image as a list: number, type with its share, position; what else it may be on hover."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from filo_core.types import Region
from gui.theme import TOUCH_PX
from gui.wording import number as decimal
from gui.wording import position_name, region_called, shares_text


class RegionsList(QListWidget):
    """Strongest as the inspection ordered them; choosing one marks it in the picture."""

    region_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._regions: tuple[Region, ...] = ()
        self._named: tuple[str, ...] = ()
        self.setAccessibleName(self.tr("Regions"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setUniformItemSizes(True)
        self.currentRowChanged.connect(self._on_current_row_changed)
        self.set_regions((), self.tr("Nothing to show yet."))

    def set_regions(self, regions: Sequence[Region], empty_text: str = "", named: Sequence[str] = ()) -> None:
        """List ``regions``; ``empty_text`` stands there when there are none.

        Args:
            regions: of one image, in their order.
            empty_text: a sentence of why there are none.
            named: what people called each of them; empty where nobody did.
        """
        if (tuple(regions), tuple(named)) == (self._regions, self._named) and regions:
            return
        self._regions, self._named = tuple(regions), tuple(named)
        self.blockSignals(True)
        self.clear()
        for number, region in enumerate(self._regions, start=1):
            name = self._named[number - 1] if number <= len(self._named) else ""
            # A person's word has no share.
            shown = name or region_called(region)
            self._add(
                f"{number}   {shown} – {position_name(region.position)}", self._tip(region, name), selectable=True
            )
        if not self._regions:
            self._add(empty_text or self.tr("No region stands out."), "", selectable=False)
        self.setCurrentRow(-1)
        self.blockSignals(False)

    def _tip(self, region: Region, name: str) -> str:
        """What it may be with shares, how high the map is there, and where: a line each."""
        box = region.box
        place = self.tr("%1 × %2 px at (%3, %4)")
        for number, value in enumerate((box.width, box.height, box.x, box.y), start=1):
            place = place.replace(f"%{number}", str(value))
        found = shares_text(region.type_shares) or region_called(region)
        lines = [self.tr("Named by a person; the program says %1").replace("%1", found) if name else found]
        return "\n".join([*lines, self.tr("peak of the map %1").replace("%1", decimal(region.score, 2)), place])

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
