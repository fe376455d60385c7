from __future__ import annotations

import pytest

from filo_core.types import AnomalyType, Provenance, Severity
from gui.products.wizard.anomaly_list import AnomalyListEditor

SCRATCH = AnomalyType("scratch", Severity.MINOR, provenance=Provenance.LIBRARY)
DENT = AnomalyType("dent", Severity.MAJOR, provenance=Provenance.LANGUAGE_MODEL)
CRACK = AnomalyType("crack", Severity.CRITICAL, enabled=False, provenance=Provenance.LIBRARY)


def names(editor: AnomalyListEditor) -> list[str]:
    return [entry.name for entry in editor.types]


def test_what_a_person_types_is_tidied_and_marked_as_theirs() -> None:
    editor = AnomalyListEditor((SCRATCH,))
    assert editor.add("  Missing SCREW! ")
    assert editor.types[-1] == AnomalyType("missing screw", Severity.MAJOR, True, Provenance.PERSON)


@pytest.mark.parametrize("typed", ["scratch", "Scratches", " SCRATCH. ", "", "   ", "!!!"])
def test_an_entry_twice_or_empty_is_refused_and_the_list_stays(typed: str) -> None:
    editor = AnomalyListEditor((SCRATCH,))
    assert not editor.add(typed)
    assert editor.types == (SCRATCH,)
    assert not editor.can_undo


def test_suggestions_add_only_what_is_new_and_keep_their_provenance() -> None:
    editor = AnomalyListEditor((SCRATCH,))
    assert editor.extend((DENT, AnomalyType("scratches"), CRACK, DENT)) == 2
    assert list(editor.types) == [SCRATCH, DENT, CRACK]
    assert editor.undo()
    assert list(editor.types) == [SCRATCH]


def test_renaming_makes_an_entry_the_persons_and_keeps_the_rest_of_it() -> None:
    editor = AnomalyListEditor((SCRATCH, CRACK))
    assert editor.rename(1, "hairline crack")
    assert editor.types[1] == AnomalyType("hairline crack", Severity.CRITICAL, False, Provenance.PERSON)


@pytest.mark.parametrize("name", ["dents", "", "crack"])
def test_renaming_to_another_entry_to_nothing_or_to_itself_changes_nothing(name: str) -> None:
    editor = AnomalyListEditor((CRACK, DENT))
    assert not editor.rename(0, name)
    assert editor.types == (CRACK, DENT)


def test_an_entry_may_be_renamed_to_its_own_plural() -> None:
    editor = AnomalyListEditor((SCRATCH,))
    assert editor.rename(0, "scratches")
    assert names(editor) == ["scratches"]


def test_severity_and_use_are_set_one_by_one() -> None:
    editor = AnomalyListEditor((SCRATCH, DENT))
    assert editor.set_severity(0, Severity.CRITICAL)
    assert editor.set_enabled(1, False)
    assert not editor.set_enabled(1, False)
    assert [(entry.severity, entry.enabled) for entry in editor.types] == [
        (Severity.CRITICAL, True),
        (Severity.MAJOR, False),
    ]


def test_merging_keeps_the_worst_severity_and_the_place_of_the_first() -> None:
    editor = AnomalyListEditor((SCRATCH, DENT, CRACK))
    assert editor.merge([2, 0], "surface damage")
    assert editor.types == (AnomalyType("surface damage", Severity.CRITICAL, True, Provenance.PERSON), DENT)


def test_merging_under_the_name_of_one_of_them_keeps_its_provenance() -> None:
    editor = AnomalyListEditor((SCRATCH, DENT, CRACK))
    assert editor.merge([0, 1], "dent")
    assert editor.types[0] == AnomalyType("dent", Severity.MAJOR, True, Provenance.LANGUAGE_MODEL)
    assert names(editor) == ["dent", "crack"]


@pytest.mark.parametrize(("rows", "name"), [([0], "x-ray mark"), ([0, 1], "crack"), ([0, 1], " ")])
def test_merging_one_entry_or_under_a_taken_or_empty_name_is_refused(rows: list[int], name: str) -> None:
    editor = AnomalyListEditor((SCRATCH, DENT, CRACK))
    assert not editor.merge(rows, name)
    assert editor.types == (SCRATCH, DENT, CRACK)


def test_deleted_entries_come_back_in_their_places() -> None:
    editor = AnomalyListEditor((SCRATCH, DENT, CRACK))
    assert editor.delete([0, 2])
    assert names(editor) == ["dent"]
    assert editor.undo()
    assert editor.types == (SCRATCH, DENT, CRACK)
    assert not editor.undo()


def test_many_edits_are_taken_back_one_by_one() -> None:
    editor = AnomalyListEditor()
    for number in range(60):
        assert editor.add(f"mark {chr(97 + number // 26)}{chr(97 + number % 26)}x")
    undone = 0
    while editor.undo():
        undone += 1
    assert undone == 50
    assert len(editor.types) == 10
