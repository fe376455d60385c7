"""The screen *Settings*: what the program works with, who may use it, where verdicts go, which models are here."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.settings.general_page import GeneralPage
from gui.settings.models_page import ModelsPage
from gui.settings.outputs_page import OutputsPage
from gui.settings.users_page import UsersPage
from gui.settings.wording import category_name
from gui.state import AppState
from gui.theme import SPACE, TOUCH_PX
from gui.widgets.controls import plain_label
from gui.widgets.empty_page import EmptyPage
from gui.widgets.keys import on_key
from workflows.settings.setting_kinds import SettingsPage

_LETTERS = 26
"""Width of the list of pages."""


class SettingsPanel(QWidget):
    """A page a subject, on the left. General settings are saved by a button; the others change at once."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.general = GeneralPage(state, self)
        self.users = UsersPage(state, self)
        self.outputs = OutputsPage(state, self)
        self.models = ModelsPage(state, self)
        self._nothing = EmptyPage("search", self.tr("No setting is called that."), self.tr("Show &all settings"))
        # What was installed can be chosen at once.
        self.models.presenter.installed.connect(self.general.reload_profiles)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search the settings"))
        self.search.setToolTip(self.tr("Search the settings (Ctrl+F)"))
        self.search.setClearButtonEnabled(True)
        self.pages = QListWidget(self)
        self.pages.setAccessibleName(self.tr("Pages of the settings"))
        high = max(TOUCH_PX, self.fontMetrics().height() + SPACE)
        self.pages.setStyleSheet(f"QListWidget::item {{ min-height: {high}px; padding: 0 8px; }}")
        self._shown = QStackedWidget(self)
        for page in (self.general, self.users, self.outputs, self.models, self._nothing):
            self._shown.addWidget(page)
        for category in SettingsPage:
            self._list(category_name(category), category)
        for title, page in (
            (self.tr("Users"), self.users),
            (self.tr("Outputs"), self.outputs),
            (self.tr("Models"), self.models),
        ):
            self._list(title, page)
        self._lay_out()
        self._connect()
        self.show_page(SettingsPage.MODEL)

    def _list(self, title: str, page: SettingsPage | QWidget) -> None:
        entry = QListWidgetItem(title, self.pages)
        entry.setData(Qt.ItemDataRole.UserRole, page)

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(SPACE)
        left.addWidget(self.search)
        left.addWidget(self.pages, 1)
        side = QWidget(self)
        side.setLayout(left)
        left.setContentsMargins(0, 0, 0, 0)
        # Wide enough for every title, and for no more of the page than that.
        widest = max(self.fontMetrics().horizontalAdvance(self.pages.item(row).text()) for row in self._rows())
        side.setFixedWidth(max(widest + 4 * SPACE, _LETTERS * self.fontMetrics().averageCharWidth()))
        middle = QHBoxLayout()
        middle.setSpacing(2 * SPACE)
        middle.addWidget(side)
        middle.addWidget(self._shown, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addWidget(plain_label(self.tr("Settings"), "title", wrap=False))
        layout.addLayout(middle, 1)

    def _connect(self) -> None:
        self.pages.currentItemChanged.connect(lambda *_: self._on_page_chosen())
        self.search.textChanged.connect(self._on_searched)
        self._nothing.action_requested.connect(self.search.clear)
        self.general.category_wanted.connect(self.show_page)
        on_key(QKeySequence.StandardKey.Find, self, self.search.setFocus)
        on_key(Qt.Key.Key_Escape, self.search, self.search.clear, alone=True)
        on_key(Qt.Key.Key_Down, self.search, self.pages.setFocus, alone=True)

    def _rows(self) -> range:
        return range(self.pages.count())

    def page_at(self, row: int) -> SettingsPage | QWidget:
        """What stands on a row of the list."""
        page: SettingsPage | QWidget = self.pages.item(row).data(Qt.ItemDataRole.UserRole)
        # Qt gives a word back as a plain one.
        return SettingsPage(page) if isinstance(page, str) else page

    def show_page(self, page: SettingsPage | QWidget) -> None:
        """Show a page, whatever was searched for."""
        self.search.clear()
        row = next(row for row in self._rows() if self.page_at(row) == page)
        if self.pages.currentRow() == row:
            self._on_page_chosen()
        else:
            self.pages.setCurrentRow(row)

    def _on_page_chosen(self) -> None:
        row = self.pages.currentRow()
        if row < 0:
            return
        page = self.page_at(row)
        if isinstance(page, SettingsPage):
            self.general.show_category(page)
            self._shown.setCurrentWidget(self.general)
        else:
            self._shown.setCurrentWidget(page)

    def _on_searched(self, text: str) -> None:
        """Settings that fit stand below each other; the list has the pages that they are on, or are called so."""
        if not text.strip():
            for row in self._rows():
                self.pages.item(row).setHidden(False)
            self._on_page_chosen()
            return
        found = self.general.search(text)
        called = []
        for row in self._rows():
            page, title = self.page_at(row), self.pages.item(row).text()
            fits = page in found or text.strip().casefold() in title.casefold()
            self.pages.item(row).setHidden(not fits)
            if fits and isinstance(page, QWidget):
                called.append(page)
        self._shown.setCurrentWidget(self.general if found else called[0] if called else self._nothing)

    @property
    def is_busy(self) -> bool:
        """True while a model is being fetched: what is built anew in another language would end that."""
        return bool(self.models.presenter.fetched)

    def close_down(self) -> None:
        """Expect nothing any more; called before the window closes."""
        self.general.close_down()
        self.outputs.close_down()
        self.models.close_down()
