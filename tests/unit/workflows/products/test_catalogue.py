from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from filo_core.errors import ProductError, RecipeError, StorageError
from filo_core.events import Calibrated
from filo_core.types import (
    AnomalyType,
    EventKind,
    Limits,
    ProductDescription,
    ProductDraft,
    ProductKind,
    Provenance,
    Reference,
    Role,
    Severity,
    WizardStep,
)
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.unit.storage.making import LIMITS, MODEL_HASH, make_image, make_inspection, sign_product
from workflows.people.access import Access, AccessError
from workflows.people.users import Users
from workflows.products.catalogue import Catalogue

NUT = ProductDescription("metal nut", "nut", domain="industrial")
TYPES = (AnomalyType("scratch"), AnomalyType("missing thread", Severity.CRITICAL, enabled=False))


@pytest.fixture
def ready(catalogue: Catalogue) -> Catalogue:
    """A catalogue with one product that only waits for its signature."""
    catalogue.create(NUT)
    catalogue.set_anomaly_types("metal nut", TYPES)
    for shade in (1, 2):
        catalogue.add_reference("metal nut", make_image(shade, f"good {shade}.png"))
    catalogue.set_calibration("metal nut", calibrated(2))
    return catalogue


def calibrated(parts: int, limits: Limits = LIMITS) -> Calibrated:
    return Calibrated(limits, (0.1,) * parts, 1 / (parts + 1), f"{parts} good parts", MODEL_HASH, trained=False)


def test_the_wizard_is_walked_step_by_step_and_says_at_each_what_is_next(catalogue: Catalogue) -> None:
    assert catalogue.create(ProductDescription("metal nut", "")).next_step is WizardStep.DESCRIBE
    assert catalogue.describe("metal nut", NUT).next_step is WizardStep.REFERENCES, "the shipped profile reads no list"
    assert catalogue.set_anomaly_types("metal nut", TYPES).next_step is WizardStep.REFERENCES
    assert catalogue.add_reference("metal nut", make_image(1)).next_step is WizardStep.CALIBRATE
    assert catalogue.set_calibration("metal nut", calibrated(1)).next_step is WizardStep.SIGN_OFF
    version = catalogue.sign_off("metal nut", "Ada", MODEL_HASH)
    draft = catalogue.draft("metal nut")
    assert draft.next_step is None
    assert (version.version, version.signed_by, version.recipe) == (1, "Ada", draft.recipe(LIMITS, MODEL_HASH))
    assert (draft.signed_version, draft.changed_since_signing) == (1, False)


def test_a_draft_is_there_after_closing_and_opening_again(tmp_path: Path, ready: Catalogue) -> None:
    before = ready.draft("metal nut")
    with open_storage(sqlite_url(tmp_path / "filo.sqlite"), tmp_path / "images") as again:
        assert Catalogue(again).draft("metal nut") == before
        assert Catalogue(again).drafts() == (before,)


def test_references_come_back_as_they_were_given(ready: Catalogue) -> None:
    recipe = ready.sign_off("metal nut", "Ada", MODEL_HASH).recipe
    for images in (ready.references("metal nut"), ready.references(recipe)):
        assert [image.name for image in images] == ["good 1.png", "good 2.png"]
        assert [image.encoded for image in images] == [make_image(1).encoded, make_image(2).encoded]
        assert np.array_equal(images[0].pixels, make_image(1).pixels)


def test_a_recipe_keeps_its_references_when_the_draft_loses_them(ready: Catalogue) -> None:
    recipe = ready.sign_off("metal nut", "Ada", MODEL_HASH).recipe
    ready.remove_reference("metal nut", make_image(1).image_hash)
    assert len(ready.references(recipe)) == 2
    assert len(ready.references("metal nut")) == 1


def test_a_good_image_added_later_judges_nothing_before_somebody_signs_with_the_pin(
    ready: Catalogue, storage: Storage
) -> None:
    recipe = ready.sign_off("metal nut", "Ada", MODEL_HASH).recipe
    access = Access(storage)
    Users(storage, access).add("Grace", Role.ADMIN, "607385")
    access.sign_in("Grace", "607385")
    signed = Catalogue(storage, access)
    signed.add_reference("metal nut", make_image(3, "good 3.png"))
    signed.set_calibration("metal nut", calibrated(3))
    assert signed.recipe("metal nut").recipe == recipe
    with pytest.raises(AccessError, match="PIN is wrong"):
        signed.sign_off("metal nut", "Grace", MODEL_HASH, "495028")
    assert signed.recipe("metal nut").recipe == recipe
    assert len(signed.sign_off("metal nut", "Grace", MODEL_HASH, "607385").recipe.references) == 3


