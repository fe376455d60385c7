"""The screen *Settings*: what the program works with, who may use it, where verdicts go, which models are here."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from gui.settings.general_page import GeneralPage
from gui.settings.models_page import ModelsPage
from gui.settings.outputs_page import OutputsPage
from gui.settings.users_page import UsersPage
from gui.state import AppState
from gui.theme import SPACE
from gui.widgets.controls import plain_label


class SettingsPanel(QWidget):
    """A page a subject. General settings are saved by a button; the others change at once."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.general = GeneralPage(state, self)
        self.users = UsersPage(state, self)
        self.outputs = OutputsPage(state, self)
        self.models = ModelsPage(state, self)
        # What was installed can be chosen at once.
        self.models.presenter.installed.connect(self.general.reload_profiles)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        # The tabs themselves take the keyboard.
        self.tabs.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.tabs.tabBar().setAccessibleName(self.tr("Pages of the settings"))
        self.tabs.addTab(self.general, self.tr("General"))
        self.tabs.addTab(self.users, self.tr("Users"))
        self.tabs.addTab(self.outputs, self.tr("Outputs"))
        self.tabs.addTab(self.models, self.tr("Models"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addWidget(plain_label(self.tr("Settings"), "title", wrap=False))
        layout.addWidget(self.tabs, 1)

    @property
    def is_busy(self) -> bool:
        """True while a model is being fetched: what is built anew in another language would end that."""
        return bool(self.models.presenter.fetched)

    def close_down(self) -> None:
        """Expect nothing any more; called before the window closes."""
        self.general.close_down()
        self.outputs.close_down()
        self.models.close_down()
