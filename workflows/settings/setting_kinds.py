"""What the table of settings is written in: pages, who may change what, and the types that a variable can have."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import BeforeValidator
from pydantic_settings import NoDecode

from filo_core.alarms.rules import RULED
from filo_core.errors import SettingsError
from filo_core.identifying import tidy_field
from filo_core.identity import FIELDS, OWN_FIELDS, TRIGGER_WORDS

APP_NAME = "FiLo Inspector"


class SettingsPage(StrEnum):
    """Pages of the window, in their order."""

    MODEL = "model"
    APPEARANCE = "appearance"
    CAMERA = "camera"
    LINE = "line"
    LANGUAGE_MODEL = "language model"
    RECORD = "record"
    RETENTION = "retention"
    PLANT = "plant"
    ALARMS = "alarms"
    REPORTS = "reports"


class Whose(StrEnum):
    """Who may change a setting once there are users."""

    EVERYBODYS = "everybody's"
    SUPERVISORS = "a supervisor's"
    ADMINS = "an admin's"
    """It says where the record is, where it goes, with which key, or what is loaded."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a setting is beside its type and its default.

    Attributes:
        about: what its variable means, for the README.
        page: where the window shows it; None where it does not, or another screen does.
        caption: what it is called there.
        help: what is said beneath it there.
        unit: behind its number; `` %`` shows a share as per cent.
        within: least and greatest number that can be entered; None where the type says it.
        choices: value and text of each; empty for what is typed.
        is_listed: whether it is chosen among what is found on this machine.
        nothing: what the lowest number is called, which restricts nothing.
        example: shown where nothing is typed.
        longest: characters.
        is_kept: whether the file may hold it.
        after_restart: whether a change waits for the next start.
        whose: who may change it.
        password: what the password in its address is called in the secret store; None for no address.
        is_secret: whether the whole of it is one, which is only ever written.
    """

    about: str
    page: SettingsPage | None = None
    caption: str = ""
    help: str = ""
    unit: str = ""
    within: tuple[float, float] | None = None
    choices: tuple[tuple[str, str], ...] = ()
    is_listed: bool = False
    nothing: str = ""
    example: str = ""
    longest: int = 32_767
    is_kept: bool = True
    after_restart: bool = False
    whose: Whose = Whose.SUPERVISORS
    password: str | None = None
    is_secret: bool = False


def words_of(words: object) -> object:
    """Several words with commas between them, as they are typed or stand in a variable; what is a list stays one."""
    return tuple(filter(None, map(str.strip, words.split(",")))) if isinstance(words, str) else words


def own_fields_of(names: object) -> tuple[str, ...]:
    """What the customer calls the fields of their own, in their order, checked.

    Raises:
        ValueError: if there are more than there is room for, or two mean the same.
    """
    given = words_of(names)
    if not isinstance(given, tuple | list):
        raise ValueError("it is no list of names")
    own = tuple(tidy_field("name of a field", name) for name in given)
    if len(own) > len(OWN_FIELDS):
        raise ValueError(f"there is room for {len(OWN_FIELDS)} fields of your own")
    taken = (*FIELDS, *TRIGGER_WORDS)
    if len({name.casefold() for name in (*own, *taken)}) < len(own) + len(taken):
        raise ValueError("two fields have the same name")
    return own


def _is_named(folder: object) -> object:
    """A variable that is set to nothing would mean the current folder."""
    if isinstance(folder, str) and not folder.strip():
        raise ValueError("it names no file or folder")
    return folder


def login_name() -> str:
    """Who is at work while nobody says so."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # No entry for this user id, as in some containers.
        return "unknown"


def data_folder() -> Path:
    """Where this user's data lies unless something else is said.

    Raises:
        SettingsError: if the user has no home folder.
    """
    try:
        return platformdirs.user_data_path(APP_NAME, appauthor=False)
    except RuntimeError as error:
        raise SettingsError("This user has no home folder. Set FILO_HOME to a folder for the data.") from error


def numbers_of(words: object) -> object:
    """Numbers by name, as they are typed: ``10, disk=60``; one without a name is that of all the others.

    Raises:
        ValueError: if one is none, or below zero.
    """
    if isinstance(words, dict):
        return words
    found: dict[str, float] = {}
    given = words_of(words)
    if not isinstance(given, tuple | list):
        raise ValueError("it is no list of numbers")
    for word in given:
        name, _, number = str(word).rpartition("=")
        if name.strip() not in {"", *RULED}:
            raise ValueError(f"{name.strip()[:40]} is no rule for alarms; these are: {', '.join(RULED)}")
        try:
            found[name.strip()] = float(number)
        except ValueError as error:
            raise ValueError(f"{number.strip()[:40]} is no number") from error
        if not 0.0 <= found[name.strip()] < float("inf"):
            raise ValueError(f"{number.strip()} is below zero, or none that can be reached")
    return found


NumbersOfRules = Annotated[dict[str, float], NoDecode, BeforeValidator(numbers_of)]
"""One number a rule for alarms."""
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(words_of)]
"""A variable holds several words with commas between them."""
OwnFields = Annotated[tuple[str, ...], NoDecode, BeforeValidator(own_fields_of)]
Place = Annotated[Path, BeforeValidator(_is_named)]
