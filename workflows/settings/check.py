"""Whether changed settings can work, in words for the person who typed them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from filo_core.errors import FiloError, ProfileError, RecipeError, SourceError
from filo_core.line.plc.access import networks_of
from filo_core.profiles.eyes_manifest import EyesProfile
from filo_core.profiles.folders import profile_folders
from filo_core.profiles.manifest import ModelProfile, read_any_manifest
from filo_core.sentence import Sentence
from filo_core.statistics.report_times import ReportKind, Timetable
from workflows.settings.declared import FONT_SCALES, LLM_TIMEOUTS_S, LONGEST_STATION, declared
from workflows.settings.redaction import redact
from workflows.settings.setting_kinds import own_fields_of

_BEFORE_HOST = re.compile(r"(?<=://).*@")


def installed_profiles(models: Path | None = None) -> tuple[ModelProfile | EyesProfile, ...]:
    """The model profiles that are here, by name; a damaged one is left out, ``doctor`` tells why.

    Args:
        models: folder of those that did not ship with the program.
    """
    found = []
    for _, folder in sorted(profile_folders(models).items()):
        try:
            found.append(read_any_manifest(folder))
        except ProfileError:
            continue
    return tuple(found)


def problems_of(values: Mapping[str, object], models: Path | None = None) -> dict[str, str]:
    """A sentence for each setting that cannot work. Takes its time where a device is tried.

    Args:
        values: by name.
        models: see :func:`installed_profiles`.
    """
    # Lists come as words of a form, or as settings hold them.
    text = {
        name: ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value).strip()
        for name, value in values.items()
    }
    found = {
        "profile": _profile_problem(text["profile"], models),
        "device": _device_problem(text["device"]),
        "station": _station_problem(text["station"]),
        "llm_base_url": _address_problem(text["llm_base_url"], text["llm_model"]),
        "llm_model": Sentence("Name the model to ask.") if text["llm_base_url"] and not text["llm_model"] else "",
        "llm_timeout_s": _timeout_problem(values["llm_timeout_s"]),
        "plant_database": _nameless_problem(text["plant_database"], text["station"]),
        "modbus_writers": _writers_problem(text.get("modbus_writers", "")),
        "identity_fields": _own_fields_problem(text.get("identity_fields", "")),
        "shifts": _times_problem(text.get("shifts", ""), ""),
        "time_zone": _times_problem("", text.get("time_zone", "")),
        "reports": _reports_problem(text.get("reports", "")),
        "source_value": _source_problem(text["source_kind"], text["source_value"]),
        "font_scale": _scale_problem(values["font_scale"]),
    }
    for name in text.keys() & declared().keys():
        allowed = [value for value, _ in declared()[name].choices]
        if allowed and text[name] not in allowed and not found.get(name):
            found[name] = Sentence(
                "{text} is none of these: {allowed}.", text=text[name], allowed=", ".join(filter(None, allowed))
            )
    return {name: sentence for name, sentence in found.items() if sentence}


def _profile_problem(name: str, models: Path | None) -> str:
    known = [profile.name for profile in installed_profiles(models)]
    return (
        ""
        if name in known
        else Sentence(
            "There is no model profile {name}. Choose one of these: {known}.", name=name, known=", ".join(known)
        )
    )


def _device_problem(device: str) -> str:
    devices = [value for value, _ in declared()["device"].choices]
    if device not in devices:
        return Sentence(
            "{device} is no device. Choose one of these: {devices}.", device=device, devices=", ".join(devices)
        )
    if device != "cuda":
        return ""
    from filo_core.trunks.providers import cards_here

    if cards_here() or _torch_has_a_card():
        return ""
    return Sentence("This machine has no usable graphics card. Choose auto or cpu.")


def _torch_has_a_card() -> bool:
    # torch takes seconds to import: only who asks for the graphics card waits for it, and a station has none.
    try:
        from filo_core.profiles.builder import choose_device

        choose_device("cuda")
    except (ImportError, ProfileError):
        return False
    return True


def _own_fields_problem(names: str) -> str:
    try:
        own_fields_of(names)
    except FiloError as error:
        return error.sentence
    except ValueError as error:
        return Sentence("Three names at most, each another one and none of serial, lot, order: {error}.", error=error)
    return ""


def _station_problem(name: str) -> str:
    if len(name) > LONGEST_STATION:
        return Sentence(
            "The station's name has {count} characters. Use {longest_station} or fewer.",
            count=len(name),
            longest_station=LONGEST_STATION,
        )
    return (
        ""
        if name.isprintable()
        else Sentence("The station's name holds characters that cannot be seen. Type it again.")
    )


def _nameless_problem(plant: str, station: str) -> str:
    return (
        Sentence("The plant knows a station by its name. Enter the name of this one as well.")
        if plant and not station
        else ""
    )


def _timeout_problem(value: object) -> str:
    shortest, longest = LLM_TIMEOUTS_S
    if isinstance(value, int | float) and shortest <= value <= longest:
        return ""
    return Sentence(
        "The language model can be given {shortest:g} s to {longest:g} s.", shortest=shortest, longest=longest
    )


def _address_problem(address: str, model: str) -> str:
    if not address:
        return (
            Sentence("A model is named, but no address to ask it at. Enter one, or clear the model.") if model else ""
        )
    try:
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        # Asking for the port checks it.
        _ = parts.port
    except ValueError:
        return Sentence("This is no address. Enter something like http://localhost:11434/v1.")
    if parts.username or parts.password:
        return Sentence("The address holds a name or password. Leave them out, and enter the key below.")
    return "" if usable else Sentence("This is no address. Enter something like http://localhost:11434/v1.")


def _source_problem(kind: str, value: str) -> str:
    if not value:
        return ""
    if kind == "camera":
        return "" if value.isdecimal() and len(value) < 4 else Sentence("A camera is known by its number, such as 0.")
    if kind == "folder":
        return (
            ""
            if Path(value).expanduser().is_dir()
            else Sentence("{value} is no folder. Choose one that is there.", value=value)
        )
    try:
        host = urlsplit(value).hostname
    except ValueError:
        host = None
    if "://" in value and not host:
        return Sentence("This is no address. Enter something like rtsp://camera.local/stream.")
    # One before the host goes to the secret store; a parameter would be kept for all to read.
    if redact(_BEFORE_HOST.sub("", value)) != _BEFORE_HOST.sub("", value):
        return Sentence("The address has a password among its parameters. Write rtsp://name:password@host/ instead.")
    return ""


def _writers_problem(words: str) -> str:
    try:
        networks_of(filter(None, words.split(",")))
    except SourceError as error:
        return str(error)
    return ""


def _times_problem(shifts: str, zone: str) -> str:
    try:
        Timetable.parse(tuple(filter(None, map(str.strip, shifts.split(",")))), zone)
    except RecipeError as error:
        return error.sentence
    return ""


def _reports_problem(words: str) -> str:
    known = [kind.value for kind in ReportKind]
    strange = next((word for word in map(str.strip, words.split(",")) if word and word not in known), "")
    if not strange:
        return ""
    return Sentence("{word} is no time for a report. Write some of {known}.", word=strange, known=", ".join(known))


def _scale_problem(value: object) -> str:
    smallest, largest = FONT_SCALES
    if isinstance(value, int | float) and smallest <= value <= largest:
        return ""
    return Sentence(
        "Text can be {smallest:.0%} to {largest:.0%} of its usual size.", smallest=smallest, largest=largest
    ).replace("%", " %")
