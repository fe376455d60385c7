"""Names of people: nothing invisible in them, letters of one script, and none that reads like another person's.

RFC 8265 says which letters a name may have, UTS #39 which names look alike; both by libraries with Unicode's data.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache

from filo_core.errors import FiloError
from filo_core.scripts import UNSEEN, mixed_scripts
from storage.names import name_key, tidy_name


class PersonNameError(FiloError):
    """A name that cannot be told from another, or holds what no name has."""


def person_name(text: str, taken: Iterable[str] = ()) -> str:
    """A person's name as the record spells it.

    Args:
        text: as it was typed.
        taken: names of others, which it must not look like; the same name in another spelling is not another one.

    Raises:
        PersonNameError: if it holds what cannot be seen or no letter is, mixes scripts, or looks like another's name.
        ProductError: if it is too long.
    """
    name = _visible(tidy_name(text, "user's name"))
    _refuse_mixed(name)
    for other in taken:
        if looks_like(name, other) and name_key(name) != name_key(other):
            raise PersonNameError(
                "{name} looks like {other}, who is a user already. Add a second name.", name=name, other=other
            )
    return name


def refuse_look_alike(name: str, taken: Iterable[str]) -> None:
    """Refuse the name of a thing that only another script tells from one there is; plain letters are for the reader.

    Raises:
        PersonNameError: with the name that it looks like.
    """
    for other in taken:
        if not (name.isascii() and other.isascii()) and name_key(name) != name_key(other) and looks_like(name, other):
            raise PersonNameError(
                "{name} looks just like {other}, with other letters. Choose a name that differs.",
                name=name,
                other=other,
            )


def looks_like(one: str, other: str) -> bool:
    """True if a reader could take one name for the other, whatever the letters' case."""
    return bool(_looks(" ".join(one.split())) & _looks(" ".join(other.split())))


def _visible(name: str) -> str:
    """The name in the one form that RFC 8265 gives a text that people type; nothing that cannot be seen is in it."""
    # Tables of Unicode: only when somebody gets a name.
    from precis_i18n import get_profile

    unseen = next((sign for sign in name if sign in UNSEEN), "")
    try:
        if not unseen:
            return get_profile("OpaqueString").enforce(name) if name else ""
    except UnicodeEncodeError as error:
        unseen = name[error.start : error.end] or name
    raise PersonNameError(
        "The name holds {unseen}, which cannot be seen or is in no name. Type it again.", unseen=ascii(unseen)[1:-1]
    )


def _refuse_mixed(name: str) -> None:
    if mixed := mixed_scripts(name):
        raise PersonNameError("The name mixes {mixed} letters, which look alike. Write it in one of them.", mixed=mixed)


@cache
def _looks(name: str) -> frozenset[str]:
    """How a name reads: its skeletons, with the case folded after and before letters are taken for each other."""
    return frozenset({_skeleton(name).casefold(), _skeleton(name.casefold())})


def _skeleton(text: str) -> str:
    seen = (sign for sign in unicodedata.normalize("NFD", text) if sign.isprintable() and sign not in UNSEEN)
    return unicodedata.normalize("NFD", "".join(map(_read_as, seen)))


@cache
def _read_as(character: str) -> str:
    """What a letter is read as: of those that look alike the one with the most others, the same for all of them."""
    from confusable_homoglyphs.confusables import confusables_data

    alike = [character, *(found["c"] for found in confusables_data.get(character, ()))]
    most = max(len(confusables_data.get(letter, ())) for letter in alike)
    return min(str(letter) for letter in alike if len(confusables_data.get(letter, ())) == most)
