"""What an inspected picture is known to be, in the language of the window."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from filo_core.types import KnownAs


def known_sentence(known_as: KnownAs | None) -> str:
    """That a picture is no news of the line, and counts in no figure; empty where it is."""
    match known_as:
        case None:
            return ""
        case KnownAs.REFERENCE:
            text = QCoreApplication.translate("Known", "This is one of its good images.")
        case KnownAs.GOOD:
            text = QCoreApplication.translate("Known", "This is one of its known good parts.")
        case KnownAs.BAD:
            text = QCoreApplication.translate("Known", "This is one of its known bad parts.")
    return f"{text} {QCoreApplication.translate('Known', 'It is left out of all statistics.')}"
