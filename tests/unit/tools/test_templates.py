from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tools.templates import error_names, modules, put_together, templates, translatable
from tools.translations import ROOT

ENGLISH_ALONE = {
    "filo_core/benchmark",
    "filo_core/calibration",
    "filo_core/descriptions",
    "filo_core/engine.py",
    "filo_core/eyes",
    "filo_core/imaging",
    "filo_core/line",
    "filo_core/method",
    "filo_core/profiles",
    "filo_core/resources.py",
    "filo_core/shipped_tensors.py",
    "filo_core/statistics",
    "filo_core/trunks",
    "filo_core/whole_files.py",
    "filo_core/words",
    "storage/artefacts.py",
    "storage/audit",
    "storage/backup.py",
    "storage/engine.py",
    "storage/instance_lock.py",
    "storage/names.py",
    "storage/recipes.py",
    "storage/repositories",
    "storage/roles.py",
    "storage/server_proof.py",
    "storage/storage.py",
    "workflows/export",
    "workflows/inspecting",
    "workflows/keeping",
    "workflows/line",
    "workflows/people",
    "workflows/products",
    "workflows/reporting",
    "workflows/sealing",
    "workflows/settings",
    "workflows/studies",
}
"""Rooms whose errors no other language can say yet. It only shrinks."""


def test_every_error_that_the_window_may_show_is_a_template() -> None:
    trees = modules(ROOT)
    errors = error_names(trees.values())
    lines = {path.relative_to(ROOT): list(put_together(tree, errors)) for path, tree in trees.items()}
    found = Counter({"/".join(path.parts[:2]): 0 for path in lines})
    for path, at in lines.items():
        found["/".join(path.parts[:2])] += len(at)
    named = {str(path): at for path, at in lines.items() if at and "/".join(path.parts[:2]) not in ENGLISH_ALONE}
    assert named == {}, 'write FiloError("{name} is missing", name=name) instead of an f-string'
    assert {room for room in ENGLISH_ALONE if not found[room]} == set(), "take these off the list"


def _below(tmp_path: Path, source: str) -> Path:
    for room in ("gui", "filo_core"):
        (tmp_path / room).mkdir()
    (tmp_path / "gui" / "screen.py").write_text("from filo_core import words\n")
    (tmp_path / "filo_core" / "words.py").write_text(source)
    (tmp_path / "filo_core" / "command.py").write_text("raise FiloError('for a command alone')")
    return tmp_path


def test_templates_are_found_in_errors_in_sentences_and_in_their_choices(tmp_path: Path) -> None:
    source = """
class FiloError(Exception): ...
class InnerError(FiloError): ...
raise FiloError("an error {x}", x=x)
raise InnerError("one" if x else "two")
raise ValueError("no sentence")
words = Sentence("a " "sentence")
words = one_or_many(n, "one part", "{count} parts")
raise FiloError(words)
"""
    assert templates(_below(tmp_path, source)) == sorted(
        ["an error {x}", "one", "two", "a sentence", "one part", "{count} parts"]
    )


def test_a_template_that_is_put_together_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"words\.py:2"):
        templates(_below(tmp_path, "\nSentence(f'{x}')"))


def test_an_error_that_is_put_together_is_named_by_its_line() -> None:
    tree = ast.parse("raise FiloError('a')\nraise FiloError(f'{x}')\nraise FiloError('a' if x else f'{x}')")
    assert list(put_together(tree, {"FiloError"})) == [2, 3]


def test_what_has_no_word_needs_no_translation() -> None:
    assert not translatable("{a}: {b:.1f} %")
    assert translatable("{a} px")
    assert translatable("; ")
