"""The views of a part above the pages that are each view's own: which one is set up now, one more, one less."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QTabBar, QWidget

from filo_core.types import View
from gui.widgets.controls import button, plain_label, set_shown


class ViewBar(QWidget):
    """A tab a view; says what is wished, and knows no catalogue."""

    view_chosen = Signal(str)
    add_requested = Signal()
    change_requested = Signal()
    remove_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._views: tuple[View, ...] = ()
        self.tabs = QTabBar(self)
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setAccessibleName(self.tr("Views of the part"))
        self._hint = plain_label(role="hint", wrap=False)
        self.add_button = button(
            self.tr("Add a view…"), "add", tip=self.tr("Look at each part in several pictures, judged together")
        )
        self.change_button = button(self.tr("Change view…"))
        self.remove_button = button(self.tr("Remove view"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.tabs)
        row.addWidget(self._hint)
        row.addStretch(1)
        for control in (self.add_button, self.change_button, self.remove_button):
            row.addWidget(control)
        self.tabs.currentChanged.connect(self._on_tab)
        self.add_button.clicked.connect(self.add_requested)
        self.change_button.clicked.connect(self.change_requested)
        self.remove_button.clicked.connect(self.remove_requested)

    @property
    def view(self) -> View | None:
        """The view that is set up now."""
        place = self.tabs.currentIndex()
        return self._views[place] if 0 <= place < len(self._views) else None

    def show_views(self, views: tuple[View, ...], chosen: str, *, may_add: bool) -> None:
        """Show these, one of them chosen; nothing at all where there is none and none may be added."""
        self._views = views
        self.tabs.blockSignals(True)
        while self.tabs.count():
            self.tabs.removeTab(0)
        for place, view in enumerate(views):
            self.tabs.addTab(view.name.replace("&", "&&"))
            self.tabs.setTabToolTip(place, self._tip(view))
            if view.name == chosen:
                self.tabs.setCurrentIndex(place)
        self.tabs.blockSignals(False)
        self._hint.setText("" if views else self.tr("Each part is looked at in one picture."))
        set_shown(self.tabs, bool(views))
        set_shown(self.add_button, may_add)
        for control in (self.change_button, self.remove_button):
            set_shown(control, bool(views))
        set_shown(self, bool(views) or may_add)

    def _tip(self, view: View) -> str:
        files = self.tr("Files end in %1").replace("%1", view.suffix) if view.suffix else self.tr("No files")
        camera = self.tr("camera: %1").replace("%1", view.source) if view.source else self.tr("no camera")
        return f"{files}, {camera}"

    @Slot(int)
    def _on_tab(self, place: int) -> None:
        if 0 <= place < len(self._views):
            self.view_chosen.emit(self._views[place].name)
