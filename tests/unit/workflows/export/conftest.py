from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from filo_core.types import Box, Position, Prediction, Region, ReviewDecision, Verdict
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import make_draft, make_image, make_inspection, make_refusal, sign_product
from workflows.export.selection import Selection
from workflows.reporting.history import History, InspectionFilter

PRODUCT = "Türgriff 门把手"
NAMES = ("gut.png", '=HYPERLINK("evil").png', "刮痕/../Größe.png", "zweifel.png")


@pytest.fixture
def selection(storage: Storage) -> Selection:
    """One OK, one confirmed NG, one overruled NG that has a name, one REVIEW and one that could not be read."""
    reference = make_image(77, "gut 1.png")
    storage.artefacts.put_image(reference)
    draft = make_draft(PRODUCT)
    kept = replace(draft.references[0], image_hash=reference.image_hash, name=reference.name)
    recipe = sign_product(storage, draft=replace(draft, references=(kept,)))
    recorder, history = Recorder(storage, PRODUCT), History(storage)
    anomaly_map = np.zeros((4, 4), np.float32)
    anomaly_map[1:3, 2:4] = 0.9
    region = Region(Box(2, 1, 2, 2), 4, 0.9, "刮痕", 0.5, Position.RIGHT)
    numbers = []
    for shade, (name, score) in enumerate(zip(NAMES, (0.1, 0.9, 0.9, 0.4), strict=True)):
        made = make_inspection(recipe, shade, score, name=name)
        found = Prediction(score, anomaly_map, (region,), {}, trained=True) if score > 0.1 else made.prediction
        numbers.append(recorder.record_one(replace(made, prediction=found)))
    recorder.record_one(make_refusal(recipe))
    history.review(numbers[1], ReviewDecision.CONFIRM, Verdict.NG, "Ada")
    history.review(numbers[2], ReviewDecision.OVERRULE, Verdict.OK, "Ada", "@Staub auf der Linse")
    return Selection(history, InspectionFilter(product=PRODUCT))
