from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from PySide6.QtGui import QFont, QFontInfo, QFontMetricsF
from PySide6.QtWidgets import QApplication, QLabel

from filo_core.errors import FiloError
from filo_core.resources import resource_path
from gui import letters
from gui.letters import FAMILY, Size, lettered, points
from gui.style_sheet import apply_theme
from gui.theme import LIGHT
from gui.widgets.controls import plain_label


@pytest.fixture
def usual(qapp: QApplication) -> None:
    apply_theme(qapp, LIGHT)


@pytest.mark.usefixtures("usual")
def test_the_window_is_written_in_the_font_that_comes_with_it(qapp: QApplication) -> None:
    assert QFontInfo(qapp.font()).family() == FAMILY
    assert QFontInfo(lettered(qapp.font(), Size.TITLE, strong=True)).family() == FAMILY


@pytest.mark.usefixtures("usual")
@pytest.mark.parametrize("weight", [QFont.Weight.Normal, QFont.Weight.DemiBold])
def test_numbers_of_as_many_figures_are_equally_wide(qapp: QApplication, weight: QFont.Weight) -> None:
    font = QFont(qapp.font())
    font.setWeight(weight)
    metrics = QFontMetricsF(font)
    assert {metrics.horizontalAdvance(number) for number in ("1111", "0000", "8427")} == {
        4 * metrics.horizontalAdvance("0")
    }


@pytest.mark.usefixtures("usual")
def test_letters_of_a_name_are_not_replaced_by_others(qapp: QApplication) -> None:
    metrics = QFontMetricsF(qapp.font())
    assert metrics.horizontalAdvance("->") == pytest.approx(
        metrics.horizontalAdvance("-") + metrics.horizontalAdvance(">"), abs=2.5
    )


@pytest.mark.usefixtures("usual")
def test_the_scale_follows_the_text_size(qapp: QApplication) -> None:
    usual = points(Size.TITLE)
    assert usual == pytest.approx(points(Size.BODY) * 20 / 14)
    title = plain_label("Title", "title")
    title.ensurePolished()
    assert title.font().pointSizeF() == pytest.approx(usual, abs=0.01)
    apply_theme(qapp, LIGHT, 2.0)
    assert points(Size.TITLE) == pytest.approx(2 * usual)


def test_the_font_files_are_those_whose_origin_is_written_down() -> None:
    folder = resource_path("fonts")
    told = dict(re.findall(r"`(Inter-\w+\.ttf)` \| `([0-9a-f]{64})`", (folder / "README.md").read_text("utf-8")))
    assert told == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.ttf")}
    assert "SIL OPEN FONT LICENSE" in (folder / "OFL.txt").read_text("utf-8")


@pytest.mark.parametrize("fault", ["missing", "torn"])
def test_without_its_font_the_window_has_the_systems_and_says_so(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    def found(*parts: str) -> Path:
        if fault == "missing":
            raise FiloError("Inter-Regular.ttf is missing from this installation.")
        torn = tmp_path / parts[-1]
        torn.write_bytes(b"no font at all")
        return torn

    monkeypatch.setattr(letters, "resource_path", found)
    qapp.setProperty("shippedFont", None)
    apply_theme(qapp, LIGHT)
    label = QLabel("legible")
    assert label.sizeHint().width() > 20
    assert "The system's font is used" in caplog.text
    qapp.setProperty("shippedFont", None)
