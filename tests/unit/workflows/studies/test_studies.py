"""Capability studies in a record: laid down, presented, interrupted, reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pypdf import PdfReader

from filo_core.capability import SYSTEM, CapabilityStudy
from filo_core.errors import EvidenceError, ProductError
from filo_core.golden_set import GoldenPart
from filo_core.types import (
    EventKind,
    InspectionFilter,
    Prediction,
    Recipe,
    Reference,
    Review,
    ReviewDecision,
    Role,
    Verdict,
)
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import LIMITS, MODEL_HASH, MOMENT, make_draft, make_image, make_inspection, sign_product
from tests.unit.workflows.languages import speaks
from workflows.export.handing_out import export_study
from workflows.people.access import Access, AccessError
from workflows.people.users import Users
from workflows.products.catalogue import Catalogue
from workflows.studies.report import read_study, report_content, study_lines
from workflows.studies.studies import Studies, StudyError, presenting_steps

NAME = "metal nut"
GOOD, BAD = range(1, 31), range(200, 220)


class RedDetector:
    """The more red, the more anomalous."""

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        score = float(pixels[..., 0].mean()) / 255.0
        return Prediction(score, np.full((2, 2), score, np.float32), (), {}, trained=True)


class RedEngine:
    def detector(self, recipe: Recipe, references: object) -> RedDetector:
        return RedDetector()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for kind, shades in (("good", GOOD), ("scratched", BAD)):
        (tmp_path / "known" / kind).mkdir(parents=True)
        for shade in shades:
            (tmp_path / "known" / kind / f"{shade}.png").write_bytes(make_image(shade).encoded)
    return tmp_path / "known"


@pytest.fixture
def catalogue(storage: Storage) -> Catalogue:
    sign_product(storage)
    made = Catalogue(storage)
    # No reference of the drafts of these tests has a picture.
    made.references = lambda name_or_recipe: ()  # type: ignore[method-assign]
    return made


@pytest.fixture
def studies(storage: Storage, catalogue: Catalogue) -> Studies:
    return Studies(storage)


@pytest.fixture
def study(studies: Studies, folder: Path) -> CapabilityStudy:
    return studies.create(NAME, [folder], people=["Ada", "Bo"], by="Grace")


def present(studies: Studies, catalogue: Catalogue, study: CapabilityStudy, most: int = 1000) -> CapabilityStudy:
    steps: Iterator[object] = presenting_steps(studies, catalogue, study)(RedEngine())  # type: ignore[arg-type]
    for _ in range(most):
        if next(steps, None) is None:
            break
    return studies.study(NAME)


def answer_all(studies: Studies, study: CapabilityStudy, name: str, wrong: frozenset[int] = frozenset()) -> None:
    for presentation, part in study.remaining(name):
        expected = study.plan.parts[part].expected
        other = Verdict.OK if expected is Verdict.NG else Verdict.NG
        studies.answer(study, name, presentation, part, other if part in wrong else expected)


def test_a_study_takes_its_parts_from_a_folder_and_keeps_their_pictures(
    storage: Storage, studies: Studies, study: CapabilityStudy
) -> None:
    assert (len(study.plan.parts), study.plan.bad) == (50, 20)
    assert studies.study(NAME) == study
    assert all(storage.artefacts.path_of(part.image_hash).is_file() for part in study.plan.parts)
    assert studies.picture(study.plan.parts[0]).name == "part"
    assert storage.verify().intact


def test_parts_that_the_recipe_knows_by_heart_take_no_part(storage: Storage, folder: Path) -> None:
    known = tuple(make_image(shade) for shade in (1, 2, 200))
    draft = make_draft("other")
    sign_product(storage, "other", replace(draft, references=tuple(Reference(i.image_hash, "r.png") for i in known)))
    plan = Studies(storage).create("other", [folder]).plan
    assert {part.image_hash for part in plan.parts}.isdisjoint({image.image_hash for image in known})
    assert len(plan.parts) == 47


def test_a_study_of_what_people_decided_leaves_out_what_they_disagree_about(
    storage: Storage, catalogue: Catalogue, studies: Studies
) -> None:
    recipe = catalogue.recipe(NAME).recipe
    recorder = Recorder(storage, NAME)
    for shade in (*range(30), *range(220, 240)):
        verdict = Verdict.NG if shade >= 220 else Verdict.OK
        number = recorder.record_one(make_inspection(recipe, shade))
        with storage.transaction() as transaction:
            transaction.reviews.add(number, Review(ReviewDecision.CONFIRM, verdict, "Ada", MOMENT))
    plan = studies.create(NAME, most=80).plan
    assert (len(plan.parts), plan.bad) == (50, 20)
    with storage.reading() as transaction:
        assert transaction.inspections.count(InspectionFilter(product=NAME)) == 50


@pytest.mark.parametrize(("good", "bad"), [(30, 3), (0, 40), (9, 9)])
def test_too_few_of_one_kind_are_no_study(storage: Storage, studies: Studies, good: int, bad: int) -> None:
    with storage.transaction() as transaction:
        for shade in range(good + bad):
            image = make_image(shade)
            storage.artefacts.put_image(image)
            part = GoldenPart(image.image_hash, f"{shade}.png", Verdict.OK if shade < good else Verdict.NG)
            transaction.golden.put(transaction.products.product_id(NAME), part, "Ada")
    with pytest.raises(EvidenceError, match=f"There are {good} good and {bad} bad parts"):
        studies.create(NAME)


def test_presenting_goes_on_where_it_was_stopped_and_becomes_no_inspection(
    storage: Storage, studies: Studies, catalogue: Catalogue, study: CapabilityStudy
) -> None:
    before = present(studies, catalogue, study, most=70)
    assert len(before.remaining(SYSTEM)) == 80
    after = present(studies, catalogue, before)
    assert after.is_finished(SYSTEM)
    assert (len(after.answers), after.corrected) == (150, 0)
    with storage.reading() as transaction:
        assert transaction.inspections.count(InspectionFilter()) == 0
        told = [event.kind for event in transaction.events.newest()]
    assert told.count(EventKind.STUDY_PRESENTED) == 3
    assert told.count(EventKind.STUDY_CREATED) == 1


def test_a_later_answer_about_the_same_counts_and_the_earlier_one_stays(
    studies: Studies, study: CapabilityStudy
) -> None:
    presentation, part = study.remaining("Ada")[0]
    studies.answer(study, "Ada", presentation, part, Verdict.OK)
    studies.answer(study, "Ada", presentation, part, Verdict.NG)
    now = studies.study(NAME)
    assert now.standing["Ada", presentation, part].verdict is Verdict.NG
    assert (len(now.answers), now.corrected) == (2, 1)


def test_the_report_says_who_is_acceptable_and_goes_out_with_its_digest_in_the_chain(
    storage: Storage, studies: Studies, catalogue: Catalogue, study: CapabilityStudy, tmp_path: Path
) -> None:
    present(studies, catalogue, study)
    answer_all(studies, study, "Ada")
    bad = frozenset(place for place, part in enumerate(study.plan.parts) if part.expected is Verdict.NG)
    answer_all(studies, study, "Bo", wrong=frozenset(sorted(bad)[:2]))
    report = read_study(studies.study(NAME))
    lines = study_lines(report)
    assert lines[0].startswith("system: acceptable")
    assert lines[2].startswith("Bo: unacceptable for miss (AIAG")
    assert any("miss: 6 of 60 (10 %" in line for line in lines)
    content = json.loads(json.dumps(report_content(report), allow_nan=False))
    assert content["appraisers"]["Bo"]["miss"]["count"] == 6
    assert content["score_spread"] == 0.0
    export_study(Access(storage, operator="Grace"), report, tmp_path / "study.pdf")
    text = " ".join(page.extract_text() for page in PdfReader(tmp_path / "study.pdf").pages)
    assert report.digest in "".join(text.split())
    assert "Reported by Grace" in text
    export_study(Access(storage, operator="Grace"), report, tmp_path / "Studie.pdf", speaks("de"))
    text = " ".join(" ".join(page.extract_text().split()) for page in PdfReader(tmp_path / "Studie.pdf").pages)
    for german in (
        "Fähigkeitsstudie",
        "System: annehmbar",
        "Bo: nicht annehmbar wegen Durchschlupf",
        "Berichtet von Grace",
    ):
        assert german in text
    for english in ("acceptable", "Study", "appraiser", "effectiveness", "interval ", "Where ", "The "):
        assert english not in text.replace("Measurement Systems Analysis", "")
    with storage.reading() as transaction:
        told = transaction.events.vouched(EventKind.STUDY_REPORTED)
    assert json.loads(told[0].detail)["digest"] == report.digest
    assert storage.verify().intact


def test_nobody_judges_in_the_name_of_somebody_else(storage: Storage, studies: Studies, folder: Path) -> None:
    Users(storage, Access(storage)).add("Grace", Role.ADMIN, "837465")
    access = Access(storage)
    theirs = Studies(storage, access)
    with pytest.raises(AccessError, match="Nobody is signed in"):
        theirs.create(NAME, [folder])
    access.sign_in("Grace", "837465")
    with pytest.raises(StudyError, match="Eve cannot sign in here"):
        theirs.create(NAME, [folder], people=["Eve"])
    study = theirs.create(NAME, [folder], people=["Grace"])
    presentation, part = study.remaining("Grace")[0]
    theirs.answer(study, "Grace", presentation, part, Verdict.OK)
    access.sign_out()
    with pytest.raises(AccessError):
        theirs.answer(study, "Grace", presentation, part, Verdict.OK)


@pytest.mark.parametrize("people", [["Ada", "ada"], ["System"], [" "], ["A", "B", "C", "D"]])
def test_people_who_cannot_be_told_apart_are_refused(studies: Studies, folder: Path, people: list[str]) -> None:
    with pytest.raises(StudyError):
        studies.create(NAME, [folder], people=people)


def test_what_is_not_there_is_a_sentence(storage: Storage, studies: Studies, study: CapabilityStudy) -> None:
    with pytest.raises(StudyError, match="no study 99"):
        studies.study(NAME, 99)
    with pytest.raises(ProductError):
        studies.study("nothing")
    with pytest.raises(StudyError, match="does not take part"):
        studies.answer(study, "Eve", 1, 0, Verdict.OK)
    with pytest.raises(StudyError, match="no part 51"):
        studies.answer(study, "Ada", 1, 50, Verdict.OK)
    with pytest.raises(EvidenceError, match="Nobody has judged"):
        read_study(study)
    with pytest.raises(ProductError, match="capability studies"), storage.transaction() as transaction:
        transaction.products.remove(NAME)


def test_the_system_judges_by_the_recipe_that_the_study_was_laid_down_under(
    storage: Storage, studies: Studies, catalogue: Catalogue, study: CapabilityStudy
) -> None:
    moved = replace(make_draft(NAME), limits=replace(LIMITS, ok=0.9, ng=0.95))
    assert moved.limits is not None
    with storage.transaction() as transaction:
        transaction.products.sign(NAME, moved.recipe(moved.limits, MODEL_HASH), "Ada", MOMENT)
    report = read_study(present(studies, catalogue, study))
    assert report.result.appraisers[0].verdict == "acceptable"
