"""PINs: kept only as argon2id hashes, with their salt and cost in them; those that are tried first are refused."""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from filo_core.errors import FiloError

SHORTEST_PIN, LONGEST_PIN = 6, 64
FEWEST_GUESSES = 50_000
"""A PIN that is found with fewer guesses is refused: of the six digits that chance draws, about one in ten."""

# argon2id with the package's defaults, which are those of RFC 9106 for little memory.
_HASHER = PasswordHasher()


class PinError(FiloError):
    """A PIN that cannot be used."""


def hashed(pin: str, name: str = "") -> str:
    """The hash to store of a new PIN.

    Args:
        pin: as it was typed.
        name: whose it is to be; a PIN made of it is refused.

    Raises:
        PinError: if it is too short, too long, or among the first that anyone tries: a common one, a date, a run, a
            repetition, or keys that lie beside each other.
    """
    if not SHORTEST_PIN <= len(pin) <= LONGEST_PIN:
        raise PinError(
            "A PIN has {shortest_pin} to {longest_pin} characters. Choose another one.",
            shortest_pin=SHORTEST_PIN,
            longest_pin=LONGEST_PIN,
        )
    if guesses_for(pin, name) < FEWEST_GUESSES:
        raise PinError(
            "This PIN is among the first that anyone tries: a common one, a date, a run or keys side by side. "
            "Choose another one, best by chance."
        )
    return _HASHER.hash(pin)


def hashed_password(password: str) -> str:
    """The hash to store of a password that a directory has taken: its own rules hold for it, and none of a PIN's."""
    return _HASHER.hash(password[: 2 * LONGEST_PIN])


def guesses_for(pin: str, name: str = "") -> float:
    """How many guesses somebody needs who tries common, near and repeated ones first; about 1e6 for six by chance."""
    # Its lists of common passwords take a moment to load.
    from zxcvbn import zxcvbn

    plain = _plainly_written(pin)
    if len(set(plain)) < 2:
        return 1.0
    words = [part for part in (name, *name.split()) if part]
    return float(zxcvbn(plain, user_inputs=words)["guesses"])


def matches(pin_hash: str, pin: str) -> bool:
    """True if the PIN is the one that was hashed."""
    try:
        return _HASHER.verify(pin_hash, pin[: 2 * LONGEST_PIN])
    except (VerifyMismatchError, InvalidHashError):
        return False


def matches_nobody(pin: str) -> bool:
    """False, after the work that a real check takes."""
    return matches(_hash_of_nobody(), pin) and False


def _plainly_written(pin: str) -> str:
    """The PIN as whoever guesses writes it: wide, Arabic or other digits as plain ones, and no blanks."""
    digits = (str(unicodedata.digit(sign, sign)) for sign in unicodedata.normalize("NFKC", pin))
    return "".join("".join(digits).split())


@cache
def _hash_of_nobody() -> str:
    return _HASHER.hash("nobody has this PIN")
