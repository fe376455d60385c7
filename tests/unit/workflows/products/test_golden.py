from __future__ import annotations

import json
import weakref
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from filo_core.calibration.golden_check import check_golden_set
from filo_core.errors import EvidenceError, FolderError, ProductError, RecipeError
from filo_core.golden_set import GoldenAnswer, GoldenChecked, GoldenPart
from filo_core.imaging import read_image
from filo_core.line.worker import Worker
from filo_core.statistics.shifts import Shifts
from filo_core.types import EventKind, Limits, Prediction, Recipe, Role, SourceImage, Verdict
from storage.calibration_models import GoldenCheckRow, GoldenReleaseRow
from storage.recorder import Recorder
from storage.sessions import RecordSession
from storage.storage import Storage
from tests.unit.storage.counting import asked_of
from tests.unit.storage.making import make_image, make_inspection, sign_product
from workflows.inspecting.inspector import Inspector, image_steps
from workflows.people.access import Access, AccessError
from workflows.people.users import Users
from workflows.products.catalogue import Catalogue
from workflows.products.golden import GoldenSetError, GoldenSets

NAME = "metal nut"
MOST_STATEMENTS = 8
DAY = Shifts.parse("06:00,14:00,22:00")


@pytest.fixture
def recipe(storage: Storage) -> Recipe:
    return sign_product(storage)


@pytest.fixture
def golden(storage: Storage, recipe: Recipe) -> GoldenSets:
    return GoldenSets(storage)


def checked(recipe: Recipe, verdict: Verdict) -> GoldenChecked:
    part = GoldenPart(make_image(1).image_hash, "one.png", Verdict.OK)
    return GoldenChecked((GoldenAnswer(part, verdict, 0.9),), recipe.content_hash)


@pytest.mark.parametrize(
    ("expected", "verdict", "wrong"),
    [
        (Verdict.OK, Verdict.OK, False),
        (Verdict.OK, Verdict.REVIEW, False),
        (Verdict.OK, Verdict.NG, True),
        (Verdict.NG, Verdict.NG, False),
        (Verdict.NG, Verdict.REVIEW, False),
        (Verdict.NG, Verdict.OK, True),
        (Verdict.NG, Verdict.NOT_INSPECTED, True),
    ],
)
def test_what_makes_an_answer_wrong(expected: Verdict, verdict: Verdict, wrong: bool) -> None:
    assert GoldenAnswer(GoldenPart("a", "a.png", expected), verdict, None).wrong is wrong


class RedDetector:
    """The more red, the more anomalous."""

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        score = float(pixels[..., 0].mean()) / 255.0
        return Prediction(score, np.full((2, 2), score, np.float32), (), {}, trained=True)


def test_every_known_part_is_judged_and_the_wrong_ones_are_named(recipe: Recipe) -> None:
    images = {name: make_image(shade, name) for name, shade in (("a.png", 10), ("b.png", 250), ("c.png", 20))}
    known = {"a.png": Verdict.OK, "b.png": Verdict.NG, "c.png": Verdict.NG}
    parts = [GoldenPart(image.image_hash, name, known[name]) for name, image in images.items()]

    def read(part: GoldenPart) -> SourceImage:
        return images[part.name]

    *_, result = check_golden_set(parts, read, recipe, RedDetector())
    assert isinstance(result, GoldenChecked)
    assert result.sentence == "The golden set failed: 1 of 3 known parts. c.png is known to be NG and got OK."
    with pytest.raises(EvidenceError, match="no golden set yet"):
        next(check_golden_set([], read, recipe, RedDetector()))


def test_without_a_golden_set_nothing_is_held_back(golden: GoldenSets) -> None:
    assert golden.problem(NAME) == ""
    golden.require(NAME)


def test_a_failed_check_holds_back_until_a_later_one_passes(golden: GoldenSets, recipe: Recipe) -> None:
    golden.add(NAME, make_image(1), Verdict.OK)
    assert golden.problem(NAME) == ""
    golden.keep(NAME, checked(recipe, Verdict.NG), "Ada")
    with pytest.raises(GoldenSetError, match=r"must not be inspected\. The golden set failed"):
        golden.require(NAME)
    golden.keep(NAME, checked(recipe, Verdict.OK), "Ada")
    golden.require(NAME)
    assert [check.checked.passed for check in golden.checks(NAME)] == [True, False]


