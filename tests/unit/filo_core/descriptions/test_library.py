from __future__ import annotations

from pathlib import Path

import pytest

from filo_core.descriptions.cleaning import clean_phrases, phrase_key
from filo_core.descriptions.library import AnomalyLibrary
from filo_core.errors import FiloError
from filo_core.types import ProductDescription, ProductKind, Provenance, Severity


@pytest.fixture(scope="module")
def library() -> AnomalyLibrary:
    return AnomalyLibrary.load()


def part(class_name: str, domain: str = "", kind: ProductKind = ProductKind.OBJECT) -> ProductDescription:
    return ProductDescription("line 3", class_name, kind, domain)


def test_every_family_has_eight_to_fourteen_phrases_that_cleaning_leaves_as_they_are(library: AnomalyLibrary) -> None:
    for family in library.families:
        assert 8 <= len(family.anomalies) <= 14, family.id
        assert clean_phrases(family.anomalies) == tuple(family.anomalies), family.id
        assert len(set(family.anomalies.values())) > 1, f"{family.id} has one severity only"


def test_no_keyword_belongs_to_two_families(library: AnomalyLibrary) -> None:
    keys = [phrase_key(keyword) for family in library.families for keyword in family.keywords]
    assert len(library.families) >= 18
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize(
    ("class_name", "families"),
    [
        ("metal nut", ["fastener", "machined_metal"]),
        ("wood screw", ["fastener", "wood"]),
        ("block with four screws", ["fastener"]),
        ("aluminium castings", ["casting", "machined_metal"]),
        ("stamped bracket", ["sheet_metal"]),
        ("weld seam", ["weld"]),
        ("PCB1", ["circuit_board"]),
        ("printed_circuit-board", ["circuit_board"]),
        ("transistor", ["electronic_component"]),
        ("USB cable", ["connector_cable"]),
        ("glass bottle", ["bottle", "glass"]),
        ("plastic housing", ["moulded_plastic"]),
        ("o-rings", ["rubber_seal"]),
        ("hazelnuts", ["nuts_seeds"]),
        ("rice cake", ["baked_food"]),
        ("chocolate", ["confectionery"]),
        ("apple", ["fruit_vegetable"]),
        ("tablet", ["tablet_capsule"]),
        ("tablet computer", ["display"]),
        ("syringe", ["medical_device"]),
        ("floor tile", ["ceramic_tile"]),
        ("painted car door", ["painted_surface"]),
        ("box of chocolates", ["packaging", "confectionery"]),
        ("toy block", ["toy"]),
        ("solar cell", ["solar_cell"]),
        ("toothbrush", ["brush"]),
        ("zipper", ["zip_fastener"]),
        ("leather wallet", ["leather"]),
        ("woven fabric", ["textile"]),
        ("kraft paper", ["paper"]),
        ("QR code label", ["print_label"]),
        ("widget", ["generic_object"]),
    ],
)
def test_a_products_words_find_its_families_the_function_before_the_material(
    library: AnomalyLibrary, class_name: str, families: list[str]
) -> None:
    assert [family.id for family in library.families_for(part(class_name))] == families


def test_the_domain_finds_a_family_where_the_class_name_finds_none(library: AnomalyLibrary) -> None:
    assert [family.id for family in library.families_for(part("surface", "wooden", ProductKind.TEXTURE))] == ["wood"]


def test_a_product_nobody_foresaw_gets_the_general_list_of_its_kind(library: AnomalyLibrary) -> None:
    assert "missing part" in [anomaly.name for anomaly in library.suggest(part("gizmo"))]
    assert "uneven pattern" in [anomaly.name for anomaly in library.suggest(part("", kind=ProductKind.TEXTURE))]


def test_suggestions_come_from_the_library_and_keep_its_severities(library: AnomalyLibrary) -> None:
    types = library.suggest(part("circuit board"))
    assert all(anomaly.provenance is Provenance.LIBRARY and anomaly.enabled for anomaly in types)
    assert types[0].name == "missing component"
    assert types[0].severity is Severity.CRITICAL


def test_two_families_share_the_places_two_to_one_and_no_type_comes_twice(library: AnomalyLibrary) -> None:
    screw, wood = library.families_for(part("wood screw"))
    types = [anomaly.name for anomaly in library.suggest(part("wood screw"), limit=12)]
    assert types[:8] == list(screw.anomalies)[:8]
    assert all(name in wood.anomalies for name in types[8:])
    assert len({phrase_key(name) for name in types}) == len(types) == 12


@pytest.mark.parametrize("limit", [1, 2, 7, 20])
def test_the_limit_is_kept(library: AnomalyLibrary, limit: int) -> None:
    types = library.suggest(part("painted metal toy"), limit=limit)
    assert len(types) == limit


@pytest.mark.parametrize("limit", [0, 21])
def test_a_limit_outside_its_range_is_refused(library: AnomalyLibrary, limit: int) -> None:
    with pytest.raises(ValueError, match=str(limit)):
        library.suggest(part("nut"), limit=limit)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"version": 1, "fallback": {}, "families": []}',
        '{"version": 1, "fallback": {"object": "x", "texture": "x"}, "families": []}',
    ],
)
def test_a_damaged_library_is_refused_with_its_name(tmp_path: Path, content: str) -> None:
    damaged = tmp_path / "anomalies.json"
    damaged.write_text(content, encoding="utf-8")
    with pytest.raises(FiloError, match=r"anomalies\.json cannot be used"):
        AnomalyLibrary.load(damaged)


def test_a_missing_library_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(FiloError, match=r"nowhere\.json cannot be used"):
        AnomalyLibrary.load(tmp_path / "nowhere.json")
