"""What is composed below the window, as the window shows it in German and Chinese: no English is left."""

from __future__ import annotations

import re

import pytest
from PySide6.QtWidgets import QApplication

from filo_core.calibration.evidence import calibrated
from filo_core.calibration.reference_checks import stranger_sentence
from filo_core.errors import UnreadableImageError
from filo_core.golden_set import GoldenAnswer, GoldenChecked, GoldenPart
from filo_core.imaging.refusals import SAVE_AGAIN
from filo_core.picture_limits import PictureLimits, PictureQuality
from filo_core.proof import Counts, Standing
from filo_core.sentence import Sentence
from filo_core.statistics.rates import exact_rate
from filo_core.types import ProductDescription, ProductDraft, ProductKind, Verdict, WizardStep
from gui.languages import Languages
from gui.translation import in_language

ENGLISH = re.compile(r"\b(the|of|is|are|and|with|parts?|good|bad|at|most|no)\b")


def _sentences() -> list[str]:
    empty = ProductDraft(ProductDescription("", "", ProductKind.OBJECT))
    quality = PictureLimits(0.5, 0.2, 0.6)
    failed = GoldenChecked((GoldenAnswer(GoldenPart("0" * 64, "a.png", Verdict.NG), Verdict.OK, 0.1),), "0" * 64)
    scores = [0.1 + 0.01 * place for place in range(12)]
    return [
        *(empty.missing(step) for step in WizardStep if empty.missing(step)),
        calibrated(scores, scores, [], 0.05, model_hash="0" * 64, trained=True).sentence,
        calibrated([], [], [0.1 + 0.01 * n for n in range(30)], 0.05, model_hash="0" * 64, trained=True).sentence,
        *(quality.problem(PictureQuality(focus, light)) for focus, light in ((1.0, 0.1), (1.0, 0.9), (0.1, 0.4))),
        *(Counts(standing, 4, 3, 1, 2).sentence for standing in Standing),
        failed.sentence,
        exact_rate(3, 40).sentence,
        stranger_sentence(["a.png", "b.png", "c.png"]),
        str(
            Sentence("No verdict within {deadline_s:g} s. Judge this part by eye, or allow more time.", deadline_s=2.5)
        ),
        UnreadableImageError("a.png", Sentence("is a folder, not an image"), SAVE_AGAIN).sentence,
    ]


@pytest.mark.parametrize("code", ["de", "zh_CN"])
def test_no_english_is_left_in_what_is_composed_below_the_window(qapp: QApplication, code: str) -> None:
    languages = Languages(qapp)
    languages.use(code)
    try:
        said = {text: in_language(text) for text in _sentences()}
    finally:
        languages.use("en")
    left = {text: words for text, words in said.items() if ENGLISH.search(words)}
    assert left == {}
    assert all(words != text for text, words in said.items())
