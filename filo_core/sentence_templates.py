"""Sentences found again in plain English: what the record keeps, and other programs send, has no template any more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from string import Formatter

from filo_core.resources import resource_path
from filo_core.sentence import Sentence, sentences

FILE = ("i18n", "templates.json")
"""Every template there is, kept by ``tools.translations``."""
_NUMBER = r"[+-]?(?:\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?%?|nan|inf)"
_SHARE = re.compile(r"(\d+(?:\.(\d{1,4}))?) %")
_SHARES = ("{share:.0f} %", "{share:.1f} %", "{share:.2f} %", "{share:.3f} %", "{share:.4f} %")
_END_OF_SENTENCE = re.compile(r"(?<=[.!?]) ")
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    spec: str


@dataclass(frozen=True, slots=True)
class _Template:
    text: str
    first: str
    """Literal text that it begins with."""
    longest: str
    """Its longest literal text: a cheap first look."""
    letters: int
    """In its literal text: of two that fit, the one with more says more exactly what was said."""
    places: tuple[_Place, ...]
    pattern: str
    """What is compiled when a text may be it: a thousand of them would hold up the first text."""


class Templates:
    """Templates, and what was made from one of them.

    Args:
        templates: all that may have been used.
    """

    def __init__(self, templates: Iterable[str]) -> None:
        made = sorted(map(_template, templates), key=lambda template: -template.letters)
        self._with_words = [template for template in made if template.letters]
        self._of_pieces = [template for template in made if not template.letters and len(template.places) > 1]
        self._found = lru_cache(_REMEMBERED)(self._find)

    @classmethod
    def shipped(cls) -> Templates:
        """All that the program has.

        Raises:
            FiloError: if their file is missing.
        """
        return cls(json.loads(resource_path(*FILE).read_text(encoding="utf-8")))

    def recognised(self, text: str) -> str:
        """``text`` as the sentence it was, or as several of them; ``text`` itself where it is none."""
        return text.with_texts(self._piece) if isinstance(text, Sentence) else self._found(text)

    def _piece(self, text: str) -> str:
        """What stands in a place: a single word may be a name that is a template by chance."""
        return (_per_cent(text) or self.recognised(text)) if " " in text else text

    def _find(self, text: str) -> str:
        return self._one(text, self._with_words) or self._several(text) or self._one(text, self._of_pieces) or text

    def _one(self, text: str, templates: Iterable[_Template]) -> Sentence | None:
        for template in templates:
            if not text.startswith(template.first) or template.longest not in text:
                continue
            match = _compiled(template.pattern).fullmatch(text)
            if match is None:
                continue
            values = dict(self._values(template, match))
            found = len(values) == len(template.places) and Sentence(template.text, **values)
            # One without a word of its own fits nearly everything: its pieces have to be known.
            if found and found == text and (template.letters or _has_sentence(values)):
                return found
        return None

    def _several(self, text: str) -> Sentence | None:
        for end in _END_OF_SENTENCE.finditer(text):
            first = self._one(text[: end.start()], self._with_words)
            if first is not None:
                return sentences(first, self.recognised(text[end.end() :]))
        return None

    def _values(self, template: _Template, match: re.Match[str]) -> Iterator[tuple[str, object]]:
        for place in template.places:
            text = match[place.name]
            value = _value(text, place.spec) if place.spec else self._piece(text)
            if value is not None:
                yield place.name, value


def _template(text: str) -> _Template:
    literals, pattern = [""], ""
    places: dict[str, _Place] = {}
    for literal, name, spec, _ in Formatter().parse(text):
        pattern += re.escape(literal)
        literals.append(literal)
        if name is None:
            continue
        places.setdefault(name, _Place(name, spec or ""))
        if f"(?P<{name}>" in pattern:
            pattern += f"(?P={name})"
        else:
            pattern += f"(?P<{name}>{_NUMBER if spec and '%' not in spec[:-1] else '.+?'})"
    if not places:
        # Without a place it is the text as it is, see Sentence.
        literals, pattern = ["", text], re.escape(text)
    return _Template(
        text,
        literals[1] if len(literals) > 1 else "",
        max(literals, key=len),
        sum(character.isalpha() for literal in literals for character in literal),
        tuple(places.values()),
        pattern,
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)


def _value(text: str, spec: str) -> object:
    """The number or moment that is written so; None where it is none."""
    if "%" in spec[:-1]:
        try:
            return datetime.strptime(text, spec)  # noqa: DTZ007 - as it was written, in whatever zone
        except ValueError:
            return None
    plain = text.replace(",", "")
    number = float(plain.rstrip("%")) / (100.0 if plain.endswith("%") else 1.0)
    return int(number) if spec.endswith("d") or spec == "," else number


def _per_cent(text: str) -> Sentence | None:
    """A share as :func:`~filo_core.statistics.rates.percent` writes it, with the digits that it has."""
    found = _SHARE.fullmatch(text)
    return Sentence(_SHARES[len(found[2] or "")], share=float(found[1])) if found else None


def _has_sentence(values: dict[str, object]) -> bool:
    return any(isinstance(value, Sentence) for value in values.values())