def test_a_release_counts_for_the_check_that_was_signed_and_no_other(golden: GoldenSets, recipe: Recipe) -> None:
    golden.add(NAME, make_image(1), Verdict.OK)
    with pytest.raises(GoldenSetError, match="nothing to sign off"):
        golden.release(NAME, "Ada", "why not")
    golden.keep(NAME, checked(recipe, Verdict.NG), "Ada")
    for who, why in (("", "a reason"), ("Ada", "   "), ("Ada", "x" * 1001)):
        with pytest.raises(GoldenSetError):
            golden.release(NAME, who, why)
    release = golden.release(NAME, "Ada", "lamp was replaced")
    assert release.problem.startswith("The golden set failed")
    golden.require(NAME)
    golden.keep(NAME, checked(recipe, Verdict.NG), "Ada")
    assert golden.problem(NAME).startswith("The golden set failed")


def test_a_demanded_check_counts_for_its_shift_and_its_recipe(
    golden: GoldenSets, storage: Storage, catalogue: Catalogue, recipe: Recipe
) -> None:
    golden.add(NAME, make_image(1), Verdict.OK)
    golden.demand(NAME, DAY)
    now = datetime.now().astimezone()
    assert "has not been checked since the shift began" in golden.problem(NAME)
    golden.keep(NAME, checked(recipe, Verdict.OK), "Ada")
    assert golden.problem(NAME, now) == ""
    assert "since the shift began" in golden.problem(NAME, now + timedelta(hours=9))
    moved = catalogue.set_limits(NAME, Limits(0.2, 0.5, 0.125))
    assert moved.limits is not None
    catalogue.sign_off(NAME, "Ada", recipe.model_hash)
    assert "checked under recipe version 1, not 2" in golden.problem(NAME, now)
    golden.release(NAME, "Ada", "only the limit moved")
    assert golden.problem(NAME, now) == ""
    golden.demand(NAME, None)
    assert golden.problem(NAME, now + timedelta(days=3)) == ""


def test_checks_and_releases_can_neither_be_changed_nor_deleted(
    golden: GoldenSets, storage: Storage, catalogue: Catalogue, recipe: Recipe
) -> None:
    golden.add(NAME, make_image(1), Verdict.OK)
    golden.keep(NAME, checked(recipe, Verdict.NG), "Ada")
    golden.release(NAME, "Ada", "because")
    for table in (GoldenCheckRow, GoldenReleaseRow):
        with RecordSession(storage._engine) as session:
            row = session.get(table, 1)
            assert row is not None
            session.delete(row)
            with pytest.raises(AssertionError, match="never deleted"):
                session.flush()
    with pytest.raises(ProductError, match="golden set checks in the record"):
        catalogue.delete(NAME)


def test_a_folder_is_good_or_bad_by_its_name(golden: GoldenSets, tmp_path: Path) -> None:
    for name, shade in (("good/a.png", 1), ("scratch/b.png", 2), ("dent/c.png", 3)):
        path = tmp_path / "nut" / "test" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(make_image(shade).encoded)
    golden.add_folder(NAME, tmp_path / "nut")
    expected = {part.name: part.expected for part in golden.parts(NAME)}
    assert expected == {"a.png": Verdict.OK, "b.png": Verdict.NG, "c.png": Verdict.NG}
    with pytest.raises(FolderError, match="needs a folder good"):
        golden.add_folder(NAME, tmp_path / "nut" / "test" / "scratch")
    with pytest.raises(FolderError, match="is not a folder"):
        golden.add_folder(NAME, tmp_path / "nowhere")


class _RedEngine:
    lanes = 1

    model_hash = "c" * 64

    def detector(self, recipe: Recipe, references: object) -> RedDetector:
        return RedDetector()


@pytest.fixture
def inspector(storage: Storage, catalogue: Catalogue) -> Iterator[Inspector]:
    worker: Worker[_RedEngine] = Worker(_RedEngine)
    worker.start()
    yield Inspector(catalogue, storage, worker)  # type: ignore[arg-type]
    worker.stop()


def test_the_core_holds_back_single_images_whoever_asks(
    golden: GoldenSets, inspector: Inspector, recipe: Recipe, catalogue: Catalogue
) -> None:
    golden.add(NAME, make_image(1), Verdict.OK)
    golden.keep(NAME, checked(recipe, Verdict.NG), "Ada")
    handle = inspector.inspect_image(NAME, make_image(5))
    handle.wait(20)
    assert isinstance(handle.error, GoldenSetError)
    steps = image_steps(inspector._recorder(NAME), catalogue, catalogue.recipe(NAME), make_image(5))
    with pytest.raises(GoldenSetError):
        next(steps(_RedEngine()))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("moment", "begun"),
    [
        ("2026-03-02 05:59", "2026-03-01 22:00"),
        ("2026-03-02 06:00", "2026-03-02 06:00"),
        ("2026-03-02 13:59", "2026-03-02 06:00"),
        ("2026-03-02 23:10", "2026-03-02 22:00"),
    ],
)
def test_when_a_shift_began(moment: str, begun: str) -> None:
    assert DAY.start_of(datetime.fromisoformat(moment).astimezone()) == datetime.fromisoformat(begun).astimezone()


