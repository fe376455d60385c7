"""What a person decides on a part reaches the views that it is about, and a view is signed with its part alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from filo_core.errors import ProductError
from filo_core.events import Calibrated, Taught
from filo_core.learned_map import LearnedMap, MapKind
from filo_core.naming.region_features import space_of
from filo_core.types import Inspection, Recipe, ReviewDecision, Verdict, ViewInspection
from filo_core.views import part_inspection, picture_record
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import (
    LIMITS,
    MODEL_HASH,
    MOMENT,
    make_image,
    make_inspection,
    make_part,
    sign_part,
)
from workflows.products.catalogue import Catalogue
from workflows.products.evidence import confirmed_evidence, drift
from workflows.products.learned_names import read_decided
from workflows.products.learning_defects import confirmed_defects, learn_steps
from workflows.products.teaching import teach_steps
from workflows.products.views import judging_views
from workflows.reporting.history import History

if TYPE_CHECKING:
    from filo_core.engine import Engine

TOP, SIDE = "housing / top", "housing / side"


@pytest.fixture
def recipe(storage: Storage) -> Recipe:
    return sign_part(storage)


def own_recipe(storage: Storage, view: str) -> Recipe:
    with storage.reading() as transaction:
        return transaction.products.recipe(view).recipe


def keep(storage: Storage, part: Inspection, verdict: Verdict | None, named: str = "") -> int:
    number = Recorder(storage, "housing").record_one(part)
    if verdict is not None:
        agrees = part.verdict in {verdict, Verdict.REVIEW}
        decision = ReviewDecision.CONFIRM if agrees else ReviewDecision.OVERRULE
        decision = ReviewDecision.RETYPE if named else decision
        History(storage).review(number, decision, verdict, "Ada", "" if agrees else "it is", anomaly_type=named)
    return number


def test_a_part_that_was_called_good_is_evidence_for_each_of_its_views(storage: Storage, recipe: Recipe) -> None:
    keep(storage, make_part(storage, recipe, (11, 21), (0.1, 0.2), "part 1"), Verdict.OK)
    keep(storage, make_part(storage, recipe, (12, 22), (0.12, 0.9), "part 2"), Verdict.NG)
    found = {view: confirmed_evidence(storage, view, own_recipe(storage, view)).parts for view in (TOP, SIDE)}
    assert [(part.score, part.image_hash) for part in found[TOP]] == [(0.1, make_image(11).image_hash)]
    assert [(part.score, part.image_hash) for part in found[SIDE]] == [(0.2, make_image(21).image_hash)]


def test_parts_of_an_hour_count_for_a_view_once_all_are_decided(storage: Storage, recipe: Recipe) -> None:
    keep(storage, make_part(storage, recipe, (11, 21), (0.1, 0.2), "part 1"), Verdict.OK)
    waits = keep(storage, make_part(storage, recipe, (12, 22), (0.12, 0.9), "part 2"), None)
    assert confirmed_evidence(storage, TOP, own_recipe(storage, TOP)).parts == ()
    History(storage).review(waits, ReviewDecision.CONFIRM, Verdict.NG, "Ada", "")
    assert len(confirmed_evidence(storage, TOP, own_recipe(storage, TOP)).parts) == 1


def _of_hour(storage: Storage, recipe: Recipe, scores: Sequence[float], hour: int) -> None:
    """Good parts of one hour: the top scores as given, the side is quiet."""
    moment, rng = MOMENT + hour * timedelta(hours=1), np.random.default_rng(hour)
    for place, score in enumerate(scores):
        shade = 1000 * (hour + 1) + 2 * place
        views = [
            ViewInspection(view, LIMITS, make_inspection(own_recipe(storage, f"housing / {view}"), number, found))
            for view, number, found in (("top", shade, score), ("side", shade + 1, float(rng.uniform(0.05, 0.1))))
        ]
        part = part_inspection(f"part {shade}", views, recipe, 0.0)
        keep(storage, replace(part, inspected_at=moment), Verdict.OK)


def test_the_watch_over_drift_sees_each_view_of_a_part(storage: Storage, catalogue: Catalogue, recipe: Recipe) -> None:
    rng = np.random.default_rng(3)
    for view in (TOP, SIDE):
        base = tuple(rng.uniform(0.05, 0.1, 20).tolist())
        scores = tuple(0.1 for _ in catalogue.draft(view).references)
        found = Calibrated(LIMITS, scores, 0.5, "good", MODEL_HASH, trained=True, confirmed_scores=base)
        catalogue.set_calibration(view, found)
    _of_hour(storage, recipe, rng.uniform(0.05, 0.1, 10).tolist(), 0)
    calm = drift(storage, "housing")
    assert not calm.alarm
    assert calm.sentence.startswith("top: No sign of drift in 10 confirmed good parts")
    _of_hour(storage, recipe, rng.uniform(0.15, 0.2, 12).tolist(), 1)
    assert drift(storage, "housing").alarm
    assert drift(storage, TOP).alarm
    assert not drift(storage, SIDE).alarm, "the other view is as it was"


def test_what_the_parts_before_a_calibration_were_is_not_watched_again(
    storage: Storage, catalogue: Catalogue, recipe: Recipe
) -> None:
    _of_hour(storage, recipe, [0.1, 0.11, 0.12], 0)
    catalogue.set_calibration(TOP, Calibrated(LIMITS, (0.1, 0.1), 0.5, "good", MODEL_HASH, trained=True))
    with storage.reading() as transaction:
        product_id = transaction.products.product_id(TOP)
        kept = transaction.calibrations.newest(product_id)
        newest = max(row.inspection_id for row in transaction.calibrations.answered(product_id))
    assert kept is not None
    assert kept.last_inspection_id == newest


def _seen(storage: Storage, recipe: Recipe, bad: int) -> Inspection:
    """A part with a region that has an embedding in each view; one of them is bad."""
    part, space = make_part(storage, recipe, (31 + bad, 41 + bad), (0.9, 0.1) if bad == 0 else (0.1, 0.9)), ""
    views = []
    for place, view in enumerate(part.views):
        space = space_of(own_recipe(storage, f"housing / {view.name}").model_hash)
        vector = np.eye(4, dtype=np.float32)[place]
        prediction = view.inspection.prediction
        assert prediction is not None
        regions = tuple(replace(region, embedding=vector) for region in prediction.regions)
        seen = replace(prediction, regions=regions, embedding_space=space)
        views.append(replace(view, inspection=replace(view.inspection, prediction=seen)))
    return part_inspection(f"part {bad}", views, recipe, 0.0)


def test_a_name_that_was_given_to_a_part_teaches_the_view_that_decided(storage: Storage, recipe: Recipe) -> None:
    keep(storage, _seen(storage, recipe, bad=1), Verdict.NG, named="dent")
    taught = {view: read_decided(storage, own_recipe(storage, view)).examples for view in (TOP, SIDE)}
    assert [one.name for one in taught[SIDE]] == ["dent"]
    assert taught[SIDE][0].embedding[1] == pytest.approx(1.0)
    assert taught[TOP] == ()


def test_a_defect_of_a_part_teaches_the_map_of_the_view_that_decided(
    storage: Storage, catalogue: Catalogue, recipe: Recipe
) -> None:
    keep(storage, _seen(storage, recipe, bad=0), Verdict.NG)
    defects = confirmed_defects(storage, own_recipe(storage, TOP))
    assert [part.image.image_hash for part in defects.parts] == [make_image(31).image_hash]
    assert confirmed_defects(storage, own_recipe(storage, SIDE)).parts == ()
    with pytest.raises(ProductError, match="Choose one of them, such as 'housing / top'"):
        list(learn_steps(catalogue, "housing", signed_by="Ada")(cast("Engine", None)))


class _Teachable:
    def is_set_up_for(self, recipe: Recipe) -> bool:
        return bool(recipe.references)

    def detector_after(self, before: Recipe, after: Recipe, images: object) -> None:
        assert before.product == after.product
        assert images


def test_what_is_taught_from_a_part_joins_the_view_that_decided_and_the_part_judges_by_it(
    storage: Storage, catalogue: Catalogue, recipe: Recipe
) -> None:
    number = keep(storage, make_part(storage, recipe, (11, 21), (0.1, 0.9), "part 1"), None)
    record = History(storage).get(number)
    assert picture_record(record).product == SIDE
    (event,) = teach_steps(catalogue, record, None, "Ada")(cast("Engine", _Teachable()))
    assert isinstance(event, Taught)
    assert [patch.image_hash for patch in event.patches] == [make_image(21).image_hash]
    part = catalogue.recipe("housing")
    assert part.version == 2
    top, side = judging_views(catalogue, part.recipe)
    assert side.recipe.taught_patches == event.patches
    assert side.version == event.version
    assert top.recipe.content_hash == recipe.views[0].recipe_hash
    assert not catalogue.draft("housing").changed_since_signing


def test_a_map_that_a_view_learnt_is_in_force_in_its_part(
    storage: Storage, catalogue: Catalogue, recipe: Recipe
) -> None:
    before = own_recipe(storage, TOP)
    after = replace(before, learned_map=LearnedMap(MapKind.LIGHT, MODEL_HASH, (make_image(3).image_hash,)))
    found = Calibrated(LIMITS, (0.1, 0.1), 0.5, "good", MODEL_HASH, trained=True)
    version = catalogue.put_map_in_force(before, after, found, "Ada")
    views = catalogue.recipe("housing").recipe.views
    assert [view.recipe_hash for view in views] == [version.recipe.content_hash, recipe.views[1].recipe_hash]


def test_a_view_is_not_signed_under_its_own_name(storage: Storage, catalogue: Catalogue, recipe: Recipe) -> None:
    for refused in (lambda: catalogue.sign_off(TOP, "Ada", MODEL_HASH), lambda: catalogue.require_whole(TOP)):
        with pytest.raises(ProductError, match=r"is a view of housing, .* product views 'housing' --sign"):
            refused()
    catalogue.require_whole("housing")
    assert catalogue.recipe("housing").recipe == recipe
    assert own_recipe(storage, TOP).content_hash == recipe.views[0].recipe_hash