def test_adding_the_same_good_image_again_changes_nothing(ready: Catalogue) -> None:
    before = ready.draft("metal nut")
    assert ready.add_reference("metal nut", make_image(1, "copy.png")) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.add_reference("metal nut", make_image(9)),
        lambda c: c.remove_reference("metal nut", make_image(1).image_hash),
        lambda c: c.describe("metal nut", replace(NUT, class_name="hexagon nut")),
        lambda c: c.describe("metal nut", replace(NUT, kind=ProductKind.TEXTURE)),
        lambda c: c.describe("metal nut", replace(NUT, domain="")),
        lambda c: c.set_anomaly_types("metal nut", (*TYPES[:1], AnomalyType("dent"))),
        lambda c: c.set_anomaly_types("metal nut", [replace(entry, enabled=True) for entry in TYPES]),
    ],
)
def test_limits_go_when_what_they_were_found_with_changes(
    ready: Catalogue, change: Callable[[Catalogue], ProductDraft]
) -> None:
    draft = change(ready)
    assert (draft.limits, draft.calibration_note, draft.model_hash) == (None, "", "")
    assert draft.next_step is WizardStep.CALIBRATE


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.remove_reference("metal nut", "f" * 64),
        lambda c: c.describe("metal nut", replace(NUT, name="Metal Nut")),
        lambda c: c.set_anomaly_types("metal nut", [replace(entry, severity=Severity.MINOR) for entry in TYPES]),
        lambda c: c.set_anomaly_types("metal nut", TYPES[::-1]),
        lambda c: c.set_anomaly_types("metal nut", TYPES[:1]),
    ],
)
def test_limits_stay_when_no_score_can_change(ready: Catalogue, change: Callable[[Catalogue], ProductDraft]) -> None:
    assert change(ready).limits == LIMITS


def test_limits_can_be_moved_by_hand_and_the_promise_stays_beside_them(ready: Catalogue) -> None:
    moved = ready.set_limits("metal nut", Limits(0.3, 0.6, 0.2))
    assert (moved.limits, moved.calibration_note) == (Limits(0.3, 0.6, 0.2), "2 good parts")


@pytest.mark.parametrize("limits", [Limits(0.1, float("inf"), 0.1), Limits(0.1, 0.2, float("nan"))])
def test_a_limit_that_is_no_number_is_refused(ready: Catalogue, limits: Limits) -> None:
    with pytest.raises(RecipeError, match="A limit is not a number"):
        ready.set_limits("metal nut", limits)


def test_a_calibration_of_other_references_is_refused(ready: Catalogue) -> None:
    ready.remove_reference("metal nut", make_image(1).image_hash)
    with pytest.raises(RecipeError, match="The good images of metal nut changed while the limits were being set"):
        ready.set_calibration("metal nut", calibrated(2))
    assert ready.draft("metal nut").limits is None


def test_signing_unchanged_content_again_gives_the_same_version(ready: Catalogue) -> None:
    first = ready.sign_off("metal nut", "Ada", MODEL_HASH)
    assert ready.sign_off("metal nut", "Grace", MODEL_HASH) == first


def test_a_change_makes_a_new_version_and_the_old_one_stays_readable(ready: Catalogue) -> None:
    first = ready.sign_off("metal nut", "Ada", MODEL_HASH)
    assert ready.set_limits("metal nut", Limits(0.3, 0.6, 0.2)).changed_since_signing
    second = ready.sign_off("metal nut", "Grace", MODEL_HASH)
    assert (second.version, second.signed_by) == (2, "Grace")
    assert ready.recipe("metal nut") == second
    assert ready.recipe("metal nut", 1) == first


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda c: c.describe("metal nut", replace(NUT, class_name=" ")), "Say what the part is"),
        (lambda c: c.set_anomaly_types("metal nut", []), "Set the limits"),
        (lambda c: c.remove_reference("metal nut", make_image(1).image_hash), "Set the limits"),
    ],
)
def test_an_incomplete_draft_cannot_be_signed_and_the_sentence_says_what_is_missing(
    ready: Catalogue, spoil: Callable[[Catalogue], ProductDraft], sentence: str
) -> None:
    spoil(ready)
    with pytest.raises(RecipeError, match=f"metal nut cannot be signed off yet. {sentence}"):
        ready.sign_off("metal nut", "Ada", MODEL_HASH)


