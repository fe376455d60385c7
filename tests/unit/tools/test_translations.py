from __future__ import annotations

import json
import re
from pathlib import Path
from string import Formatter

import pytest
from PySide6.QtCore import QTranslator

from gui.languages import LANGUAGES
from tools.templates import CONTEXT, templates
from tools.translations import FILES, ROOT, Text, every_text, read_translations, texts_of, write_translations

I18N = ROOT / "resources" / "i18n"
CODES = pytest.mark.parametrize("code", list(FILES))


@pytest.fixture(scope="module")
def texts() -> list[Text]:
    return every_text(ROOT, templates(ROOT))


def test_there_is_a_file_for_every_language_but_english() -> None:
    assert set(LANGUAGES) - {"en"} == set(FILES)


@CODES
def test_every_text_of_the_window_has_a_finished_translation(code: str, texts: list[Text]) -> None:
    known = read_translations(I18N / f"filo_{code}.ts")
    assert [text for text in texts if text not in known] == [], "run: python -m tools.translations"
    assert [text for text in known if text not in texts] == [], "run: python -m tools.translations"


@CODES
def test_a_translation_keeps_the_places_of_its_values_and_its_key(code: str) -> None:
    for (context, source), translation in read_translations(I18N / f"filo_{code}.ts").items():
        assert sorted(re.findall(r"%\d", source)) == sorted(re.findall(r"%\d", translation)), (context, source)
        if context == CONTEXT and places(source):
            assert set(places(source)) == set(places(translation)), source
            continue
        assert source.count("&") == translation.count("&"), (context, source)
        assert (source[0] == " ") == (translation[0] == " "), (context, source)


def places(template: str) -> list[str]:
    """Names of the places, with their formats."""
    return [f"{name}:{spec}" for _, name, spec, _ in Formatter().parse(template) if name]


def test_the_program_has_every_template() -> None:
    shipped = json.loads((I18N / "templates.json").read_text(encoding="utf-8"))
    assert shipped == templates(ROOT), "run: python -m tools.translations"


@CODES
def test_the_compiled_file_says_what_the_source_says(code: str) -> None:
    translator = QTranslator()
    assert translator.load(str(I18N / f"filo_{code}.qm"))
    for (context, source), translation in read_translations(I18N / f"filo_{code}.ts").items():
        assert translator.translate(context, source) == translation


def test_contexts_come_from_the_class_the_module_and_the_call() -> None:
    source = """
def _tr(text):
    return QCoreApplication.translate("Module", text)
TABLE = QT_TRANSLATE_NOOP("Table", "in a table")
def words():
    return _tr("in a function")
class Panel:
    def build(self):
        self.tr("in a class"); self.tr(spec.title); QCoreApplication.translate("Call", "in a call")
"""
    assert texts_of(source) == [
        ("Table", "in a table"),
        ("Module", "in a function"),
        ("Panel", "in a class"),
        ("Call", "in a call"),
    ]


@pytest.mark.parametrize("call", ["window.tr('x')", "self.tr(f'{x}')", "_tr('no context')"])
def test_a_text_that_cannot_be_looked_up_is_refused(call: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        texts_of(call)


def test_new_texts_are_unfinished_and_translated_ones_kept(tmp_path: Path) -> None:
    path = tmp_path / "filo_de.ts"
    write_translations(path, "de_DE", [("A", "old"), ("A", "new")], {("A", "old"): "alt"})
    assert read_translations(path) == {("A", "old"): "alt"}
    assert 'type="unfinished"' in path.read_text(encoding="utf-8")
