"""PINs that are tried first are refused, whatever way they are written; those that chance draws are taken."""

from __future__ import annotations

import random

import pytest

from workflows.people.pins import PinError, hashed, matches


@pytest.mark.parametrize(
    "pin",
    [
        *("123456", "111222", "112233", "654321", "123123", "121212", "000001", "696969", "246810", "135791"),
        *("290590", "19840512", "01011980", "120584", "20000101"),
        *("147258", "258369", "159753", "852456", "963741", "741852", "qwertz", "qwerty", "asdfgh"),
        *("654123", "456789", "987654", "abcdef", "aaaaaa", "password", "passwort", "letmein"),
        *("１２３４５６", "١٢٣٤٥٦", "1 2 3 4 5 6", " 123456", "123456\u3000"),
    ],
)
def test_a_pin_that_is_tried_first_is_refused(pin: str) -> None:
    with pytest.raises(PinError, match="among the first that anyone tries"):
        hashed(pin)


@pytest.mark.parametrize("pin", ["olaf12", "Olaf99", "falo12", "OLAF.1"])
def test_a_pin_made_of_the_name_is_refused(pin: str) -> None:
    with pytest.raises(PinError):
        hashed(pin, "Olaf Meier")


@pytest.mark.parametrize("pin", ["740936", "586203", "917264", "correct horse", "x" * 3 + "9Kq"])
def test_another_pin_is_taken(pin: str) -> None:
    assert matches(hashed(pin, "Olaf"), pin)


def test_of_the_pins_that_chance_draws_most_are_taken() -> None:
    drawn = [f"{random.Random(seed).randrange(10**6):06}" for seed in range(200)]
    taken = 0
    for pin in drawn:
        try:
            hashed(pin)
        except PinError:
            continue
        taken += 1
    assert taken > 160
