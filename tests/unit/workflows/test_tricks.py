"""Names that were chosen to do harm: refused with a sentence, or kept as the plain text they are.

Elsewhere: paths that lead out of a product file and hashes that are wrong in ``test_product_file_refused.py``,
decompression bombs in ``tests/unit/filo_core/test_imaging_bad_input.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import inspect

from filo_core.errors import ProductError
from filo_core.types import ProductDescription, ReviewDecision, Role, Verdict
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.unit.storage.making import make_inspection, make_refusal, sign_product
from workflows.people.access import Access, AccessError
from workflows.people.users import Users
from workflows.products.catalogue import Catalogue
from workflows.reporting.history import History

TRICKS = (
    "Robert'); DROP TABLE inspections;--",
    '" OR 1=1 --',
    "../../etc/passwd",
    "C:\\Windows\\system32\\x",
    "%s ? :name $1 {0}",
    "部品 🔩",
)


@pytest.fixture
def storage(either_url: str, tmp_path: Path) -> Iterator[Storage]:
    with open_storage(either_url, tmp_path / "images") as opened:
        yield opened


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_in_any_name_is_text_and_nothing_else(storage: Storage, name: str) -> None:
    tables = set(inspect(storage._engine).get_table_names())
    access = Access(storage)
    Users(storage, access).add(name, Role.ADMIN, "740936")
    access.sign_in(name, "740936")
    recipe = sign_product(storage, name)
    number = Recorder(storage, name, station=name, operator=name).record_one(make_inspection(recipe, 1, name=name))
    history = History(storage, access)
    history.review(number, ReviewDecision.OVERRULE, Verdict.NG, name, reason=name, anomaly_type=name)
    assert [review.reviewer for review in history.reviews(number)] == [name]
    assert history.anomaly_types_seen() == (name,)
    assert set(inspect(storage._engine).get_table_names()) == tables
    assert storage.verify().intact


@pytest.mark.parametrize("name", ["a\0b", "a\udcffb", "x" * 10_000, "line\nbreak"])
def test_the_chain_fits_whatever_a_database_makes_of_a_file_name(storage: Storage, name: str) -> None:
    recipe = sign_product(storage)
    Recorder(storage, "metal nut").record_one(replace(make_refusal(recipe), name=name, reason=name))
    assert storage.verify().intact


def test_a_name_of_500_characters_is_refused_with_a_sentence(storage: Storage) -> None:
    long = "x" * 500
    with pytest.raises(ProductError, match="has 500 characters"):
        Catalogue(storage).create(ProductDescription(long, "nut"))
    with pytest.raises(ProductError, match="has 500 characters"):
        Users(storage, Access(storage)).add(long, Role.ADMIN, "740936")
    recipe = sign_product(storage)
    number = Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1))
    with pytest.raises(ProductError, match="has 500 characters"):
        History(storage).review(number, ReviewDecision.CONFIRM, Verdict.OK, long)


def test_a_sign_in_with_a_name_of_any_length_is_refused_and_counted(storage: Storage) -> None:
    access = Access(storage)
    Users(storage, access).add("Ada", Role.ADMIN, "740936")
    for name in ("x" * 500, "x" * 100_000, "a\0b", ""):
        with pytest.raises(AccessError, match="Name or PIN is wrong"):
            access.sign_in(name, "740936")
    assert storage.verify().intact
