"""What a worker says of itself, what it knows of the record, and a batch that it judges."""

import dataclasses
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from filo_core.engine import load_engine
from filo_core.events import ImageInspected, ImageSkipped
from filo_core.imaging import read_image
from filo_core.spread.judging import JudgedBefore, JudgingJob, PictureJudge, program_version
from filo_core.spread.pictures import PlacedPicture
from filo_core.types import (
    AnomalyType,
    Eyes,
    Limits,
    ProductDescription,
    ProductDraft,
    Reference,
    Sight,
    SourceImage,
    Verdict,
)
from tests.unit.filo_core.conftest import MakeCategory


def hashes(count: int) -> list[str]:
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]


def test_a_worker_knows_which_pictures_have_a_verdict() -> None:
    known, unknown = hashes(200)[:100], hashes(200)[100:]
    judged = JudgedBefore.of([(image_hash, number + 7) for number, image_hash in enumerate(known)])
    assert [judged(image_hash) for image_hash in known] == list(range(7, 107))
    assert {judged(image_hash) for image_hash in [*unknown, "", "f" * 64, "0" * 64]} == {None}
    assert JudgedBefore.of([])("0" * 64) is None


def job_of(references: list[SourceImage], **changed: object) -> JudgingJob:
    draft = ProductDraft(
        ProductDescription("plate", "metal plate"),
        (AnomalyType("scratch"),),
        tuple(Reference(image.image_hash, image.name) for image in references),
        eyes=Eyes(Sight.FAST, 256),
    )
    recipe = draft.recipe(Limits(0.5, 0.6, 0.6), load_engine("compact", "cpu").model_hash_for(draft.eyes))
    job = JudgingJob(recipe, tuple(references), JudgedBefore.of([]), "cpu", program=program_version())
    return dataclasses.replace(job, **changed)  # type: ignore[arg-type]


def test_a_batch_is_judged_as_the_same_pictures_are_one_by_one(make_category: MakeCategory) -> None:
    root = make_category()
    references = [read_image(path) for path in sorted((root / "train" / "good").iterdir())[:3]]
    paths = [
        *sorted((root / "test" / "spot").iterdir())[:2],
        root / "gone.png",
        *sorted((root / "test" / "good").iterdir()),
    ]
    known = hashlib.sha256(paths[-1].read_bytes()).hexdigest()
    job = job_of(references, judged=JudgedBefore.of([(known, 41)]))
    judge = PictureJudge(job, lanes=2)
    assert (judge.facts.problem, judge.facts.trained) == ("", True)
    found = judge.judge(tuple((30 + place, PlacedPicture(path.name, str(path))) for place, path in enumerate(paths)))
    assert [event.index for event, _ in found] == list(range(30, 30 + len(paths)))
    assert [was_read for _, was_read in found] == [path.exists() for path in paths]
    last, _ = found[-1]
    assert isinstance(last, ImageSkipped)
    assert last.earlier_id == 41
    detector = load_engine("compact", "cpu").detector(job.recipe, references)
    for path, (event, _) in zip(paths[:-1], found[:-1], strict=True):
        assert isinstance(event, ImageInspected)
        if not path.exists():
            assert event.inspection.verdict is Verdict.NOT_INSPECTED
            continue
        assert event.inspection.prediction is not None
        alone = detector.predict(read_image(path).pixels)
        assert event.inspection.prediction.image_score == pytest.approx(alone.image_score, abs=1e-6)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"program": "0.0.1"}, "It has version"),
        ({"installed": Path("/nowhere"), "profile": "full"}, "full"),
        ({"model_hash": "0" * 64}, "plate"),
    ],
)
def test_a_worker_that_cannot_judge_says_why_and_is_not_asked(changed: dict[str, object], said: str) -> None:
    pixels = np.full((60, 80, 3), 150, np.uint8)
    image = SourceImage("0.png", b"x", hashlib.sha256(b"x").hexdigest(), pixels, datetime.now(UTC))
    job = job_of([image])
    of_recipe = {name: value for name, value in changed.items() if name in {"profile", "model_hash"}}
    of_job = {name: value for name, value in changed.items() if name not in of_recipe}
    job = dataclasses.replace(job, recipe=dataclasses.replace(job.recipe, **of_recipe), **of_job)  # type: ignore[arg-type]
    judge = PictureJudge(job)
    assert said in judge.facts.problem
    with pytest.raises(RuntimeError, match=said):
        judge.judge(((0, PlacedPicture("a.png", "/a.png")),))
