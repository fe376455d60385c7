"""Theme, letters and language of the whole application, as the settings say and the system changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication

from gui.languages import Languages
from gui.style_sheet import apply_theme
from gui.theme import DARK, LIGHT, Theme, theme_for

if TYPE_CHECKING:
    from workflows.settings.settings import Settings


class Appearance(QObject):
    """Follows the system's colour scheme for as long as no theme is chosen."""

    def __init__(self, app: QApplication, settings: Settings) -> None:
        super().__init__(app)
        self._app = app
        self._settings = settings
        self._scheme = app.styleHints().colorScheme()
        self._applied: tuple[Theme, float] | None = None
        self.languages = Languages(app)
        app.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        self.use(settings)

    @property
    def theme(self) -> Theme:
        """The theme that the settings ask for."""
        match self._settings.theme:
            case "light":
                return LIGHT
            case "dark":
                return DARK
            case _:
                return theme_for(self._scheme)

    def use(self, settings: Settings) -> None:
        """Look as ``settings`` say."""
        self._settings = settings
        self.languages.use(settings.language)
        self._apply()

    def _apply(self) -> None:
        wanted = (self.theme, self._settings.font_scale)
        if wanted != self._applied:
            self._applied = wanted
            apply_theme(self._app, *wanted)

    def _on_scheme_changed(self, scheme: Qt.ColorScheme) -> None:
        self._scheme = scheme
        self._apply()
