"""Regions of a draft and in files: ours, labelme's, COCO's; and files that are none of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from filo_core.errors import FiloError, ProductError, RecipeError
from filo_core.events import Calibrated
from filo_core.method.zone_rules import checked_zones
from filo_core.types import AnomalyType, Box, EventKind, Limits, ProductDescription
from filo_core.zones import CodeRead, FixtureSearch, ItemCount, ItemExample, Unreadable, Zone, ZoneKind, ZoneShape
from storage.storage import Storage
from tests.unit.filo_core.method import parts_to_find as parts
from tests.unit.storage.making import LIMITS, MODEL_HASH, make_draft, make_image
from tests.unit.workflows.products.packing import edited, members_of, pack
from workflows.products.catalogue import Catalogue
from workflows.products.product_file import ProductFile
from workflows.products.region_files import read_regions, write_regions

_RIM = Zone("rim", ((0.1, 0.1), (0.4, 0.4)))
_HOLE = Zone("hole", ((0.5, 0.5), (0.9, 0.5), (0.7, 0.9)), ZoneShape.POLYGON, limit=0.4)
_PRINT = Zone("print", ((0.0, 0.6), (0.3, 0.9)), ZoneShape.ELLIPSE, ZoneKind.IGNORE)
_ALL = (_RIM, _HOLE, _PRINT)


@pytest.fixture
def product(catalogue: Catalogue) -> str:
    catalogue.create(ProductDescription("nut", "nut"))
    for shade in (1, 2):
        catalogue.add_reference("nut", make_image(shade))
    return "nut"


def _calibrated(zones: tuple[Zone, ...]) -> Calibrated:
    return Calibrated(LIMITS, (0.1, 0.2), 1 / 3, "two good parts", MODEL_HASH, trained=True, zones=zones)


def test_regions_are_kept_and_void_the_limits_which_bring_what_moves_them(
    catalogue: Catalogue, product: str, storage: Storage
) -> None:
    catalogue.set_calibration(product, _calibrated(()))
    drawn = catalogue.set_zones(product, _ALL)
    assert (drawn.zones, drawn.limits) == (_ALL, None)
    found = (replace(_RIM, ease=0.7), *_ALL[1:])
    catalogue.set_calibration(product, _calibrated(found))
    assert catalogue.draft(product).zones == found
    assert catalogue.set_zones(product, _ALL).limits == LIMITS, "the very same regions change nothing"
    version = catalogue.sign_off(product, "Ada", MODEL_HASH, reason="a test")
    assert version.recipe.zones == found
    assert catalogue.recipe(product).recipe.content_hash == version.recipe.content_hash
    assert not catalogue.draft(product).changed_since_signing
    with storage.reading() as transaction:
        told = [json.loads(event.detail) for event in transaction.events.about(EventKind.DRAFT_CHANGED, product)]
    assert any("rim (inspect" in str(one) for one in told)


def test_limits_of_other_regions_are_not_taken_over(catalogue: Catalogue, product: str) -> None:
    catalogue.set_zones(product, _ALL)
    with pytest.raises(RecipeError, match="regions of nut changed while"):
        catalogue.set_calibration(product, _calibrated((_RIM,)))


def test_the_rectangle_of_before_goes_when_regions_are_drawn(catalogue: Catalogue, storage: Storage) -> None:
    with storage.transaction() as transaction:
        transaction.products.add(make_draft("old"))
    assert catalogue.draft("old").region_of_interest == Box(1, 2, 30, 40)
    drawn = catalogue.set_zones("old", (_RIM,))
    assert (drawn.region_of_interest, drawn.zones, drawn.limits) == (None, (_RIM,), None)


def test_a_product_with_regions_travels_and_an_older_program_does_not_lose_them(
    catalogue: Catalogue, product: str, tmp_path: Path
) -> None:
    catalogue.export(product, tmp_path / "plain.filo")
    catalogue.set_zones(product, _ALL)
    catalogue.export(product, tmp_path / "drawn.filo")
    with ProductFile(tmp_path / "drawn.filo") as file:
        assert file.draft.zones == _ALL
    assert catalogue.import_product(tmp_path / "drawn.filo", "copy").zones == _ALL
    assert catalogue.clone(product, "clone").zones == _ALL


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_regions(tmp_path / "r.json", _ALL)
    assert read_regions(tmp_path / "r.json") == _ALL


def test_labelmes_shapes_are_read_and_a_label_says_what_is_ignored(tmp_path: Path) -> None:
    shapes = [
        {"label": "rim", "points": [[10, 10], [40, 20]], "shape_type": "rectangle"},
        {"label": "rim", "points": [[50, 50], [90, 50], [70, 90]], "shape_type": "polygon"},
        {"label": "Ignore glare", "points": [[20, 60], [30, 60]], "shape_type": "circle"},
    ]
    (tmp_path / "l.json").write_text(json.dumps({"imageWidth": 200, "imageHeight": 100, "shapes": shapes}))
    first, second, third = read_regions(tmp_path / "l.json")
    assert (first.name, first.points) == ("rim", ((0.05, 0.1), (0.2, 0.2)))
    assert (second.name, second.shape) == ("rim 2", ZoneShape.POLYGON)
    assert (third.kind, third.shape, third.points) == (ZoneKind.IGNORE, ZoneShape.ELLIPSE, ((0.05, 0.5), (0.15, 0.7)))


def _coco(**more: Any) -> dict[str, Any]:
    polygon = {"image_id": 1, "category_id": 7, "segmentation": [[100, 10, 180, 10, 180, 90]]}
    box = {"image_id": 1, "category_id": 8, "bbox": [0, 0, 50, 50]}
    return {
        "images": [{"id": 1, "width": 200, "height": 100}],
        "categories": [{"id": 7, "name": "thread"}, {"id": 8, "name": "head"}],
        "annotations": [polygon, box],
    } | more


def test_cocos_polygons_and_boxes_are_read(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps(_coco()))
    thread, head = read_regions(tmp_path / "c.json")
    assert (thread.name, thread.points) == ("thread", ((0.5, 0.1), (0.9, 0.1), (0.9, 0.9)))
    assert (head.name, head.points) == ("head", ((0.0, 0.0), (0.25, 0.5)))


_OURS = {"format": "filo-regions", "version": 1}
_DOT = {"label": "x", "points": [[1, 1]], "shape_type": "point"}
_RLE = {"image_id": 1, "category_id": 7, "segmentation": {"counts": "x"}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no JSON"),
        ("[1]", "holds no regions"),
        ("{}", "neither a file of regions"),
        (json.dumps(_OURS | {"version": 9}), "newer version"),
        (json.dumps(_OURS | {"regions": []}), "holds no region"),
        (json.dumps(_OURS | {"regions": [{"name": "x"}]}), "'points' is missing"),
        (json.dumps(_OURS | {"regions": [{"name": "x", "shape": "blob", "points": []}]}), "'blob' is not a valid"),
        (json.dumps(_OURS | {"regions": [{"name": "x", "points": [[0, "a"]]}]}), "is no number"),
        (json.dumps(_OURS | {"regions": [{"name": "x", "points": [[0, 0], [1, 1], [1, 0], [0, 0.9]]}]}), "crosses"),
        (json.dumps(_OURS | {"regions": [{"name": "x", "shape": "rectangle", "points": [[0, 0], [3, 3]]}]}), "outside"),
        (json.dumps(_OURS | {"regions": 3}), "cannot be read"),
        (json.dumps(_coco(annotations=[_RLE])), "run lengths"),
        (json.dumps(_coco(images=[{"id": 1, "width": 0, "height": 5}])), "no size"),
        (json.dumps({"imageWidth": 9, "imageHeight": 9, "shapes": [_DOT]}), "is no region"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_regions_is_refused_in_a_sentence(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(FiloError, match=said):
        read_regions(tmp_path / "r.json")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match=r"nowhere\.json cannot be read"):
        read_regions(tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda zones: [zones[0] | {"points": [[0.1, 0.1], [0.1, 0.1]]}],
        lambda zones: [zones[0], zones[0]],
        lambda zones: [zones[0] | {"points": [[0.1, 0.1], [9, 9]]}],
    ],
)
def test_a_product_file_with_regions_that_cannot_be_is_refused(
    catalogue: Catalogue, product: str, tmp_path: Path, spoil: Callable[[Any], Any]
) -> None:
    catalogue.set_zones(product, (_RIM,))
    catalogue.export(product, tmp_path / "drawn.filo")

    def edit(content: dict[str, Any]) -> None:
        content["draft"]["zones"] = spoil(content["draft"]["zones"])

    file = tmp_path / "drawn.filo"
    with pytest.raises(FiloError, match=r"[Rr]egion"):
        catalogue.import_product(pack(file, edited(members_of(file), edit)), "other")


def test_limits_by_hand_stay_beside_regions(catalogue: Catalogue, product: str) -> None:
    catalogue.set_zones(product, _ALL)
    catalogue.set_calibration(product, _calibrated(_ALL))
    assert catalogue.set_limits(product, Limits(0.3, 0.6, 0.2)).zones == _ALL


def test_what_a_picture_needs_is_taught_from_the_good_ones_and_the_limits_stay(
    catalogue: Catalogue, product: str
) -> None:
    catalogue.set_calibration(product, _calibrated(()))
    taught = catalogue.judge_pictures(product, judges=True)
    assert taught.picture_limits is not None
    assert taught.limits == LIMITS
    version = catalogue.sign_off(product, "Ada", MODEL_HASH, reason="a test")
    assert catalogue.recipe(product).recipe.picture_limits == version.recipe.picture_limits == taught.picture_limits
    off = catalogue.judge_pictures(product, judges=False)
    assert (off.picture_limits, off.changed_since_signing) == (None, True)


def test_a_product_without_a_good_image_has_nothing_to_teach_it(catalogue: Catalogue) -> None:
    catalogue.create(ProductDescription("bare", "bare"))
    with pytest.raises(RecipeError, match="no good image yet"):
        catalogue.judge_pictures("bare", judges=True)


@pytest.fixture
def bracket(catalogue: Catalogue) -> str:
    """A product whose parts lie differently in its three good pictures."""
    catalogue.create(ProductDescription("bracket", "bracket"))
    for seed, angle in enumerate((0.0, 12.0, -20.0)):
        catalogue.add_reference(
            "bracket", parts.image(parts.picture(angle, (4.0, 3.0 * seed), seed=seed), f"{seed}.png")
        )
    return "bracket"


def test_a_fixture_is_taught_kept_signed_and_travels(catalogue: Catalogue, bracket: str, tmp_path: Path) -> None:
    draft = catalogue.set_zones(bracket, (parts.SHAPE, parts.BODY))
    assert draft.fixture is not None
    assert draft.fixture.taught_on == 3
    assert catalogue.draft(bracket).fixture == draft.fixture
    assert catalogue.set_zones(bracket, draft.zones) == draft, "the same again changes nothing"
    found = replace(_calibrated(draft.zones), scores=(0.1, 0.2, 0.3))
    catalogue.set_calibration(bracket, found)
    version = catalogue.sign_off(bracket, "Ada", MODEL_HASH, reason="a test")
    assert catalogue.recipe(bracket).recipe.fixture == draft.fixture
    assert catalogue.recipe(bracket).recipe.content_hash == version.recipe.content_hash
    catalogue.export(bracket, tmp_path / "bracket.filo")
    assert catalogue.import_product(tmp_path / "bracket.filo", "again").fixture == draft.fixture
    assert catalogue.set_zones(bracket, (parts.BODY,)).fixture is None
    assert catalogue.draft(bracket).limits is None


def test_a_fixture_outlives_the_picture_that_it_was_taught_on(catalogue: Catalogue, bracket: str) -> None:
    draft = catalogue.set_zones(bracket, (parts.SHAPE, parts.BODY))
    catalogue.remove_reference(bracket, draft.references[0].image_hash)
    again = catalogue.set_zones(bracket, (*draft.zones, _PRINT))
    assert again.fixture == draft.fixture


def test_a_fixture_goes_to_a_file_and_back_with_how_a_part_may_lie(tmp_path: Path) -> None:
    zone = replace(parts.SHAPE, search=FixtureSearch(30.0, 0.1))
    write_regions(tmp_path / "f.json", (zone, parts.BODY))
    assert read_regions(tmp_path / "f.json") == (zone, parts.BODY)


@pytest.mark.parametrize(
    ("zones", "sentence"),
    [
        ((parts.SHAPE,), "Nothing moves with fixture bracket"),
        ((parts.SHAPE, replace(parts.SHAPE, name="other"), parts.BODY), "both fixtures"),
        ((replace(parts.SHAPE, search=FixtureSearch(200.0)), parts.BODY), "0 to 180 degrees"),
        ((replace(parts.SHAPE, search=FixtureSearch(10.0, 0.5)), parts.BODY), "up to 25 % larger"),
    ],
)
def test_a_fixture_that_cannot_be_is_refused(zones: tuple[Zone, ...], sentence: str) -> None:
    with pytest.raises(RecipeError, match=sentence):
        checked_zones(zones)


def test_a_fixture_needs_a_good_picture(catalogue: Catalogue) -> None:
    catalogue.create(ProductDescription("empty", "empty"))
    with pytest.raises(RecipeError, match="no good image yet"):
        catalogue.set_zones("empty", (parts.SHAPE, parts.BODY))


def _counting(picture: str, **changes: Any) -> Zone:
    count = ItemCount("screws", 4, (ItemExample(picture, ((0.2, 0.2), (0.3, 0.3))),))
    return Zone("board", ((0.1, 0.1), (0.9, 0.9)), kind=ZoneKind.COUNT, count=replace(count, **changes))


def test_a_file_shows_an_item_by_the_name_of_a_good_picture(catalogue: Catalogue, product: str, tmp_path: Path) -> None:
    first, second = catalogue.draft(product).references
    with pytest.raises(RecipeError, match="several good images are called so"):
        catalogue.set_zones(product, [_counting(first.name)])
    catalogue.remove_reference(product, second.image_hash)
    write_regions(tmp_path / "regions.json", [_counting(first.name)])
    drawn = catalogue.set_zones(product, read_regions(tmp_path / "regions.json"))
    assert drawn.zones == (_counting(first.image_hash),)
    assert drawn == catalogue.draft(product)


def test_a_picture_that_shows_an_item_cannot_be_taken_away(catalogue: Catalogue, product: str) -> None:
    first, second = catalogue.draft(product).references
    catalogue.set_zones(product, [_counting(first.image_hash)])
    with pytest.raises(RecipeError, match="shows on this picture what it counts"):
        catalogue.remove_reference(product, first.image_hash)
    assert catalogue.remove_reference(product, second.image_hash).references == (first,)


def test_an_item_on_a_picture_that_is_no_good_image_is_refused(catalogue: Catalogue, product: str) -> None:
    with pytest.raises(RecipeError, match="which is no good image of the product"):
        catalogue.set_zones(product, [_counting("elsewhere.png")])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"examples": ()}, "shows no example"),
        ({"expected": 0}, "a place that has to be empty"),
        ({"expected": 100}, "Give 1 to 99"),
        ({"what": " "}, "Say what region board counts"),
        ({"examples": (ItemExample("a", ((0.91, 0.91), (0.99, 0.99))),)}, "lies outside of it"),
        ({"examples": (ItemExample("a", ((0.2, 0.2), (0.2, 0.3))),)}, "is empty"),
        ({"examples": (ItemExample("a", ((0.2, float("nan")), (0.2, 0.3))),)}, "cannot be read"),
    ],
)
def test_a_count_that_cannot_be_is_refused_in_a_sentence(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        checked_zones([_counting("a", **changes)])


def test_a_region_that_counts_without_saying_what_is_refused() -> None:
    with pytest.raises(RecipeError, match="shows no example"):
        checked_zones([Zone("board", ((0.1, 0.1), (0.9, 0.9)), kind=ZoneKind.COUNT)])


def test_what_a_region_of_another_kind_counts_is_left_out() -> None:
    (zone,) = checked_zones([replace(_counting("a"), kind=ZoneKind.INSPECT)])
    assert zone.count is None


def test_a_regions_own_anomalies_are_of_the_products_list_and_the_limits_stay(
    catalogue: Catalogue, product: str, tmp_path: Path
) -> None:
    catalogue.set_anomaly_types(product, [AnomalyType("dent"), AnomalyType("Bent wire")])
    catalogue.set_zones(product, (_RIM, _HOLE))
    eased = replace(_RIM, ease=0.7), _HOLE
    catalogue.set_calibration(product, _calibrated(eased))
    before = catalogue.draft(product).recipe(LIMITS, MODEL_HASH)
    listed = replace(_RIM, anomalies=("bent  WIRE",)), _HOLE
    named = catalogue.set_zones(product, listed)
    assert named.limits == LIMITS
    assert named.zones == (replace(eased[0], anomalies=("Bent wire",)), _HOLE)
    after = named.recipe(LIMITS, MODEL_HASH)
    assert after.content_hash != before.content_hash
    assert after.scoring_hash == before.scoring_hash
    write_regions(tmp_path / "named.json", named.zones)
    assert read_regions(tmp_path / "named.json")[0].anomalies == ("Bent wire",)
    with pytest.raises(RecipeError, match="Region rim lists rust, which the product's anomaly list does not have"):
        catalogue.set_zones(product, (replace(_RIM, anomalies=("rust",)), _HOLE))
    with pytest.raises(RecipeError, match="Region rim lists Bent wire"):
        catalogue.set_anomaly_types(product, [AnomalyType("dent")])
    assert catalogue.set_anomaly_types(product, [AnomalyType("Bent wire", enabled=False)]).zones == named.zones


@pytest.mark.parametrize("content", ["dent", [3], {"a": 1}])
def test_anomalies_of_a_file_are_a_list_of_names(content: object, tmp_path: Path) -> None:
    one = {"name": "rim", "shape": "rectangle", "points": [[0.1, 0.1], [0.4, 0.4]], "anomalies": content}
    (tmp_path / "odd.json").write_text(json.dumps({"format": "filo-regions", "version": 1, "regions": [one]}))
    with pytest.raises(ProductError, match="anomalies are a list of names"):
        read_regions(tmp_path / "odd.json")


def test_recipes_of_before_keep_their_hash_beside_anomalies_and_whole_parts() -> None:
    recipe = replace(make_draft("nut"), zones=_ALL).recipe(LIMITS, MODEL_HASH)
    assert "anomalies" not in json.dumps(recipe._content()["zones"])
    assert replace(recipe, zones=(replace(_RIM, anomalies=("dent",)),)).content_hash != recipe.content_hash


@pytest.mark.parametrize(
    ("zones", "version"),
    [
        ((_RIM,), 3),
        ((replace(_RIM, anomalies=("dent",)),), 5),
        ((_RIM, Zone("all", ((0.1, 0.1), (0.4, 0.4)), kind=ZoneKind.WHOLE)), 5),
    ],
)
def test_what_earlier_programs_do_not_know_is_written_in_a_newer_format(
    catalogue: Catalogue, product: str, zones: tuple[Zone, ...], version: int, tmp_path: Path
) -> None:
    catalogue.set_anomaly_types(product, [AnomalyType("dent")])
    catalogue.set_zones(product, zones)
    catalogue.export(product, tmp_path / "p.filo")
    content = json.loads(members_of(tmp_path / "p.filo")["product.json"])
    assert content["version"] == version
    assert ("anomalies" in content["draft"]["zones"][0]) is bool(zones[0].anomalies)
    with ProductFile(tmp_path / "p.filo") as file:
        assert file.draft.zones == zones


def test_a_code_region_keeps_its_field_in_file_draft_and_recipe(
    catalogue: Catalogue, product: str, tmp_path: Path
) -> None:
    label = Zone("label", ((0.1, 0.1), (0.4, 0.4)), kind=ZoneKind.CODE, code=CodeRead("lot", Unreadable.NG))
    write_regions(tmp_path / "regions.json", [label])
    assert read_regions(tmp_path / "regions.json") == (label,)
    assert catalogue.set_zones(product, [label]).zones == (label,)
    with pytest.raises(RecipeError, match=r"cannot name colour\. Choose one of: serial, lot, order"):
        catalogue.set_zones(product, [replace(label, code=CodeRead("colour"))])