@pytest.mark.parametrize("signature", ["", "  \t"])
def test_somebody_has_to_sign(ready: Catalogue, signature: str) -> None:
    with pytest.raises(RecipeError, match="Nobody has signed"):
        ready.sign_off("metal nut", signature, MODEL_HASH)


def test_limits_of_another_model_cannot_be_signed(ready: Catalogue) -> None:
    with pytest.raises(RecipeError, match="were found with another model"):
        ready.sign_off("metal nut", "Ada", "d" * 64)
    with pytest.raises(RecipeError, match="not known for which model"):
        ready.sign_off("metal nut", "Ada", "")


def test_a_signed_product_keeps_its_name(ready: Catalogue) -> None:
    ready.sign_off("metal nut", "Ada", MODEL_HASH)
    with pytest.raises(ProductError, match=r"carry its name\. Clone it under the new name"):
        ready.describe("metal nut", replace(NUT, name="bolt"))


def test_an_unsigned_product_can_be_renamed_but_not_to_a_name_that_is_taken(ready: Catalogue) -> None:
    assert ready.describe("metal nut", replace(NUT, name="bolt")).description.name == "bolt"
    ready.create(NUT)
    with pytest.raises(ProductError, match="There is a product BOLT already"):
        ready.describe("metal nut", replace(NUT, name="BOLT"))


@pytest.mark.parametrize(
    "name", ["Robert'); DROP TABLE products;--", "../../etc/passwd", "a/b\\c", '"quoted"', "100 % :sure? $1", "部品"]
)
def test_any_name_that_can_be_read_can_be_used(catalogue: Catalogue, name: str) -> None:
    catalogue.create(replace(NUT, name=name))
    catalogue.add_reference(name, make_image(1))
    catalogue.clone(name, f"{name} 2")
    catalogue.delete(name)
    assert [draft.description.name for draft in catalogue.drafts()] == [f"{name} 2"]


def test_a_name_of_500_characters_is_refused_with_the_limit(catalogue: Catalogue) -> None:
    with pytest.raises(ProductError, match=r"has 500 characters, more than the 120 allowed\. Shorten it"):
        catalogue.create(replace(NUT, name="x" * 500))
    with pytest.raises(ProductError, match=r"class name .* has 500 characters"):
        catalogue.create(replace(NUT, class_name="x" * 500))
    assert catalogue.drafts() == ()


@pytest.mark.parametrize(
    ("types", "sentence"),
    [
        ([AnomalyType(" ")], "has no name"),
        ([AnomalyType("scratch"), AnomalyType("Scratch ")], "stands twice"),
        ([AnomalyType("Unknown")], "Choose another name"),
    ],
)
def test_a_list_of_anomalies_that_is_ambiguous_is_refused(
    ready: Catalogue, types: list[AnomalyType], sentence: str
) -> None:
    with pytest.raises(RecipeError, match=sentence):
        ready.set_anomaly_types("metal nut", types)
    assert ready.draft("metal nut").anomaly_types == TYPES


def test_who_put_an_anomaly_on_the_list_is_kept(ready: Catalogue) -> None:
    types = tuple(AnomalyType(f"type {n}", provenance=provenance) for n, provenance in enumerate(Provenance))
    assert ready.set_anomaly_types("metal nut", types).anomaly_types == types


def test_a_clone_has_everything_but_the_name_and_the_signature(ready: Catalogue) -> None:
    ready.sign_off("metal nut", "Ada", MODEL_HASH)
    original = ready.draft("metal nut")
    clone = ready.clone("metal nut", "bolt")
    assert clone == replace(
        original,
        description=replace(original.description, name="bolt"),
        signed_version=None,
        changed_since_signing=True,
    )
    ready.remove_reference("bolt", make_image(1).image_hash)
    assert ready.draft("metal nut") == original


