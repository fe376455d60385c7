from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools.templates import error_names, every_module, put_together, templates, translatable
from tools.translations import ROOT


def test_every_error_and_sentence_of_ours_is_a_template() -> None:
    trees = every_module(ROOT)
    errors = error_names(trees.values())
    found = {str(path.relative_to(ROOT)): list(put_together(tree, errors)) for path, tree in trees.items()}
    named = {path: lines for path, lines in found.items() if lines}
    assert named == {}, 'write FiloError("{name} is missing.", name=name) instead of an f-string'


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


@pytest.mark.parametrize(
    "source",
    [
        "raise FiloError('a' + x)",
        "raise FiloError('a %s' % x)",
        "raise FiloError('a {}'.format(x))",
        "raise FiloError(', '.join(x))",
        "raise FiloError('a', f'{x} is gone')",
        "raise FiloError('{a}', a=f'{x} parts')",
        "why = f'no {x}'; raise FiloError(why)",
        "why = 'a'; why += f'no {x}'; raise FiloError(why)",
        "Sentence(f'{x} parts')",
        "one_or_many(n, 'one', f'{n} parts')",
    ],
)
def test_every_way_to_put_one_together_is_named(source: str) -> None:
    assert list(put_together(ast.parse(source), {"FiloError"})) == [1]


@pytest.mark.parametrize(
    "source",
    [
        "raise FiloError('{a}', a=', '.join(x))",
        "raise FiloError('{a}', a=f'{x}:{y}')",
        "raise FiloError(error.sentence)",
        "raise FiloError('{a}', a=n + 1)",
        "raise ValueError(f'no {x}')",
    ],
)
def test_what_goes_into_the_places_of_a_template_may_be_made(source: str) -> None:
    assert list(put_together(ast.parse(source), {"FiloError"})) == []


def test_what_has_no_word_needs_no_translation() -> None:
    assert not translatable("{a}: {b:.1f} %")
    assert translatable("{a} px")
    assert translatable("; ")
