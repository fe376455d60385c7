"""PINs: kept only as argon2id hashes, with their salt and cost in them."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from filo_core.errors import FiloError

SHORTEST_PIN, LONGEST_PIN = 6, 64

# argon2id with the package's defaults, which are those of RFC 9106 for little memory.
_HASHER = PasswordHasher()


class PinError(FiloError):
    """A PIN that cannot be used."""


def hashed(pin: str) -> str:
    """The hash to store of a new PIN.

    Raises:
        PinError: if it is too short or too long, or one character throughout.
    """
    if not SHORTEST_PIN <= len(pin) <= LONGEST_PIN:
        raise PinError(f"A PIN has {SHORTEST_PIN} to {LONGEST_PIN} characters. Choose another one.")
    if len(set(pin)) == 1:
        raise PinError("A PIN of one character only is the first that anyone tries. Choose another one.")
    return _HASHER.hash(pin)


def matches(pin_hash: str, pin: str) -> bool:
    """True if the PIN is the one that was hashed."""
    try:
        return _HASHER.verify(pin_hash, pin[: 2 * LONGEST_PIN])
    except (VerifyMismatchError, InvalidHashError):
        return False


def matches_nobody(pin: str) -> bool:
    """False, after the work that a real check takes."""
    return matches(_hash_of_nobody(), pin) and False


@cache
def _hash_of_nobody() -> str:
    return _HASHER.hash("nobody has this PIN")
