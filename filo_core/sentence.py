"""Sentences that another language can say: a template, and what stands in its places. ``str`` of one is English.

A :class:`Sentence` is the English text itself, so it goes wherever text goes: into the record, a log, JSON, a pipe to
another process. Only who shows it looks up its template, with :func:`said`; until then numbers stay numbers.
What is cut out of one, or put into an f-string with others, is English for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from numbers import Integral, Real
from string import Formatter
from typing import Any, Self

LookUp = Callable[[str], str]
"""A template in another language; the same one where it has none."""
Write = Callable[[object, str], str]
"""A number or a moment by its format, as a language writes it."""
InLanguage = Callable[[str], str]
"""Any text in a person's language; ``str`` itself is English."""


class Sentence(str):
    """An English sentence, or a piece of one, that remembers its template and arguments.

    Args:
        template: English, with places as :meth:`str.format` has them, each by a name; without arguments it is the text
            as it is, braces too. One that is looked up must stand there in full: ``tools.translations`` finds it.
        arguments: texts, sentences, numbers and moments; anything else is kept as its text.
    """

    __slots__ = ("arguments", "template")
    template: str
    arguments: Mapping[str, object]

    def __new__(cls, template: str, /, **arguments: object) -> Self:
        """Put it together."""
        if isinstance(template, Sentence) and not arguments:
            return cls._of(str(template), template.template, template.arguments)
        held = {name: _held(value) for name, value in arguments.items()}
        return cls._of(template.format(**held) if held else template, template, held)

    @classmethod
    def _of(cls, text: str, template: str, arguments: Mapping[str, object]) -> Self:
        made = super().__new__(cls, text)
        made.template, made.arguments = str(template), arguments
        return made

    def with_texts(self, change: Callable[[str], str]) -> Self:
        """The same sentence, each text in its places by ``change``, which keeps the English of all."""
        held = {name: change(value) if isinstance(value, str) else value for name, value in self.arguments.items()}
        return self._of(str(self), self.template, held)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), str(self), self.template, dict(self.arguments))


class Joined(Sentence):
    """Several texts one after another; its template is what stands between them, its arguments are they by number."""

    def __new__(cls, parts: Iterable[str], separator: str = ", ", /) -> Self:
        """Join them."""
        kept = [_held(part) for part in parts]
        return cls._of(separator.join(map(str, kept)), separator, {str(place): part for place, part in enumerate(kept)})


LIST = Sentence(", ")
CLAUSES = Sentence("; ")
"""Stands between parts of a sentence that have commas themselves."""
_SENTENCES = " "


def sentences(*parts: str) -> Joined:
    """One sentence after the other; those that are empty are left out."""
    return Joined(filter(None, parts), _SENTENCES)


def one_or_many(count: int, one: str, many: str, /, **arguments: object) -> Sentence:
    """``one`` for a single one, else ``many``, with ``count`` in its place of that name.

    English and German say one thing and several differently, Chinese the same: two templates are right in all three.
    """
    # Some who say one need no number in it.
    return Sentence(one if count == 1 else many, count=count, **arguments)


def said(text: str, look_up: LookUp, write: Write = format) -> str:
    """``text`` as ``look_up`` has its templates, its pieces too; one that is no sentence, or has none, as it is."""
    if not isinstance(text, Sentence):
        return text
    if isinstance(text, Joined):
        return look_up(text.template).join(said(str_of(part), look_up, write) for part in text.arguments.values())
    template = look_up(text.template)
    if not text.arguments:
        return template
    try:
        return _Saying(look_up, write).vformat(template, (), text.arguments)
    except (LookupError, ValueError, TypeError):
        # A translation that names a place wrongly: its reader is told in English rather than not at all.
        return str(text)


def str_of(value: object) -> str:
    """``value`` as text; a sentence stays one."""
    return value if isinstance(value, str) else str(value)


class _Saying(Formatter):
    def __init__(self, look_up: LookUp, write: Write) -> None:
        self._look_up, self._write = look_up, write

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, str):
            return format(said(value, self._look_up, self._write), format_spec)
        return self._write(value, format_spec)


def _held(value: object) -> object:
    """What a sentence keeps: nothing that refers to a file, an exception or anything else that cannot travel."""
    match value:
        case BaseException():
            first = value.args[0] if value.args else ""
            return first if isinstance(first, Sentence) and str(value) == first else str(value)
        case Sentence() | date():
            return value
        case bool():
            return str(value)
        case Integral():
            return int(value)
        case Real():
            return float(value)
    return str(value)


def _again(kind: type[Sentence], text: str, template: str, arguments: Mapping[str, object]) -> Sentence:
    return kind._of(text, template, arguments)
