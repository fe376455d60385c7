"""What somebody outside says of a part, checked before it is kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from filo_core.errors import IdentityError
from filo_core.identity import FIELDS, LONGEST_FIELD, OWN_FIELDS, Identity
from filo_core.scripts import look_alikes, unseen_sign
from filo_core.sentence import Sentence

_CALLED = {"serial": Sentence("serial"), "lot": Sentence("lot"), "order": Sentence("order")}
"""Fields as a person calls them."""
_SEPARATOR = "\x1d"
SEPARATOR_SEEN = "\u241d"
"""GS1's group separator as it is kept, shown and searched for: ␝."""


def identity_of(said: Mapping[str, object], own_names: Sequence[str] = ()) -> Identity:
    """What a message says of a part, checked.

    Args:
        said: by field; whole numbers are taken as they are written, None says nothing, other names are not looked at.
        own_names: what the customer calls ``field_1`` to ``field_3``, which a message may use as well.

    Raises:
        IdentityError: if a field is no text, too long, or cannot be read in one way only.
    """
    called = {name: name for name in FIELDS} | {
        own: field for own, field in zip(own_names, OWN_FIELDS, strict=False) if own
    }
    found: dict[str, str] = {}
    for name, field in called.items():
        if value := tidy_field(name, said.get(name)):
            found[field] = value
    return Identity(**found)


def shown_name(field: str) -> str:
    """What a person calls a field; the customer's own as they are kept."""
    return _CALLED.get(field, field)


def tidy_field(name: str, value: object) -> str:
    """One field as the record spells it: NFC, without blanks at its ends; empty where nothing was said.

    The control character between the elements of a GS1 code is kept as the sign for it, and not at the ends.

    Raises:
        IdentityError: see :func:`identity_of`.
    """
    if value is None:
        return ""
    called = _CALLED.get(name, name)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise IdentityError(
            "The {name} is no text. Send it as a string of at most {most} characters.", name=called, most=LONGEST_FIELD
        )
    text = unicodedata.normalize("NFC", str(value)).replace(_SEPARATOR, SEPARATOR_SEEN).strip(f" {SEPARATOR_SEEN}")
    text = text.strip()
    if len(text) > LONGEST_FIELD:
        raise IdentityError(
            "The {name} has {count} characters, more than the {most} allowed. Send a shorter one.",
            name=called,
            count=len(text),
            most=LONGEST_FIELD,
        )
    if unseen := unseen_sign(text):
        raise IdentityError(
            "The {name} holds {sign}, which cannot be seen. Check how the sender encodes it.",
            name=called,
            sign=ascii(unseen)[1:-1],
        )
    if "\ufffd" in text:
        raise IdentityError("The {name} was sent in another encoding than UTF-8. Check the sender.", name=called)
    if mixed := look_alikes(text):
        raise IdentityError(
            "The {name} mixes {scripts} letters, which look alike. Check who writes it.", name=called, scripts=mixed
        )
    return text
