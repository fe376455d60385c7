"""Names that people type: one spelling in the record, and one key for what counts as the same name."""

from __future__ import annotations

import unicodedata

from filo_core.errors import ProductError
from filo_core.sentence import Sentence
from storage.columns import LONGEST_NAME

# Zero-width joiners: invisible, but Persian, Hindi and emoji are misspelt without them.
_JOINERS = "\u200c\u200d"
_NAMED = {
    str(words): words
    for words in (
        Sentence("product name"),
        Sentence("reviewer's name"),
        Sentence("anomaly type"),
        Sentence("name of who judges"),
        Sentence("name of who checks"),
        Sentence("session"),
        Sentence("class name"),
        Sentence("domain"),
        Sentence("signature"),
        Sentence("view"),
        Sentence("user's name"),
        Sentence("token's name"),
    )
}
"""What callers have named, as it can be said in another language."""


def tidy_name(text: str, what: str) -> str:
    """``text`` with runs of blanks made one and none at its ends; may be empty.

    Args:
        text: as it was typed.
        what: what is named, for the message: ``"product name"``.

    Raises:
        ProductError: if it is longer than LONGEST_NAME, or holds characters that cannot be seen.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if len(name) > LONGEST_NAME:
        raise ProductError(
            "The {what} {name}… has {count} characters, more than the {longest_name} allowed. Shorten it.",
            what=_NAMED.get(what, what),
            name=name[:20],
            count=len(name),
            longest_name=LONGEST_NAME,
        )
    if not all(character.isprintable() or character in _JOINERS for character in name):
        seen = "".join(character if character.isprintable() else "\ufffd" for character in name)
        raise ProductError(
            "The {what} {seen} holds characters that cannot be seen. Type it again.",
            what=_NAMED.get(what, what),
            seen=seen,
        )
    return name


def product_name(text: str) -> str:
    """Name of a product as the record spells it.

    Raises:
        ProductError: if it is empty, too long, or holds characters that cannot be seen.
    """
    name = tidy_name(text, "product name")
    if not name.strip(_JOINERS):
        raise ProductError("The product has no name. Give it one.")
    return name


def name_key(text: str) -> str:
    """What two spellings of one name share: case and blanks make no difference."""
    return unicodedata.normalize("NFC", " ".join(unicodedata.normalize("NFC", text).split()).casefold())
