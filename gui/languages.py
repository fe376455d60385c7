"""The languages of the window, from files of Qt Linguist; changed while the program runs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from filo_core.resources import resource_path
from workflows.settings.declared import LANGUAGES

ENGLISH: Final = "en"


def system_language() -> str:
    """The first of the system's languages that there is a translation for; English without one."""
    for name in QLocale.system().uiLanguages():
        code = name.replace("-", "_")
        if code.startswith(("zh_CN", "zh_Hans")) or code == "zh":
            return "zh_CN"
        if code.split("_")[0] in LANGUAGES:
            return code.split("_")[0]
    return ENGLISH


def locale_of(language: str) -> QLocale:
    """How numbers and dates are written: as the system does where it speaks that language, as is usual otherwise."""
    usual = QLocale("en_GB" if language == ENGLISH else language)
    system = QLocale.system()
    return system if system.language() == usual.language() else usual


class Languages:
    """Installs the translators of one language and takes those of the one before away."""

    def __init__(self, app: QCoreApplication) -> None:
        self._app = app
        self._installed: list[tuple[QTranslator, bytes]] = []
        """With its file's content, which a translator reads as long as it lives and does not keep."""
        self.current = ENGLISH

    def use(self, language: str) -> None:
        """Speak ``language``, the system's where it is empty. Every window gets a ``LanguageChange``."""
        wanted = language or system_language()
        QLocale.setDefault(locale_of(wanted))
        if wanted == self.current:
            return
        self.current = wanted
        for translator, _ in self._installed:
            self._app.removeTranslator(translator)
        self._installed = [] if wanted == ENGLISH else self._translators(wanted)
        for translator, _ in self._installed:
            self._app.installTranslator(translator)

    def _translators(self, language: str) -> list[tuple[QTranslator, bytes]]:
        found = []
        # Qt's own words first: the newest translator is asked first, and ours go before.
        for name, folder in (
            (f"qtbase_{language}.qm", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
            (f"filo_{language}.qm", resource_path("i18n")),
        ):
            translator, file = QTranslator(self._app), Path(folder, name)
            # Not by its name: Qt would map the file into memory, and an update that overwrites it crash the window.
            content = file.read_bytes() if file.is_file() else b""
            if translator.load(content):
                found.append((translator, content))
        return found