def test_shifts_that_are_no_times_are_a_sentence() -> None:
    with pytest.raises(RecipeError, match="names no shifts"):
        Shifts.parse("early, late")


def test_the_gate_asks_the_record_little_and_the_same_however_much_there_is(
    golden: GoldenSets, storage: Storage, recipe: Recipe
) -> None:
    recorder = Recorder(storage, NAME)
    counted: list[int] = []
    for more in (1, 10):
        for shade in range(more, 2 * more):
            golden.add(NAME, make_image(shade), Verdict.OK)
            recorder.record_one(make_inspection(recipe, shade))
        parts = [GoldenAnswer(part, Verdict.OK, 0.1) for part in golden.parts(NAME)]
        golden.keep(NAME, GoldenChecked(tuple(parts), recipe.content_hash), "Ada")
        with asked_of(storage) as asked:
            golden.require(NAME)
        counted.append(len(asked))
    assert counted[0] == counted[1] < MOST_STATEMENTS


def test_once_there_are_users_only_who_may_sign_off_can_release_and_gives_the_pin_again(
    golden: GoldenSets, storage: Storage, recipe: Recipe
) -> None:
    golden.add(NAME, make_image(1), Verdict.OK)
    golden.keep(NAME, checked(recipe, Verdict.NG), "Ada")
    access = Access(storage)
    Users(storage, access).add("Grace", Role.ADMIN, "607385")
    with pytest.raises(AccessError, match="Nobody is signed in"):
        golden.release(NAME, "Ada", "lamp was replaced")
    access.sign_in("Grace", "607385")
    signed = GoldenSets(storage, access)
    for pin in ("", "628470"):
        with pytest.raises(AccessError, match="PIN is wrong"):
            signed.release(NAME, "Ada", "lamp was replaced", pin)
    assert signed.releases(NAME) == ()
    assert signed.release(NAME, "Ada", "lamp was replaced", "607385").signed_by == "Grace"
    access.sign_out()


def test_a_golden_set_is_changed_by_a_supervisor_only_and_the_chain_says_who_and_what(
    golden: GoldenSets, storage: Storage, recipe: Recipe, tmp_path: Path
) -> None:
    access = Access(storage)
    users = Users(storage, access)
    users.add("Grace", Role.ADMIN, "607385")
    access.sign_in("Grace", "607385")
    users.add("Olaf", Role.OPERATOR, "495028")
    signed = GoldenSets(storage, access)
    part = signed.add(NAME, make_image(1), Verdict.NG)
    signed.demand(NAME, DAY)
    access.sign_in("Olaf", "495028")
    for change in (
        lambda: signed.add(NAME, make_image(1), Verdict.OK),
        lambda: signed.add_folder(NAME, tmp_path),
        lambda: signed.remove(NAME, part.image_hash),
        lambda: signed.demand(NAME, None),
    ):
        with pytest.raises(AccessError, match="Olaf may not change a golden set"):
            change()
    access.sign_in("Grace", "607385")
    signed.remove(NAME, part.image_hash)
    access.sign_out()
    with storage.reading() as transaction:
        events = [event for event in transaction.events.newest() if event.kind is EventKind.GOLDEN_SET_CHANGED]
    assert {(event.actor, event.subject) for event in events} == {("Grace", NAME)}
    told = [json.loads(event.detail) for event in reversed(events)]
    assert [{key: detail[key] for key in detail.keys() - {"product", "digest"}} for detail in told] == [
        {"added": part.image_hash, "name": "part.png", "expected": "NG"},
        {"demanded": "06:00,14:00,22:00"},
        {"removed": part.image_hash},
    ]
    assert storage.verify().intact


def test_a_large_folder_of_known_parts_never_lies_in_memory_as_a_whole(
    golden: GoldenSets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        path = tmp_path / "nut" / ("good" if number < 3 else "scratch") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make_image(number).encoded)
    alive = [0, 0]  # now, and at most

    def counted(path: Path) -> SourceImage:
        image = read_image(path)
        alive[0] += 1
        alive[1] = max(alive)
        weakref.finalize(image.pixels, lambda: alive.__setitem__(0, alive[0] - 1))
        return image

    monkeypatch.setattr("workflows.products.golden.read_image", counted)
    assert len(golden.add_folder(NAME, tmp_path / "nut")) == 6
    assert alive[1] <= 2
