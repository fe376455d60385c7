"""Anomaly lists that a language model gave, class by class, kept in a file so that a run can be repeated."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from filo_core.descriptions.language_model import suggest_anomalies
from filo_core.descriptions.library import AnomalyLibrary
from filo_core.errors import FiloError, LanguageModelError
from filo_core.types import AnomalyType, ProductDescription, Provenance
from filo_core.whole_files import cannot_write, whole_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from filo_core.descriptions.language_model import LanguageModelSettings

_LISTS = TypeAdapter(dict[str, list[str]])


class AskedLibrary(AnomalyLibrary):
    """Asks a language model about each class once; the built-in library stands in where it does not answer.

    Args:
        settings: of the language model.
        path: JSON file of what it has said, ``{class name: [anomaly, ...]}``; written after each answer.
        tell: is told a sentence where it does not answer.

    Raises:
        FiloError: if the file is there and is none of these.
    """

    def __init__(self, settings: LanguageModelSettings, path: Path, tell: Callable[[str], None]) -> None:
        built_in = AnomalyLibrary.load()
        super().__init__(built_in.families, built_in._fallback)
        self._settings = settings
        self._path = path
        self._tell = tell
        self._known = read_lists(path) if path.is_file() else {}

    def suggest(self, description: ProductDescription, limit: int = 12) -> tuple[AnomalyType, ...]:
        """The language model's first ``limit`` names for the class, or the built-in library's."""
        try:
            names = self.asked(description)
        except LanguageModelError as error:
            self._tell(f"{description.class_name}: {error} The built-in library's list is taken.")
            return super().suggest(description, limit)
        return tuple(AnomalyType(name, provenance=Provenance.LANGUAGE_MODEL) for name in names[:limit])

    def asked(self, description: ProductDescription) -> list[str]:
        """All names that the language model gave for the class, now or before.

        Raises:
            LanguageModelError: if it gives no usable answer.
            FiloError: if the answer cannot be kept.
        """
        word = description.class_name
        if word not in self._known:
            self._known[word] = [anomaly.name for anomaly in suggest_anomalies(description, self._settings)]
            write_lists(self._path, self._known)
        return self._known[word]


def read_lists(path: Path) -> dict[str, list[str]]:
    """Anomaly names by class name.

    Raises:
        FiloError: if the file is no such list.
    """
    try:
        return _LISTS.validate_python(json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError) as error:
        raise FiloError("{path} is no list of anomaly names by class name: {error}.", path=path, error=error) from error


def write_lists(path: Path, lists: dict[str, list[str]]) -> None:
    """Replace the file, whole or not at all.

    Raises:
        FiloError: if it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    with whole_file(path) as part:
        part.write_text(json.dumps(lists, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