def test_a_product_with_verdicts_cannot_be_deleted(storage: Storage, ready: Catalogue) -> None:
    recipe = ready.sign_off("metal nut", "Ada", MODEL_HASH).recipe
    Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1))
    with pytest.raises(ProductError, match="metal nut has inspections in the record, which must stay"):
        ready.delete("metal nut")
    assert ready.recipe("metal nut").recipe == recipe


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c.draft("bolt"),
        lambda c: c.recipe("bolt"),
        lambda c: c.references("bolt"),
        lambda c: c.delete("bolt"),
        lambda c: c.clone("bolt", "nut"),
        lambda c: c.add_reference("bolt", make_image(1)),
        lambda c: c.export("bolt", Path("never.zip")),
    ],
)
def test_an_unknown_product_is_named(catalogue: Catalogue, ask: Callable[[Catalogue], object]) -> None:
    with pytest.raises(ProductError, match="There is no product 'bolt'"):
        ask(catalogue)


def test_a_lost_good_image_is_named_with_its_file(storage: Storage, ready: Catalogue) -> None:
    storage.artefacts.path_of(make_image(2).image_hash).unlink()
    with pytest.raises(StorageError, match=make_image(2).image_hash):
        ready.references("metal nut")


def test_good_images_added_by_several_threads_are_all_there(ready: Catalogue) -> None:
    together = threading.Barrier(4)

    def add(shade: int) -> None:
        together.wait(20)
        ready.add_reference("metal nut", make_image(shade, f"{shade}.png"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(10, 14)))
    assert len(ready.draft("metal nut").references) == 6


def test_a_good_image_may_come_with_a_name_that_is_no_text(ready: Catalogue) -> None:
    draft = ready.add_reference("metal nut", make_image(9, "caf\udce9.png"))
    assert draft.references[-1] == Reference(make_image(9).image_hash, "caf\ufffd.png")
    assert ready.draft("metal nut") == draft


def test_each_change_of_a_draft_is_told_with_the_old_and_the_new_value_and_who(
    storage: Storage, tmp_path: Path
) -> None:
    access = Access(storage, "line 3", operator="anna")
    catalogue = Catalogue(storage, access)
    catalogue.create(ProductDescription("bolt", "bolt"))
    catalogue.add_reference("bolt", make_image(1, name="first.png"))
    catalogue.set_anomaly_types("bolt", [AnomalyType("scratch")])
    catalogue.set_limits("bolt", Limits(0.25, 0.5, 0.125))
    Users(storage, access).add("Grace", Role.ADMIN, "607385")
    access.sign_in("Grace", "607385")
    catalogue.set_limits("bolt", Limits(0.75, 0.75, 0.125))
    catalogue.set_limits("bolt", Limits(0.75, 0.75, 0.125))
    catalogue.delete("bolt")
    with storage.reading() as transaction:
        events = transaction.events.vouched(EventKind.DRAFT_CHANGED)[::-1]
    told = [(event.actor, json.loads(event.detail)["changed"]) for event in events]
    assert [actor for actor, _ in told] == ["anna"] * 4 + ["Grace"] * 2
    assert told[1][1]["good images"] == [[], [f"first.png {make_image(1).image_hash[:12]}"]]
    assert told[2][1] == {"anomaly types": [[], ["scratch (major)"]]}
    assert told[4][1] == {"limit OK": [0.25, 0.75], "limit NG": [0.5, 0.75]}
    assert told[5][1] == {"product": ["there", "removed"]}
    assert {(event.subject, event.station) for event in events} == {("bolt", "line 3")}


def test_a_signature_shows_what_differs_from_the_version_in_force(storage: Storage) -> None:
    catalogue = Catalogue(storage)
    sign_product(storage, "bolt")
    assert catalogue.unsigned_changes("bolt") == ()
    catalogue.set_limits("bolt", Limits(0.75, 0.875, 0.125))
    assert catalogue.unsigned_changes("bolt") == ("limit OK: 0.25 → 0.75", "limit NG: 0.5 → 0.875")
    catalogue.clone("bolt", "screw")
    assert "name: none → screw" in catalogue.unsigned_changes("screw")
