"""A map learns from confirmed defects: only from enough of them, only where it gains, signed, and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from filo_core.calibration.evidence import GOAL
from filo_core.engine import Engine, load_engine
from filo_core.errors import RecipeError
from filo_core.events import Calibrated, MapPutInForce, MapsTried, TriedMap
from filo_core.eyes.detector import EyesDetector
from filo_core.eyes.known_defects import heads_of, map_of
from filo_core.eyes.map_trial import MarkedPart
from filo_core.golden_set import GoldenAnswer, GoldenChecked, GoldenPart
from filo_core.imaging import read_image
from filo_core.learned_map import LearnedMap, MapKind
from filo_core.proof import JudgedPart, Proof
from filo_core.types import (
    AnomalyType,
    Box,
    EventKind,
    Eyes,
    InspectionFilter,
    ProductDescription,
    ProductDraft,
    Recipe,
    RecipeVersion,
    ReviewDecision,
    Sight,
    Verdict,
)
from filo_core.zones import Zone
from program import cli
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import Storage
from tests.e2e.conftest import paint_part
from tests.unit.storage.making import LIMITS, MODEL_HASH, make_image, sign_product
from workflows.inspecting.inspector import folder_steps
from workflows.products import learning_defects
from workflows.products.catalogue import Catalogue
from workflows.products.golden import GoldenSets
from workflows.products.learning_defects import (
    ConfirmedDefects,
    LearningError,
    confirmed_defects,
    forget_steps,
    learn_steps,
)
from workflows.products.product_file import ProductFile
from workflows.products.proofs import asked_rate
from workflows.products.sessions import SessionParts
from workflows.products.steps import calibration_steps
from workflows.reporting.history import History

NAME = "plate"
EYES = Eyes(Sight.FAST, 256)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine("compact", "cpu")


def paint_scratched(path: Path, seed: int) -> None:
    """A plate with a bright scratch somewhere on it."""
    paint_part(path, seed)
    pixels = np.asarray(Image.open(path)).copy()
    rng = np.random.default_rng(seed)
    top, left = int(rng.integers(26, 60)), int(rng.integers(34, 70))
    for step in range(22):
        pixels[top + step // 3, left + step] = np.minimum(pixels[top + step // 3, left + step] + 45, 255)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def version(catalogue: Catalogue, engine: Engine, tmp_path: Path) -> RecipeVersion:
    catalogue.create(ProductDescription(NAME, "metal plate"))
    catalogue.set_anomaly_types(NAME, (AnomalyType("scratch"),))
    catalogue.set_eyes(NAME, EYES)
    for seed in range(6):
        path = tmp_path / "good" / f"{seed}.png"
        paint_part(path, seed)
        catalogue.add_reference(NAME, read_image(path))
    list(calibration_steps(catalogue, NAME)(engine))
    return catalogue.sign_off(NAME, "Ada", engine.model_hash_for(EYES))


def inspect(storage: Storage, catalogue: Catalogue, engine: Engine, folder: Path) -> None:
    list(folder_steps(Recorder(storage, NAME), catalogue, catalogue.recipe(NAME), folder)(engine))


def confirm(storage: Storage, count: int) -> int:
    """Call the newest parts NG; back comes how many there were."""
    records = History(storage).page(InspectionFilter(product=NAME), limit=count)
    for record in records:
        decision = ReviewDecision.OVERRULE if record.verdict is Verdict.OK else ReviewDecision.CONFIRM
        History(storage).review(record.inspection_id, decision, Verdict.NG, "Ada", reason="scratched")
    return len(records)


@pytest.fixture
def confirmed(storage: Storage, catalogue: Catalogue, version: RecipeVersion, engine: Engine, tmp_path: Path) -> Path:
    """Ten scratched parts, inspected and called NG."""
    for seed in range(10):
        paint_scratched(tmp_path / "line" / f"{seed}.png", 100 + seed)
    inspect(storage, catalogue, engine, tmp_path / "line")
    assert confirm(storage, 10) == 10
    return tmp_path / "line"


def test_what_was_learnt_makes_other_scratches_stand_out_more_and_undo_brings_the_old_recipe_back(
    storage: Storage, catalogue: Catalogue, version: RecipeVersion, engine: Engine, confirmed: Path, tmp_path: Path
) -> None:
    del confirmed
    defects = confirmed_defects(storage, version.recipe)
    assert len(defects.parts) >= 8
    *_, tried, in_force = [e for e in learn_steps(catalogue, NAME, signed_by="Ada")(engine) if _tells(e)]
    assert isinstance(tried, MapsTried)
    assert isinstance(in_force, MapPutInForce)
    assert tried.tried[0].kind is MapKind.USUAL
    after = catalogue.recipe(NAME)
    assert after.version == 2
    assert after.recipe.learned_map is not None
    assert after.recipe.learned_map.kind is MapKind.KNOWN
    assert set(after.recipe.learned_map.learned_from) == {part.image.image_hash for part in defects.parts}
    assert after.recipe.content_hash != version.recipe.content_hash
    assert after.recipe.limits != version.recipe.limits
    assert "promise" in in_force.calibration
    assert not catalogue.draft(NAME).changed_since_signing
    paint_scratched(tmp_path / "new.png", 500)
    other = read_image(tmp_path / "new.png").pixels
    images = catalogue.references(NAME)
    before, now = (
        engine.detector(one.recipe, images).predict(other).image_score / one.recipe.limits.ok
        for one in (version, after)
    )
    assert now > before
    (undone,) = [e for e in forget_steps(catalogue, NAME, signed_by="Ada")(engine) if isinstance(e, MapPutInForce)]
    assert undone.undone
    assert catalogue.recipe(NAME).version == 1
    assert catalogue.draft(NAME).learned_map is None
    assert catalogue.draft(NAME).limits == version.recipe.limits
    with pytest.raises(LearningError, match="learnt nothing"):
        list(forget_steps(catalogue, NAME)(engine))
    with storage.reading() as transaction:
        changed = [one.detail for one in transaction.events.about(EventKind.DRAFT_CHANGED, NAME)]
    assert sum("learnt map" in str(detail) for detail in changed) == 2


def test_a_view_that_learns_keeps_its_share_of_the_promise(
    catalogue: Catalogue, engine: Engine, confirmed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del confirmed
    asked: list[float] = []
    calibrate = engine.calibrate
    monkeypatch.setattr(catalogue, "share_of_promise", lambda _: 2)
    # As where the rate that was asked for was not kept yet; what was kept is a view's share already.
    monkeypatch.setattr("workflows.products.learning_defects.asked_rate", lambda *_: None)
    monkeypatch.setattr(engine, "calibrate", lambda *given: asked.append(given[3]) or calibrate(*given))
    *_, in_force = [e for e in learn_steps(catalogue, NAME, signed_by="Ada")(engine) if _tells(e)]
    assert asked == [GOAL / 2]
    assert isinstance(in_force, MapPutInForce)
    assert "2 views share the promise" in in_force.calibration


def _tells(event: object) -> bool:
    return isinstance(event, (MapsTried, MapPutInForce))


def test_what_a_map_is_tried_with_is_what_judges(
    catalogue: Catalogue, engine: Engine, confirmed: Path, version: RecipeVersion
) -> None:
    list(learn_steps(catalogue, NAME, signed_by="Ada")(engine))
    pixels, images = read_image(confirmed / "0.png").pixels, catalogue.references(NAME)
    for recipe in (version.recipe, catalogue.recipe(NAME).recipe):
        detector = engine.detector(recipe, images)
        assert isinstance(detector, EyesDetector)
        views, kind = detector.trunk_views(pixels), recipe.learned_map.kind if recipe.learned_map else MapKind.USUAL
        heads = heads_of(recipe.learned_map)
        answers = [head.answers(view.residual) for head, view in zip(heads, views, strict=False)]
        tried = detector.score_of(map_of(kind, views, answers))
        assert tried == pytest.approx(detector.predict(pixels).image_score, abs=1e-5)


def test_a_look_changes_nothing_and_says_what_would_be_gained(
    catalogue: Catalogue, engine: Engine, confirmed: Path, version: RecipeVersion
) -> None:
    del confirmed
    *_, tried = learn_steps(catalogue, NAME, keeps=False)(engine)
    assert isinstance(tried, MapsTried)
    assert "confirmed bad parts" in tried.sentence
    assert catalogue.recipe(NAME) == version


def test_too_few_parts_and_parts_of_one_picture_are_refused_with_their_number(
    storage: Storage, catalogue: Catalogue, engine: Engine, version: RecipeVersion, tmp_path: Path
) -> None:
    for name in range(9):
        # One picture under many names is one part.
        paint_scratched(tmp_path / "line" / f"{name}.png", 100)
    inspect(storage, catalogue, engine, tmp_path / "line")
    confirm(storage, 9)
    with pytest.raises(LearningError, match=r"8 or more parts .* has 1\."):
        list(learn_steps(catalogue, NAME)(engine))
    assert catalogue.recipe(NAME) == version


def test_parts_without_a_region_and_pictures_that_are_gone_are_counted(
    storage: Storage, catalogue: Catalogue, engine: Engine, version: RecipeVersion, confirmed: Path
) -> None:
    history = History(storage)
    for seed in range(2):
        paint_part(confirmed.parent / "good too" / f"{seed}.png", 900 + seed)
    inspect(storage, catalogue, engine, confirmed.parent / "good too")
    plain = [one for one in history.page(InspectionFilter(product=NAME), limit=2) if not one.regions]
    for one in plain:
        history.review(one.inspection_id, ReviewDecision.OVERRULE, Verdict.NG, "Ada", reason="bent")
    whole = confirmed_defects(storage, version.recipe)
    storage.artefacts.path_of(whole.parts[0].image.image_hash).unlink()
    found = confirmed_defects(storage, version.recipe)
    assert (len(found.parts), found.placeless, found.gone) == (len(whole.parts) - 1, len(plain), 1)


def test_where_the_golden_set_would_fail_nothing_is_changed(
    storage: Storage, catalogue: Catalogue, engine: Engine, confirmed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    golden = GoldenSets(storage)
    good = confirmed.parent / "known.png"
    paint_part(good, 77)
    golden.add(NAME, read_image(good), Verdict.OK)
    events = list(learn_steps(catalogue, NAME, signed_by="Ada")(engine))
    assert isinstance(events[-1], GoldenChecked)
    assert events[-1].passed
    assert golden.checks(NAME)[0].recipe_version == 2
    list(forget_steps(catalogue, NAME, signed_by="Ada")(engine))

    def refuses(parts: Sequence[GoldenPart], _read: object, recipe: Recipe, _detector: object) -> Iterator[object]:
        verdict = Verdict.OK if recipe.learned_map is None else Verdict.NG
        yield GoldenChecked(tuple(GoldenAnswer(part, verdict, 0.5) for part in parts), recipe.content_hash)

    monkeypatch.setattr(learning_defects, "check_golden_set", refuses)
    with pytest.raises(LearningError, match="nothing is changed"):
        list(learn_steps(catalogue, NAME, signed_by="Ada")(engine))
    assert catalogue.recipe(NAME).version == 1


def test_a_draft_with_unsigned_changes_learns_nothing(catalogue: Catalogue, engine: Engine, confirmed: Path) -> None:
    del confirmed
    draft = catalogue.draft(NAME)
    assert draft.limits is not None
    catalogue.set_limits(NAME, replace(draft.limits, ng=draft.limits.ng + 0.05))
    with pytest.raises(LearningError, match="nobody has signed"):
        list(learn_steps(catalogue, NAME)(engine))


def test_other_eyes_forget_what_was_learnt_and_the_file_of_a_product_carries_it(
    catalogue: Catalogue, engine: Engine, confirmed: Path, tmp_path: Path
) -> None:
    del confirmed
    list(learn_steps(catalogue, NAME, signed_by="Ada")(engine))
    learned = catalogue.draft(NAME).learned_map
    assert learned is not None
    catalogue.export(NAME, tmp_path / "plate.filo")
    with ProductFile(tmp_path / "plate.filo") as file:
        assert file.draft.learned_map == learned
        damaged = replace(learned, trunks=tuple(replace(one, vectors="AAAA") for one in learned.trunks))
        broken = replace(file.draft, learned_map=damaged)
    imported = catalogue.import_product(tmp_path / "plate.filo", "plate two")
    assert imported.learned_map == learned
    assert imported.limits is None
    from workflows.products.draft_rules import tidy_draft

    with pytest.raises(RecipeError, match="known defects"):
        tidy_draft(broken)
    with pytest.raises(RecipeError, match="known defects is missing"):
        tidy_draft(replace(broken, learned_map=replace(learned, trunks=())))
    catalogue.set_eyes(NAME, Eyes(Sight.FAST, 384))
    assert catalogue.draft(NAME).learned_map is None
    assert catalogue.draft(NAME).limits is None


class RegionsLearn:
    """Stands in for an engine: whatever it is asked, a map is better, and moves its regions in a way of its own."""

    profile = "compact"

    def __init__(self, learned: LearnedMap, found: Calibrated) -> None:
        self._learned, self._found = learned, found
        self.apart: list[str] = []
        self.zones: tuple[Zone, ...] = ()

    def try_maps(self, *_: object) -> Iterator[MapsTried]:
        kinds = (MapKind.USUAL, MapKind.LIGHT)
        tried = tuple(TriedMap(kind, 1.0, 0, 1.0, 8, clear=kind is not MapKind.USUAL) for kind in kinds)
        yield MapsTried(tried, self._learned, 8, 2)

    def calibrate(self, draft: ProductDraft, *given: Any) -> Iterator[Calibrated]:
        *_, apart = given
        self.apart, self.zones = [image.name for image in apart], draft.zones
        kept = tuple(JudgedPart(image.image_hash, image.name, 0.3) for image in apart)
        yield replace(self._found, apart=kept)


def test_what_moves_regions_and_what_other_days_say_belong_to_the_new_limits(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = (Zone("rim", ((0.1, 0.1), (0.4, 0.4))), Zone("hole", ((0.5, 0.5), (0.9, 0.9))))
    first, second = (tuple(replace(zone, ease=ease) for zone in drawn) for ease in (0.7, 1.4))
    good = tuple(make_image(shade) for shade in (1, 2))
    parts = tuple(JudgedPart(image.image_hash, image.name, 0.1) for image in good)
    found = Calibrated(
        LIMITS, (0.1, 0.1), 1 / 3, "as drawn", MODEL_HASH, trained=True, zones=first, proof=Proof(LIMITS, parts)
    )
    catalogue.create(ProductDescription(NAME, "plate"))
    for image in good:
        catalogue.add_reference(NAME, image)
    catalogue.set_zones(NAME, drawn)
    catalogue.set_calibration(NAME, found)
    catalogue.sign_off(NAME, "Ada", MODEL_HASH, reason="a test")
    SessionParts(catalogue.storage).show(NAME, "night", [make_image(9, "night.png")], "Ada")
    marked = MarkedPart(make_image(7), (Box(0, 0, 2, 2),))
    monkeypatch.setattr(learning_defects, "confirmed_defects", lambda *_: ConfirmedDefects((marked,) * 8, 0, 0))
    after = replace(LIMITS, ok=LIMITS.ok / 2)
    again = replace(found, limits=after, zones=second, proof=Proof(after, parts), sentence="as learnt", promise=0.4)
    learned = LearnedMap(MapKind.LIGHT, MODEL_HASH, ("0" * 64,))
    engine: Any = RegionsLearn(learned, replace(again, promised_at=0.0))
    list(learn_steps(catalogue, NAME, signed_by="Ada")(engine))
    assert (engine.apart, engine.zones) == (["night.png"], drawn)
    recipe, draft = catalogue.recipe(NAME).recipe, catalogue.draft(NAME)
    assert (recipe.limits, recipe.zones, draft.zones, draft.calibration_note) == (after, second, second, "as learnt")
    assert not draft.changed_since_signing
    assert catalogue.signed_proof(NAME).reason == "its map learnt from parts that people called NG."
    assert catalogue.signed_proof(NAME).counts.good == len(parts)
    guard = catalogue.signed_guard(NAME)
    assert guard is not None
    assert [(one.session, one.rate.of) for one in guard.sessions] == [("night", 1)]
    assert catalogue.proof(NAME).good == parts
    list(forget_steps(catalogue, NAME, signed_by="Ada")(engine))
    recipe, draft = catalogue.recipe(NAME).recipe, catalogue.draft(NAME)
    assert (catalogue.recipe(NAME).version, recipe.limits, recipe.zones) == (1, LIMITS, first)
    assert catalogue.signed_proof(NAME).reason == "a test", "a former recipe keeps what was known of it"
    assert (draft.zones, draft.calibration_note, draft.changed_since_signing) == (first, "as drawn", False)
    assert catalogue.proof(NAME).good == parts


def test_the_command_looks_learns_and_takes_back(
    storage: Storage, confirmed: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILO_HOME", str(confirmed.parent))
    where = ["--database", sqlite_url(Path(storage.where)), "--json"]

    def run(*options: str) -> dict[str, Any]:
        done = CliRunner().invoke(cli, ["product", "learn-defects", NAME, *options, *where])
        assert done.exit_code == 0, done.output
        told: dict[str, Any] = json.loads(done.output.splitlines()[-1])
        return told

    looked = run("--dry-run")
    assert (looked["chosen"], looked["recipe_version"]) == ("more where a place is like known defects", None)
    assert run()["recipe_version"] == 2
    assert catalogue.recipe(NAME).recipe.learned_map is not None
    assert run("--undo")["recipe_version"] == 1
    assert catalogue.recipe(NAME).recipe.learned_map is None
    for options in (["--undo"], ["--dry-run", "--undo"]):
        refused = CliRunner().invoke(cli, ["product", "learn-defects", NAME, *options, *where])
        assert refused.exit_code == 1
        assert "Traceback" not in refused.output


def test_what_a_calibration_was_asked_to_promise_is_kept_and_asked_again(
    storage: Storage, catalogue: Catalogue
) -> None:
    recipe = sign_product(storage)
    judged = JudgedPart("a" * 64, "a", 0.1)
    limits = LIMITS
    for rate in (None, 0.05, 0.02):
        found = Calibrated(
            limits,
            tuple(0.1 for _ in recipe.references),
            0.5,
            "good",
            recipe.model_hash,
            trained=True,
            alpha=rate,
            proof=Proof(limits, (judged,)),
        )
        catalogue.set_calibration(recipe.product, found)
        with storage.reading() as transaction:
            assert asked_rate(transaction, recipe.product) == rate
    with storage.reading() as transaction:
        assert asked_rate(transaction, "another") is None
