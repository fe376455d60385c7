"""Views of a product: added, shared, signed together, taken away; and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from filo_core.errors import ProductError, RecipeError
from filo_core.events import Calibrated
from filo_core.types import AnomalyType, ProductDescription, ViewInspection, WizardStep
from filo_core.views import PART_LIMITS, part_inspection
from filo_core.zones import Zone
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import LIMITS, MODEL_HASH, make_image, make_inspection, make_part, sign_part
from tests.unit.workflows.products.packing import edited, members_of, pack
from workflows.products.catalogue import Catalogue
from workflows.products.views import judging_views
from workflows.reporting.history import History

FOUND = Calibrated(LIMITS, (0.1,), 0.5, "one good part", MODEL_HASH, trained=True)


@pytest.fixture
def housing(catalogue: Catalogue) -> str:
    catalogue.create(ProductDescription("housing", "housing"))
    catalogue.set_anomaly_types("housing", [AnomalyType("dent")])
    for shade, view in enumerate(("top", "side")):
        catalogue.add_view("housing", view, suffix=f"_{view}")
        catalogue.add_reference(f"housing / {view}", make_image(shade))
    for view in ("top", "side"):
        catalogue.set_calibration(f"housing / {view}", FOUND)
    return "housing"


def test_views_are_set_up_like_products_and_listed_with_theirs(catalogue: Catalogue, housing: str) -> None:
    (draft,) = catalogue.drafts()
    assert [view.name for view in draft.views] == ["top", "side"]
    assert draft.limits == PART_LIMITS
    assert [view.draft.anomaly_types for view in draft.views] == [draft.anomaly_types] * 2
    assert catalogue.share_of_promise("housing / top") == 2
    assert catalogue.share_of_promise(housing) == 1


def test_all_views_are_signed_together_and_the_part_knows_their_recipes(catalogue: Catalogue, housing: str) -> None:
    version = catalogue.sign_off(housing, "Ada", MODEL_HASH, reason="a test")
    views = judging_views(catalogue, version.recipe)
    assert [view.recipe.content_hash for view in views] == [view.recipe_hash for view in version.recipe.views]
    assert not catalogue.draft(housing).changed_since_signing
    catalogue.add_reference("housing / top", make_image(5))
    assert catalogue.draft(housing).missing(WizardStep.CALIBRATE) == "top: Set the limits from the good images."
    assert judging_views(catalogue, version.recipe) == views, "what was signed stays in force"


def test_another_view_voids_the_limits_of_the_others_which_keep_less_of_the_promise(
    catalogue: Catalogue, housing: str
) -> None:
    draft = catalogue.add_view(housing, "bottom")
    assert [view.draft.limits for view in draft.views] == [None, None, None]
    assert draft.missing(WizardStep.REFERENCES) == "bottom: Add at least one good image; four are better."
    with pytest.raises(RecipeError, match="bottom: Add at least one good image"):
        catalogue.sign_off(housing, "Ada", MODEL_HASH, reason="a test")
    assert [view.name for view in catalogue.take_view(housing, "BOTTOM").views] == ["top", "side"]


def test_a_view_that_was_signed_and_taken_away_comes_back_with_its_good_images(
    catalogue: Catalogue, housing: str
) -> None:
    catalogue.sign_off(housing, "Ada", MODEL_HASH, reason="a test")
    assert len(catalogue.take_view(housing, "side").views) == 1
    back = catalogue.add_view(housing, "side", suffix="_s")
    assert (back.views[1].suffix, len(back.views[1].draft.references)) == ("_s", 1)


def test_a_part_that_gets_another_name_or_list_gives_it_to_its_views(catalogue: Catalogue, housing: str) -> None:
    catalogue.describe(housing, ProductDescription("case", "case"))
    catalogue.set_anomaly_types("case", [AnomalyType("crack")])
    draft = catalogue.draft("case")
    assert [view.draft.description.name for view in draft.views] == ["case / top", "case / side"]
    assert all(view.draft.anomaly_types == draft.anomaly_types for view in draft.views)
    copy = catalogue.clone("case", "other")
    assert [len(view.draft.references) for view in copy.views] == [1, 1]
    catalogue.delete("case")
    assert [draft.description.name for draft in catalogue.drafts()] == ["other"]


def test_a_product_file_brings_its_views_along(catalogue: Catalogue, housing: str, tmp_path: Path) -> None:
    catalogue.export(housing, tmp_path / "housing.filo")
    draft = catalogue.import_product(tmp_path / "housing.filo", "again")
    assert [(view.name, view.suffix, len(view.draft.references)) for view in draft.views] == [
        ("top", "_top", 1),
        ("side", "_side", 1),
    ]
    assert draft.views[0].draft.limits is None


@pytest.mark.parametrize(
    ("view", "suffix", "said"),
    [
        (" ", "", "has no name"),
        ("a/b", "", "holds a /"),
        ("third", "_TOP", "could be those of the view top"),
        ("third", "top", "could be those of the view top"),
    ],
)
def test_a_view_that_cannot_be_told_from_others_is_refused(
    catalogue: Catalogue, housing: str, view: str, suffix: str, said: str
) -> None:
    with pytest.raises(ProductError, match=said):
        catalogue.add_view(housing, view, suffix=suffix)


def test_the_password_of_a_camera_is_kept_out_of_the_record(catalogue: Catalogue, housing: str) -> None:
    with pytest.raises(ProductError, match="holds a password"):
        catalogue.add_view(housing, "top", source="rtsp://anna:sesame@camera/1")
    assert catalogue.add_view(housing, "top", source="rtsp://anna@camera/1").views[0].source == "rtsp://anna@camera/1"


def test_what_belongs_to_a_view_is_refused_for_the_part_and_the_other_way_round(
    catalogue: Catalogue, housing: str
) -> None:
    with pytest.raises(ProductError, match="several views: top, side"):
        catalogue.add_reference(housing, make_image(9))
    with pytest.raises(ProductError, match="is a view of housing"):
        catalogue.delete("housing / top")
    with pytest.raises(ProductError, match="is a view of housing"):
        catalogue.describe("housing / top", ProductDescription("lid", "lid"))
    catalogue.create(ProductDescription("nut", "nut"))
    catalogue.add_reference("nut", make_image(1))
    with pytest.raises(ProductError, match="Make a new product for its views"):
        catalogue.add_view("nut", "top")


def test_limits_of_a_part_are_those_of_its_views_and_cannot_be_moved_by_hand(
    catalogue: Catalogue, housing: str
) -> None:
    with pytest.raises(ProductError, match="several views: top, side"):
        catalogue.set_limits(housing, LIMITS)


def test_a_name_that_is_too_long_with_its_view_is_refused(catalogue: Catalogue, housing: str) -> None:
    with pytest.raises(ProductError, match="more than the 120 allowed"):
        catalogue.clone(housing, "x" * 118)
    assert [draft.description.name for draft in catalogue.drafts()] == [housing]


def test_a_view_that_comes_back_has_the_list_of_its_part(catalogue: Catalogue, housing: str) -> None:
    catalogue.sign_off(housing, "Ada", MODEL_HASH, reason="a test")
    catalogue.take_view(housing, "side")
    catalogue.set_anomaly_types(housing, [AnomalyType("crack")])
    back = catalogue.add_view(housing, "side")
    assert back.views[1].draft.anomaly_types == back.anomaly_types


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (lambda views: views[0].update(name=" "), "has no name"),
        (lambda views: views[0].update(name="a/b"), "holds a /"),
        (lambda views: views[0].update(name="SIDE", suffix=""), "is there twice"),
        (lambda views: views[0].update(suffix="_side"), "could be those of the view"),
        (lambda views: views[0].update(source="rtsp://anna:sesame@camera/1"), "holds a password"),
        (lambda views: views[0]["draft"].update(views=[dict(views[1])]), "has views of its own"),
        (lambda views: views.extend(views[0] | {"name": f"{n}", "suffix": f"_{n}"} for n in range(8)), "has 8 views"),
    ],
)
def test_a_file_brings_no_view_that_could_not_be_added(
    catalogue: Catalogue, housing: str, tmp_path: Path, forge: Callable[[Any], object], said: str
) -> None:
    catalogue.export(housing, tmp_path / "housing.filo")
    forged = edited(members_of(tmp_path / "housing.filo"), lambda content: forge(content["draft"]["views"]))
    with pytest.raises(ProductError, match=said):
        catalogue.import_product(pack(tmp_path / "forged.filo", forged), "again")
    assert [draft.description.name for draft in catalogue.drafts()] == [housing]


def test_a_file_brings_no_good_images_of_a_part_beside_its_views(
    catalogue: Catalogue, housing: str, tmp_path: Path
) -> None:
    catalogue.export(housing, tmp_path / "housing.filo")

    def forge(content: Any) -> None:
        content["draft"]["references"] = content["draft"]["views"][0]["draft"]["references"]

    forged = edited(members_of(tmp_path / "housing.filo"), forge)
    with pytest.raises(ProductError, match="several views: top, side"):
        catalogue.import_product(pack(tmp_path / "forged.filo", forged), "again")


def test_a_part_is_one_row_with_its_views_and_is_judged_once(storage: Storage) -> None:
    recipe = sign_part(storage)
    recorder = Recorder(storage, "housing")
    part = make_part(storage, recipe, (1, 2), (0.1, 0.9))
    number = recorder.record_one(part)
    assert recorder.record_one(part) == number
    other = recorder.record_one(make_part(storage, recipe, (3, 2), (0.1, 0.9), "part 2"))
    assert other != number, "two parts may share a picture"
    with storage.reading() as transaction:
        record = transaction.inspections.get(number)
        spoken = transaction.retention.spoken_of() - transaction.retention.protected()
        waiting = {one.content_hash for one in transaction.retention.candidates()}
    assert [(view.name, view.verdict.value, view.image_score) for view in record.views] == [
        ("top", "OK", 0.1),
        ("side", "NG", 0.9),
    ]
    assert record.views[1].regions == record.regions
    assert record.image_hash == record.views[1].image_hash
    assert {view.image_hash for view in record.views} <= spoken
    assert record.views[0].image_hash not in waiting, "a view stays as long as its part"
    hashes = [(view.name, view.image_hash) for view in record.views]
    assert recorder.part_judged(hashes, recipe.content_hash) == number


def test_the_regions_of_a_part_are_those_of_the_view_that_decided(
    storage: Storage, catalogue: Catalogue, housing: str
) -> None:
    face = Zone("face", ((0.1, 0.1), (0.5, 0.5)))
    catalogue.set_zones("housing / side", (face,))
    catalogue.set_calibration("housing / side", replace(FOUND, zones=(face,)))
    recipe = catalogue.sign_off(housing, "Ada", MODEL_HASH, reason="a test").recipe
    with storage.reading() as transaction:
        own = [transaction.products.draft(f"housing / {view}").recipe(LIMITS, MODEL_HASH) for view in ("top", "side")]
    for bad, zones in ((0, ()), (1, (face,))):
        views = [
            ViewInspection(view.name, LIMITS, make_inspection(of, bad * 4 + place, 0.9 if place == bad else 0.1))
            for place, (view, of) in enumerate(zip(recipe.views, own, strict=True))
        ]
        number = Recorder(storage, housing).record_one(part_inspection(f"part {bad}", views, recipe, 0.0))
        history = History(storage)
        record = history.get(number)
        assert history.placed(record, history.image(record).pixels).zones == zones
