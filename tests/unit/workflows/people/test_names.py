"""Names of people: seen as a whole, of one script, and not to be taken for somebody else's."""

from __future__ import annotations

import pytest

from filo_core.errors import FiloError
from filo_core.types import ProductDescription, Role
from storage.storage import Storage
from tests.unit.workflows.people.conftest import PIN
from workflows.people.access import NOT_SIGNED_IN, Access, AccessError
from workflows.people.names import PersonNameError, looks_like, person_name
from workflows.people.users import Users
from workflows.products.catalogue import Catalogue


@pytest.mark.parametrize(
    "name",
    [
        *("Ada\u200b", "A\u00adda", "Ada\u202e", "A\u2060da", "Ada\u3164", "Ada\u2800", "Ada\ufe0f", "A\u200dda"),
        *("Ada\U000e0041", "Ada\u034f", "Ada\u115f"),
    ],
)
def test_letters_that_cannot_be_seen_are_refused(name: str) -> None:
    with pytest.raises(FiloError, match="cannot be seen"):
        person_name(name)


@pytest.mark.parametrize("name", ["А\u0064\u0061", "Sаra", "Οlaf", "Pаul Меier"])
def test_letters_of_two_scripts_in_one_name_are_refused(name: str) -> None:
    with pytest.raises(PersonNameError, match="mixes"):
        person_name(name)


@pytest.mark.parametrize(
    "name",
    ["José Müller-Lüdenscheidt", "O'Neill", "Сергей", "田中 太郎", "Bob 田中", "김철수", "محمد", "नरेन्द्र", "Ngô Đình"],
)
def test_names_of_people_are_taken_as_they_are(name: str) -> None:
    assert person_name(name) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ali", "AIi"), ("Ali", "A1i"), ("Bob", "B0b"), ("Сара", "Capa"), ("rex", "гех"), ("Arno", "Amo")],
)
def test_names_that_read_alike_are_known_as_such(one: str, other: str) -> None:
    assert looks_like(one, other)
    assert looks_like(other, one)


def test_nobody_is_added_who_reads_like_somebody_else(storage: Storage, crew: Access) -> None:
    crew.sign_in("Ada", PIN["Ada"])
    users = Users(storage, crew)
    for name in ("0laf", "OIaf", "Оlаf", "оlаf"):
        with pytest.raises(FiloError):
            users.add(name, Role.OPERATOR, "604817")
    with pytest.raises(AccessError, match="There is a user OLAF already"):
        users.add("OLAF", Role.OPERATOR, "604817")
    assert [user.name for user in users.all()] == ["Ada", "Olaf", "Sue"]


@pytest.mark.parametrize("name", ["Ada", "ada", " Ada", "Аdа", "Оlаf", "0laf"])
def test_a_users_name_that_nobody_signed_in_under_stands_nowhere(crew: Access, name: str) -> None:
    assert crew.operator(name) == f"{name}{NOT_SIGNED_IN}"
    with pytest.raises(AccessError, match="Sign in with --user"):
        crew.refuse_borrowed(name)


def test_another_name_stands_beside_an_inspection_as_it_is(crew: Access) -> None:
    crew.refuse_borrowed("line 3")
    assert crew.operator("line 3") == "line 3"
    crew.sign_in("Olaf", PIN["Olaf"])
    assert crew.operator("Ada") == "Olaf"


def test_a_product_that_only_another_script_tells_from_one_there_is_is_refused(storage: Storage) -> None:
    catalogue = Catalogue(storage)
    catalogue.create(ProductDescription("bolt", "bolt"))
    with pytest.raises(PersonNameError, match="looks just like bolt"):
        catalogue.create(ProductDescription("bоlt", "bolt"))
    assert catalogue.create(ProductDescription("bo1t", "bolt")).description.name == "bo1t"
