"""Phrases in the languages that people write: read as entries of the library, or said not to be understood."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from filo_core.descriptions.library import AnomalyLibrary
from filo_core.errors import FiloError
from filo_core.resources import resource_path
from filo_core.trunks.store import TrunkStore
from filo_core.words.encoder import open_words
from filo_core.words.phrases import TRANSLATIONS_FILE, PhraseReader
from filo_core.words.specs import WordsSpec, shipped_words


def test_every_entry_of_the_library_has_one_german_and_one_chinese_name_of_its_own() -> None:
    table = json.loads(resource_path(TRANSLATIONS_FILE).read_text("utf-8"))
    entries = {name for family in AnomalyLibrary.load().families for name in family.anomalies}
    assert set(table) == entries
    for language in ("de", "zh"):
        assert len({own[language].casefold() for own in table.values()}) == len(table)


def test_damaged_translations_are_refused(prepared: TrunkStore, given: tuple[Path, WordsSpec], tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_text('{"crack": {"de": "Riss"}}')
    with pytest.raises(FiloError, match="Install the program again"):
        PhraseReader(open_words(prepared, given[1]), path=path)


@pytest.fixture(scope="module")
def reader() -> PhraseReader:
    store, spec = TrunkStore(), shipped_words()
    if store.folder(spec) is None:
        pytest.skip("the sentence encoder is not on this machine: main.py models prepare")
    return PhraseReader(open_words(store, spec))


@pytest.mark.parametrize(
    ("phrase", "english"),
    [
        ("Riss", "crack"),
        ("haarrisse", "hairline crack"),
        ("Kratzer tief", "scratch"),
        ("Tiefkratzer", "scratch"),
        ("Ölfleck am Rand", "oil stain"),
        ("Schraube fehlt", "missing part"),
        ("划痕很深", "scratch"),
        ("缺少螺丝", "missing part"),
        ("hairline fracture", "hairline fracture"),
        ("frost mark", "frost mark"),
        ("crack", "crack"),
    ],
)
def test_a_phrase_is_read_as_what_it_says(phrase: str, english: str, reader: PhraseReader) -> None:
    (read,), meanings = reader.read([phrase])
    assert (read.english, read.understood) == (english, True)
    assert meanings.shape == (1, 384)


@pytest.mark.parametrize("phrase", ["qwrtz", "banana", "щель", "???", ""])
def test_what_means_nothing_here_is_said_not_to_be_understood(phrase: str, reader: PhraseReader) -> None:
    assert not reader.read([phrase])[0][0].understood
