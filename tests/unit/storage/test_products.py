from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filo_core.errors import ProductError, StorageError
from filo_core.types import (
    AnomalyType,
    Box,
    Limits,
    ProductDescription,
    ProductDraft,
    ProductKind,
    Provenance,
    Recipe,
    Reference,
    Severity,
)
from storage.recipes import dump_recipe, load_recipe
from storage.storage import Storage
from tests.unit.storage.making import MODEL_HASH, MOMENT, make_draft, make_inspection, sign_product

_hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
_fractions = st.floats(0, 1)
_texts = st.text(max_size=30)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    ok, ng = sorted((draw(_fractions), draw(_fractions)))
    return Recipe(
        product=draw(_texts),
        class_name=draw(_texts),
        kind=draw(st.sampled_from(ProductKind)),
        domain=draw(_texts),
        anomaly_types=tuple(
            draw(
                st.lists(
                    st.builds(
                        AnomalyType, _texts, st.sampled_from(Severity), st.booleans(), st.sampled_from(Provenance)
                    ),
                    max_size=4,
                )
            )
        ),
        references=tuple(draw(st.lists(st.builds(Reference, _hashes, _texts), max_size=4))),
        region_of_interest=draw(st.none() | st.builds(Box, *[st.integers(0, 9000)] * 4)),
        limits=Limits(ok, ng, draw(_fractions)),
        profile=draw(_texts),
        model_hash=draw(_hashes),
    )


@given(recipes())
def test_a_recipe_is_rebuilt_exactly_from_its_text(recipe: Recipe) -> None:
    assert load_recipe(dump_recipe(recipe), recipe.content_hash, "nut") == recipe


def test_a_new_product_comes_back_as_it_was_stored(storage: Storage) -> None:
    with storage.transaction() as transaction:
        added = transaction.products.add(make_draft())
    assert added == make_draft()
    with storage.reading() as transaction:
        assert transaction.products.draft("metal nut") == make_draft()
        assert transaction.products.drafts() == (make_draft(),)


def test_products_are_listed_by_name_whatever_their_case(storage: Storage) -> None:
    with storage.transaction() as transaction:
        for name in ("beta", "Alpha", "gamma"):
            transaction.products.add(make_draft(name))
    with storage.reading() as transaction:
        assert [draft.description.name for draft in transaction.products.drafts()] == ["Alpha", "beta", "gamma"]


def test_a_draft_can_be_emptied_and_filled_again(storage: Storage) -> None:
    bare = ProductDraft(ProductDescription("metal nut", "nut"))
    reordered = replace(make_draft(), anomaly_types=make_draft().anomaly_types[::-1])
    with storage.transaction() as transaction:
        transaction.products.add(make_draft())
        assert transaction.products.save("metal nut", bare) == bare
        assert transaction.products.save("metal nut", make_draft()) == make_draft()
        assert transaction.products.save("metal nut", reordered) == reordered
    with storage.reading() as transaction:
        assert transaction.products.draft("metal nut") == reordered


def test_a_name_that_differs_only_by_case_is_taken(storage: Storage) -> None:
    with storage.transaction() as transaction:
        transaction.products.add(make_draft("Nut"))
        transaction.products.add(make_draft("bolt"))
        with pytest.raises(ProductError, match="There is a product NUT already"):
            transaction.products.add(make_draft("NUT"))
        with pytest.raises(ProductError, match="There is a product nut already"):
            transaction.products.save("bolt", make_draft("nut"))
        assert transaction.products.save("nut", make_draft("NUT")).description.name == "NUT"


def test_an_unknown_product_is_named_in_the_refusal(storage: Storage) -> None:
    with storage.reading() as transaction, pytest.raises(ProductError, match="There is no product 'bolt'"):
        transaction.products.draft("bolt")


