"""Lists of a language model that are kept: asked for once a class, the built-in library where it does not answer."""

import json
from pathlib import Path

import pytest

from filo_core.benchmark import asked_lists as asked
from filo_core.benchmark.asked_lists import AskedLibrary
from filo_core.descriptions.language_model import LanguageModelSettings
from filo_core.errors import FiloError, LanguageModelError
from filo_core.types import AnomalyType, ProductDescription, Provenance

NUT = ProductDescription("a", "metal nut")
SETTINGS = LanguageModelSettings(base_url="http://127.0.0.1:9/v1", model="m")


def test_a_class_is_asked_about_once_and_the_file_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    questions: list[str] = []

    def answer(description: ProductDescription, settings: LanguageModelSettings) -> tuple[AnomalyType, ...]:
        assert settings is SETTINGS
        questions.append(description.class_name)
        return (AnomalyType("bent thread"), AnomalyType("dent"))

    monkeypatch.setattr(asked, "suggest_anomalies", answer)
    path, told = tmp_path / "lists" / "m.json", list[str]()
    for _ in range(2):
        types = AskedLibrary(SETTINGS, path, told.append).suggest(NUT, 1)
        assert [(one.name, one.provenance) for one in types] == [("bent thread", Provenance.LANGUAGE_MODEL)]
    assert questions == ["metal nut"]
    assert json.loads(path.read_text()) == {"metal nut": ["bent thread", "dent"]}
    assert told == []


def test_where_it_does_not_answer_the_library_does_and_that_is_said_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> tuple[AnomalyType, ...]:
        raise LanguageModelError("It is away.")

    monkeypatch.setattr(asked, "suggest_anomalies", fail)
    told: list[str] = []
    types = AskedLibrary(SETTINGS, tmp_path / "m.json", told.append).suggest(NUT)
    assert {one.provenance for one in types} == {Provenance.LIBRARY}
    assert told == ["metal nut: It is away. The built-in library's list is taken."]
    assert not (tmp_path / "m.json").exists()


def test_a_file_that_is_no_such_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text("[1]")
    with pytest.raises(FiloError, match="is no list of anomaly names"):
        AskedLibrary(SETTINGS, tmp_path / "m.json", print)
