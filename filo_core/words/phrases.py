"""What a phrase of a product's list means, in the words it is written in: English, German or Chinese.

The encoder reads English. A phrase in another language is read as the entry of the built-in library that it translates;
whether an English one is understood is whether it lies near anything that the library or the captions speak of.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from filo_core.errors import FiloError
from filo_core.resources import resource_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.words.encoder import SentenceEncoder

TRANSLATIONS_FILE = "anomaly_translations.json"
UNDERSTOOD_FROM = 0.45
"""Similarity to a known phrase: nine of ten library entries reach it from the others, made-up words do not."""
_LEAST_LETTERS = 4
_COMPOUND_BELOW = 0.6
"""An English phrase that is understood as well as this is not looked through for German ones."""
_ROOTS = {
    "fehlt": "missing part", "fehlend": "missing part", "verbog": "bent part", "gebroch": "broken part",
    "verform": "deformed shape", "verfärb": "discolored spot", "verschmutz": "dirt", "versetzt": "misplaced part",
    "zerkratzt": "scratch", "gerissen": "crack", "verdreht": "crooked part", "beschädigt": "broken part",
    "缺": "missing part", "少": "missing part", "裂": "crack", "划": "scratch", "刮": "scratch", "污": "stain",
    "脏": "dirt", "锈": "rust", "变形": "deformed shape", "弯": "bent part", "断": "broken part", "凹": "dent",
    "错": "misplaced part", "偏": "misplaced part", "异": "foreign object", "变色": "discolored spot",
    "孔": "hole", "皱": "wrinkle", "毛刺": "burr",
}  # fmt: skip
"""Parts of German and Chinese words that say what is wrong wherever they stand; looked for last, in this order."""
_ENDINGS = ("", "e", "n", "en", "er", "s", "es")
_WORD = re.compile(r"[^\W\d_]+")


READING = 1
"""Counts up when a phrase is read in another way than its tables and numbers above say."""


def reading_identity(path: Path | None = None) -> str:
    """Stands for how phrases are read: what is kept of them holds as long as this is the same.

    Args:
        path: of the translations; those that ship with the program unless given.

    Raises:
        FiloError: if the translations are missing.
    """
    path = path or resource_path(TRANSLATIONS_FILE)
    tables = (READING, _ROOTS, _ENDINGS, _LEAST_LETTERS, _COMPOUND_BELOW, UNDERSTOOD_FROM)
    try:
        return hashlib.sha256(repr(tables).encode() + path.read_bytes()).hexdigest()
    except OSError as error:
        raise FiloError(
            "{path} cannot be used as translations of anomalies. Install the program again.", path=path
        ) from error


class _Translated(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    de: str
    zh: str


@dataclass(frozen=True, slots=True)
class ReadPhrase:
    """How a phrase was read."""

    phrase: str
    english: str
    """What stands for it: itself, or the entry that it translates."""
    understood: bool


class PhraseReader:
    """Reads the phrases of a list.

    Args:
        encoder: meanings of English phrases.
        also: further English phrases that are known, such as captions.
        meanings: of ``also``; then nothing else is held against a phrase, which is quicker.
        path: of the translations; those that ship with the program unless given.

    Raises:
        FiloError: if the translations are missing or damaged.
    """

    def __init__(
        self,
        encoder: SentenceEncoder,
        also: Sequence[str] = (),
        meanings: NDArray[np.float32] | None = None,
        path: Path | None = None,
    ) -> None:
        self._encoder = encoder
        path = path or resource_path(TRANSLATIONS_FILE)
        try:
            table = TypeAdapter(dict[str, _Translated]).validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise FiloError(
                "{path} cannot be used as translations of anomalies. Install the program again.", path=path
            ) from error
        self._english = (*table, *also)
        self._plain = frozenset(english.casefold() for english in self._english)
        self._exact = {word.casefold(): english for english, own in table.items() for word in (own.de, own.zh)}
        self._chinese = sorted(((own.zh, english) for english, own in table.items()), key=lambda pair: -len(pair[0]))
        self._german = sorted(
            ((own.de.casefold(), english) for english, own in table.items() if " " not in own.de),
            key=lambda pair: -len(pair[0]),
        )
        self._known = meanings

    def read(self, phrases: Sequence[str]) -> tuple[tuple[ReadPhrase, ...], NDArray[np.float32]]:
        """How each phrase was read, and ``(n, 384)`` its meaning, of unit length."""
        first = self._encoder.meanings(phrases)
        found = [self._read(phrase, meaning) for phrase, meaning in zip(phrases, first, strict=True)]
        other = [at for at, one in enumerate(found) if one.english != one.phrase]
        if other:
            first[other] = self._encoder.meanings([found[at].english for at in other])
        return tuple(found), first

    def _read(self, phrase: str, meaning: NDArray[np.float32]) -> ReadPhrase:
        key = phrase.strip().casefold()
        if key in self._plain:
            return ReadPhrase(phrase, phrase, understood=True)
        within = self._exact.get(key) or next((english for word, english in self._chinese if word in phrase), None)
        nearness = 0.0 if within is not None else self._nearest(meaning)
        if within is None and nearness < _COMPOUND_BELOW:
            within = self._compound(key) or next((english for root, english in _ROOTS.items() if root in key), None)
        if within is not None:
            return ReadPhrase(phrase, within, understood=True)
        # Signs that the encoder has no pieces for lie somewhere all the same.
        known = self._encoder.pieces.known_share(phrase) > 0.5
        return ReadPhrase(phrase, phrase, understood=known and nearness >= UNDERSTOOD_FROM)

    def _compound(self, key: str) -> str | None:
        """The longest German entry that a word of the phrase is, or ends with: a compound's last part says what."""
        words = _WORD.findall(key)
        for german, english in self._german:
            if len(german) >= _LEAST_LETTERS and any(w.endswith(german + end) for w in words for end in _ENDINGS):
                return english
        return None

    def _nearest(self, meaning: NDArray[np.float32]) -> float:
        if self._known is None:
            self._known = self._encoder.meanings(self._english)
        return float((self._known @ meaning).max())
