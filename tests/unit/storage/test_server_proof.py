"""A server proves who it is, wherever it is not on this machine."""

from __future__ import annotations

import pytest

from filo_core.errors import StorageError
from storage.engine import parse_url
from storage.server_proof import DEMANDED, proven

ADDRESS = "postgresql+psycopg://filo@"


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("place", ["plant/filo", "10.0.0.7:5432/filo", "localhost/filo", "/filo?host=/run/postgresql"])
def test_a_certificate_and_scram_are_demanded_unless_the_address_says_otherwise(place: str) -> None:
    assert proven(parse_url(ADDRESS + place)) == DEMANDED


@pytest.mark.parametrize(
    "place",
    [
        *(
            "plant/filo?",
            "10.0.0.7/filo?",
            "[2001:db8::1]/filo?",
            "localhost.plant.example/filo?",
            "127.0.0.1.evil/filo?",
        ),
        *("/filo?host=plant&", "/filo?host=localhost,plant&", "/filo?host=localhost&host=plant&"),
        *("localhost/filo?hostaddr=10.0.0.7&", "localhost/filo?service=plant&", "/filo?host=plant:5432&"),
    ],
)
@pytest.mark.parametrize(
    "less",
    [
        *("sslmode=disable", "sslmode=prefer", "sslmode=require", "sslmode=verify-ca"),
        *("require_auth=none", "require_auth=password", "require_auth=!scram-sha-256", "gssencmode=prefer"),
    ],
)
def test_a_server_elsewhere_cannot_be_asked_for_less(place: str, less: str) -> None:
    with pytest.raises(StorageError, match="does not prove who the server is"):
        proven(parse_url(ADDRESS + place + less))


@pytest.mark.parametrize(
    "place",
    [
        "localhost/filo?",
        "127.0.0.1/filo?",
        "[::1]/filo?",
        "/filo?host=/run/postgresql&",
        "/filo?host=@socket&",
        "/filo?",
    ],
)
def test_on_this_machine_the_address_may_ask_for_less(place: str) -> None:
    assert "sslmode" not in proven(parse_url(f"{ADDRESS}{place}sslmode=disable"))
    assert proven(parse_url(f"{ADDRESS}{place}sslmode=disable"))["require_auth"] == "scram-sha-256"


def test_a_host_that_a_variable_names_is_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "plant")
    with pytest.raises(StorageError):
        proven(parse_url(f"{ADDRESS}/filo?sslmode=disable"))
