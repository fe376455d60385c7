"""A product as one file: what comes back, and what a failed export leaves."""

from __future__ import annotations

import hashlib
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from filo_core.errors import FolderError, ProductError, RecipeError, StorageError
from filo_core.types import Limits, ProductDraft, Provenance, Reference, WizardStep
from filo_core.zones import CodeRead, ItemCount, Zone, ZoneKind, ZoneShape
from storage.engine import sqlite_url
from storage.storage import Storage, open_storage
from tests.unit.storage.making import MODEL_HASH, make_draft
from tests.unit.workflows.products.packing import (
    IMAGES,
    edited,
    exported_draft,
    members_of,
    pack,
)
from workflows.products.catalogue import Catalogue
from workflows.products.draft_rules import uncalibrated
from workflows.products.product_file import ProductFile, write_product


def test_a_product_comes_back_as_it_was_and_signs_to_the_same_hash(tmp_path: Path, catalogue: Catalogue) -> None:
    catalogue.create(exported_draft().description)
    catalogue.set_anomaly_types("metal nut", exported_draft().anomaly_types)
    for image in IMAGES:
        catalogue.add_reference("metal nut", image)
    catalogue.set_limits("metal nut", make_draft().limits or pytest.fail("a draft without limits"))
    signed = catalogue.sign_off("metal nut", "Ada", MODEL_HASH)
    catalogue.export("metal nut", tmp_path / "nut.filo")
    with open_storage(sqlite_url(tmp_path / "elsewhere.sqlite"), tmp_path / "elsewhere") as other:
        imported = Catalogue(other).import_product(tmp_path / "nut.filo")
        here = uncalibrated(catalogue.draft("metal nut"))
        assert imported == replace(here, signed_version=None, changed_since_signing=True)
        assert [image.encoded for image in Catalogue(other).references("metal nut")] == [i.encoded for i in IMAGES]
        Catalogue(other).set_limits("metal nut", signed.recipe.limits)
        again = Catalogue(other).sign_off("metal nut", "Grace", MODEL_HASH)
    assert again.recipe.content_hash == signed.recipe.content_hash


@pytest.mark.parametrize("limits", [{"ok": 0.99, "ng": 0.99}, {"ng": 1e308}, {"region": 1e308}, {"ok": 0.25}])
def test_limits_and_promises_of_a_file_count_for_nothing_until_they_are_found_here(
    tmp_path: Path, catalogue: Catalogue, limits: dict[str, float]
) -> None:
    forged = replace(
        exported_draft(),
        limits=replace(make_draft().limits or pytest.fail("a draft without limits"), **limits),
        calibration_note="999 good parts: at most 0.1 % of them are refused.",
        model_hash=MODEL_HASH,
    )
    write_product(
        tmp_path / "forged.filo", forged, [(Reference(one.image_hash, one.name), one.encoded) for one in IMAGES]
    )
    imported = catalogue.import_product(tmp_path / "forged.filo")
    assert (imported.limits, imported.calibration_note, imported.model_hash) == (None, "", "")
    assert imported.next_step is WizardStep.CALIBRATE
    with pytest.raises(RecipeError, match="Set the limits from the good images"):
        catalogue.sign_off("metal nut", "Ada", MODEL_HASH)


@pytest.mark.parametrize(("ok", "ng", "region"), [(1.5, 1.6, 0.1), (0.1, 1e308, 0.1), (0.1, 0.2, 7.0)])
def test_a_limit_that_no_score_exceeds_is_refused(catalogue: Catalogue, ok: float, ng: float, region: float) -> None:
    catalogue.create(exported_draft().description)
    with pytest.raises(RecipeError, match="Scores lie between 0 and 1"):
        catalogue.set_limits("metal nut", Limits(ok, ng, region))


def test_a_whole_draft_survives_the_file(exported: Path) -> None:
    with ProductFile(exported) as file:
        assert file.draft == exported_draft()
        assert [image.encoded for image in file.images()] == [image.encoded for image in IMAGES]


def test_the_hashes_can_be_checked_without_this_program(exported: Path) -> None:
    members = members_of(exported)
    lines = members["SHA256SUMS"].decode().splitlines()
    listed = {line[66:]: line[:64] for line in lines}
    others = {name: content for name, content in members.items() if name != "SHA256SUMS"}
    assert listed == {name: hashlib.sha256(content).hexdigest() for name, content in others.items()}


def test_an_unchanged_product_gives_an_unchanged_file(tmp_path: Path, exported: Path) -> None:
    again = tmp_path / "again.filo"
    write_product(again, exported_draft(), [(Reference(i.image_hash, i.name), i.encoded) for i in IMAGES])
    assert again.read_bytes() == exported.read_bytes()


