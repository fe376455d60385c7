"""The translations that ship, without a window: what a PDF says in German and Chinese."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from filo_core.sentence import said
from filo_core.sentence_templates import Templates
from tools.templates import CONTEXT
from tools.translations import ROOT, read_translations


def speaks(code: str) -> Callable[[str], str]:
    """Any text in the language of that file, with a comma in German numbers."""
    known = read_translations(ROOT / "resources" / "i18n" / f"filo_{code}.ts")
    templates = Templates.shipped()

    def write(value: object, spec: str) -> str:
        text = format(value, spec)  # type: ignore[arg-type]
        return text if isinstance(value, datetime) or code != "de" else text.replace(".", ",")

    return lambda text: said(templates.recognised(text), lambda source: known.get((CONTEXT, source), source), write)
