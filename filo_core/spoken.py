"""Sentences in a language of the program where there is no window: reports and mails speak that of the plant."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import cache
from xml.etree import ElementTree as ET

from filo_core.errors import FiloError
from filo_core.resources import resource_path
from filo_core.sentence import InLanguage, said
from filo_core.sentence_templates import Templates

CONTEXT = "Sentences"
"""Where the translations of what is said below the window stand."""
_MARKS = {"de": str.maketrans({".": ",", ",": "."})}
_DATES = {"de": "%d.%m.%Y %H:%M", "zh_CN": "%Y-%m-%d %H:%M"}

logger = logging.getLogger(__name__)


@cache
def speaker(language: str) -> InLanguage:
    """Says sentences in ``en``, ``de`` or ``zh_CN``; in English where there is no such language, or it is not here."""
    known = _translations(language)
    if not known:
        return str
    templates = Templates.shipped()

    def write(value: object, spec: str) -> str:
        if isinstance(value, datetime):
            return value.strftime(_DATES[language] if spec in {"", "%Y-%m-%d %H:%M"} else spec)
        text = format(value, spec)
        return text.translate(_MARKS[language]) if isinstance(value, float) and language in _MARKS else text

    def in_language(text: str) -> str:
        return said(templates.recognised(text), lambda template: known.get(template, template), write)

    return in_language


def _translations(language: str) -> dict[str, str]:
    """Templates and what they are in a language; none for English."""
    if language not in _DATES:
        return {}
    try:
        tree = ET.parse(resource_path("i18n", f"filo_{language}.ts"))  # noqa: S314 - our own file
    except (FiloError, OSError, ET.ParseError) as error:
        logger.warning("reports are in English: %s", error)
        return {}
    return {
        message.findtext("source", ""): message.findtext("translation", "")
        for context in tree.getroot().iter("context")
        if context.findtext("name") == CONTEXT
        for message in context.iter("message")
        if message.findtext("translation")
    }
