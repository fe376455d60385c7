"""Texts in the language of the window: those of tables, which are marked, and sentences from below the window."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from PySide6.QtCore import QCoreApplication, QLocale

from filo_core.packaged import as_called
from filo_core.sentence import said
from filo_core.sentence_templates import Templates
from gui.wording import date_and_time


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # noqa: ARG001 - Qt Linguist finds texts by this name
    """``text``, found by Qt Linguist in ``context``; PySide's own function of that name is typed as ``object``."""
    return text


def in_language(text: str) -> str:
    """A message, an error's or any other text, in the language of the window; a text that is neither as it is.

    English that the record kept, or that came through a signal, is found again by its template.
    """
    return as_called(said(_templates().recognised(text), _look_up, _write))


def load_sentences() -> None:
    """Read all templates, so that the first sentence does not wait for them; on any thread."""
    _templates()


def _look_up(template: str) -> str:
    return QCoreApplication.translate("Sentences", template)


def _write(value: object, spec: str) -> str:
    if isinstance(value, datetime):
        return date_and_time(value)
    text = format(value, spec)
    if not isinstance(value, float) and "," not in spec:
        return text
    locale = QLocale()
    marks: dict[str, str | int | None] = {".": locale.decimalPoint(), ",": locale.groupSeparator()}
    return text.translate(str.maketrans(marks))


@cache
def _templates() -> Templates:
    return Templates.shipped()