def test_a_name_that_is_taken_is_refused_and_another_one_may_be_given(exported: Path, catalogue: Catalogue) -> None:
    catalogue.import_product(exported)
    with pytest.raises(ProductError, match=r"There is a product metal nut already\. Import it under another name"):
        catalogue.import_product(exported)
    assert catalogue.import_product(exported, "metal nut 2").description.name == "metal nut 2"


def test_who_put_an_anomaly_on_the_list_survives_the_file(exported: Path, catalogue: Catalogue) -> None:
    assert {entry.provenance for entry in catalogue.import_product(exported).anomaly_types} == {Provenance.PERSON}


def test_a_signature_from_elsewhere_is_not_taken_over(exported: Path, catalogue: Catalogue) -> None:
    def forge(content: Any) -> None:
        content["draft"].update(signed_version=7, changed_since_signing=False)

    draft = catalogue.import_product(pack(exported, edited(members_of(exported), forge)))
    assert (draft.signed_version, draft.changed_since_signing) == (None, True)


def test_a_lost_good_image_stops_the_export_and_leaves_no_file(
    tmp_path: Path, storage: Storage, catalogue: Catalogue, exported: Path
) -> None:
    catalogue.import_product(exported)
    storage.artefacts.path_of(IMAGES[1].image_hash).unlink()
    target = tmp_path / "out" / "nut.filo"
    target.parent.mkdir()
    with pytest.raises(StorageError, match="is missing from the image store"):
        catalogue.export("metal nut", target)
    assert list(target.parent.iterdir()) == []


def test_an_export_that_fails_keeps_the_file_that_was_there(
    tmp_path: Path, storage: Storage, catalogue: Catalogue, exported: Path
) -> None:
    catalogue.import_product(exported)
    before = exported.read_bytes()
    storage.artefacts.path_of(IMAGES[1].image_hash).unlink()
    with pytest.raises(StorageError, match="is missing"):
        catalogue.export("metal nut", exported)
    assert exported.read_bytes() == before
    assert not list(tmp_path.glob(".*.tmp"))


def test_an_export_to_no_place_is_refused(tmp_path: Path, catalogue: Catalogue, exported: Path) -> None:
    catalogue.import_product(exported)
    with pytest.raises(FolderError, match=r"is a folder\. Give the name of a file"):
        catalogue.export("metal nut", tmp_path)
    with pytest.raises(FolderError, match=r"nut\.filo cannot be written: No such file or directory"):
        catalogue.export("metal nut", tmp_path / "missing" / "nut.filo")
    assert not list(tmp_path.glob(".*.tmp"))


def test_a_large_image_goes_through_the_file(tmp_path: Path, catalogue: Catalogue) -> None:
    encoded = io.BytesIO()
    Image.frombytes("RGB", (800, 800), os.urandom(800 * 800 * 3)).save(encoded, "PNG")
    content = encoded.getvalue()
    found = hashlib.sha256(content).hexdigest()
    draft = replace(exported_draft(), references=(Reference(found, "large.png"),))
    write_product(tmp_path / "large.filo", draft, [(draft.references[0], content)])
    catalogue.import_product(tmp_path / "large.filo")
    assert catalogue.references("metal nut")[0].encoded == content


def test_a_file_names_what_is_new_only_where_it_is_used_so_that_earlier_programs_read_the_others(
    tmp_path: Path,
) -> None:
    def content_of(draft: ProductDraft) -> Any:
        images = [(Reference(one.image_hash, one.name), one.encoded) for one in IMAGES]
        write_product(tmp_path / "one.filo", draft, images)
        return json.loads(members_of(tmp_path / "one.filo")["product.json"])

    plain = Zone("thread", ((0.1, 0.1), (0.5, 0.5)), ZoneShape.RECTANGLE, ZoneKind.INSPECT)
    counted = replace(plain, kind=ZoneKind.COUNT, count=ItemCount("screws", 4, ()))
    coded = replace(plain, kind=ZoneKind.CODE, code=CodeRead("lot"))
    without, drawn, counting, reading = (
        content_of(replace(exported_draft(), zones=zones)) for zones in ((), (plain,), (plain, counted), (coded,))
    )
    assert [one["version"] for one in (without, drawn, counting, reading)] == [1, 3, 4, 5]
    assert {"views", "fixture"}.isdisjoint(without["draft"])
    assert {"search", "count", "anomalies", "code"}.isdisjoint(drawn["draft"]["zones"][0])
    assert {"anomalies", "code"}.isdisjoint(counting["draft"]["zones"][1])
    assert reading["draft"]["zones"][0]["code"]["field"] == "lot"
    assert counting["draft"]["zones"][1]["count"]["expected"] == 4