def test_signing_freezes_the_content_and_its_hash(storage: Storage) -> None:
    recipe = sign_product(storage)
    with storage.reading() as transaction:
        version = transaction.products.recipe("metal nut")
        draft = transaction.products.draft("metal nut")
    assert (version.recipe, version.version, version.signed_by, version.signed_at) == (recipe, 1, "Ada", MOMENT)
    assert version.recipe.content_hash == recipe.content_hash
    assert (draft.signed_version, draft.changed_since_signing) == (1, False)


def test_signing_unchanged_content_gives_the_version_there_is(storage: Storage) -> None:
    recipe = sign_product(storage)
    with storage.transaction() as transaction:
        again = transaction.products.sign("metal nut", recipe, "Grace", MOMENT)
    assert (again.version, again.signed_by) == (1, "Ada")


def test_signing_an_older_content_puts_that_version_back_in_force(storage: Storage) -> None:
    first = sign_product(storage)
    second = replace(first, limits=Limits(0.1, 0.2, 0.3))
    with storage.transaction() as transaction:
        assert transaction.products.sign("metal nut", second, "Ada", MOMENT).version == 2
        assert transaction.products.draft("metal nut").changed_since_signing
        assert transaction.products.sign("metal nut", first, "Ada", MOMENT).version == 1
        assert transaction.products.recipe("metal nut").recipe == first
        assert transaction.products.recipe("metal nut", 2).recipe == second
        assert not transaction.products.draft("metal nut").changed_since_signing


def test_the_order_of_references_makes_no_other_recipe(storage: Storage) -> None:
    recipe = sign_product(storage)
    turned = replace(make_draft(), references=make_draft().references[::-1])
    with storage.transaction() as transaction:
        assert not transaction.products.save("metal nut", turned).changed_since_signing
        assert (
            transaction.products.sign("metal nut", turned.recipe(recipe.limits, MODEL_HASH), "A", MOMENT).version == 1
        )


def test_a_version_that_does_not_exist_is_refused(storage: Storage) -> None:
    with storage.transaction() as transaction:
        transaction.products.add(make_draft())
        with pytest.raises(ProductError, match="metal nut has no recipe yet"):
            transaction.products.recipe("metal nut")
        with pytest.raises(ProductError, match="metal nut has no recipe version 3"):
            transaction.products.recipe("metal nut", 3)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("UPDATE recipe_versions SET content = replace(content, '0.25', '0.35')", "is not the one that was signed off"),
        ("UPDATE recipe_versions SET content = '{}'", "cannot be read"),
        ("UPDATE recipe_versions SET content_hash = 'x'", "is not the one that was signed off"),
    ],
)
def test_a_recipe_altered_behind_our_back_is_refused(
    storage: Storage, database: Path, change: str, sentence: str
) -> None:
    sign_product(storage)
    with closing(sqlite3.connect(database)) as connection, connection:
        assert connection.execute(change).rowcount == 1
    with storage.reading() as transaction, pytest.raises(StorageError, match=f"metal nut, version 1, {sentence}"):
        transaction.products.recipe("metal nut")


def test_a_product_without_inspections_can_be_deleted_and_one_with_them_cannot(storage: Storage) -> None:
    recipe = sign_product(storage, "used")
    sign_product(storage, "unused")
    with storage.transaction() as transaction:
        keys = transaction.products.recipe_keys("used", recipe.content_hash)
        transaction.inspections.add(make_inspection(recipe, 1), keys, "d" * 64, "", "")
    with storage.transaction() as transaction:
        transaction.products.remove("unused")
        with pytest.raises(ProductError, match="used has inspections in the record, which must stay"):
            transaction.products.remove("used")
    with storage.reading() as transaction:
        assert [draft.description.name for draft in transaction.products.drafts()] == ["used"]


def test_a_recipe_that_nobody_signed_is_refused(storage: Storage) -> None:
    sign_product(storage)
    with storage.reading() as transaction, pytest.raises(ProductError, match="a recipe that nobody signed off"):
        transaction.products.recipe_keys("metal nut", "f" * 64)
