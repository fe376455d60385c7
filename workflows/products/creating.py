"""A product made in one go from files: all steps of the wizard, without a window."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.descriptions.cleaning import MAX_PHRASES, clean_phrase, normalise_name, phrase_key, without_marker
from filo_core.descriptions.library import AnomalyLibrary
from filo_core.errors import FolderError, ProductError
from filo_core.events import Calibrated
from filo_core.imaging import list_images, read_image
from filo_core.printable import printable_name
from filo_core.types import (
    USUAL_NOUN,
    AnomalyType,
    Eyes,
    Pose,
    ProductDescription,
    Provenance,
    RecipeVersion,
    SourceImage,
)
from workflows.products.catalogue import Catalogue
from workflows.products.proofs import reason_of_command
from workflows.products.steps import calibration_steps, eyes_steps
from workflows.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from filo_core.engine import Engine
    from filo_core.zones import Zone

MOST_REFERENCES = 100
_SHOWN_CHARACTERS = 60


def create_product(
    catalogue: Catalogue,
    settings: Settings,
    description: ProductDescription,
    references: Path | Sequence[Path] | None,
    anomalies: Path | Sequence[AnomalyType] | None = None,
    engine: Engine | None = None,
    pin: str = "",
    eyes: Eyes | None = None,
    *,
    tries: bool = False,
    pose: Pose | None = None,
    zones: Sequence[Zone] = (),
) -> tuple[RecipeVersion, Calibrated]:
    """All steps of the wizard in one go; leaves nothing behind when a step fails.

    Args:
        catalogue: of the products.
        settings: name the profile, the device and who signs.
        description: of the product.
        references: folder of good images, or the images themselves; None to judge by words alone.
        anomalies: the anomaly list, or a file with it; the built-in library's unless given.
        engine: loaded already.
        pin: of who signs.
        eyes: how it is looked at; the profile's usual way unless given.
        tries: have it tried how it is best looked at.
        pose: how its parts lie; found from the good images unless it or the eyes are given.
        zones: where it is looked at, and what is ignored; the whole picture without any.

    Raises:
        ProductError: if the name is taken, the anomaly file is of no use, or the profile needs a good image.
        FolderError: if the folder of good images is.
        UnreadableImageError: if one of its images is; the message names it.
    """
    from filo_core.engine import load_engine

    images, types = _good_images(references), _types(anomalies, description)
    engine = engine if images else _engine_of_words(engine, settings)
    catalogue.create(description)
    try:
        _add_parts(catalogue, description.name, types, images, zones)
        engine = engine or load_engine(settings.profile, settings.device, settings.models)
        if eyes is not None or pose is not None:
            catalogue.set_eyes(description.name, _in_pose(eyes or engine.usual_eyes, pose))
        calibrated = _calibrated(catalogue, description.name, engine, tries=tries)
        version = catalogue.sign_off(description.name, settings.operator, calibrated.model_hash, pin, reason_of_command)
        return version, calibrated
    except BaseException:
        catalogue.delete(description.name)
        raise


def create_for_views(catalogue: Catalogue, name: str) -> None:
    """A product that waits for its views, with the built-in anomaly list; nothing where there is one of this name.

    Raises:
        ProductError: if the name is of no use.
    """
    if catalogue.has(name):
        return
    description = ProductDescription(name, USUAL_NOUN)
    catalogue.create(description)
    catalogue.set_anomaly_types(name, AnomalyLibrary.load().suggest(description))


def _add_parts(
    catalogue: Catalogue,
    name: str,
    types: Sequence[AnomalyType],
    images: Sequence[SourceImage],
    zones: Sequence[Zone],
) -> None:
    catalogue.set_anomaly_types(name, types)
    for image in images:
        catalogue.add_reference(name, image)
    if zones:
        catalogue.set_zones(name, zones)


def _types(anomalies: Path | Sequence[AnomalyType] | None, description: ProductDescription) -> tuple[AnomalyType, ...]:
    if anomalies is None:
        return AnomalyLibrary.load().suggest(description)
    return read_anomalies(anomalies)[0] if isinstance(anomalies, Path) else tuple(anomalies)


def _engine_of_words(engine: Engine | None, settings: Settings) -> Engine:
    from filo_core.engine import load_engine

    engine = engine or load_engine(settings.profile, settings.device, settings.models)
    if not engine.starts_without_pictures:
        raise ProductError(
            "The {profile!r} profile compares parts with good ones and cannot judge by words "
            "alone. Name a folder of good images with --references, or one of pictures nobody has "
            "sorted with --unsorted.",
            profile=engine.profile,
        )
    return engine


def _good_images(references: Path | Sequence[Path] | None) -> list[SourceImage]:
    if references is None:
        return []
    if not isinstance(references, Path):
        return [read_image(path) for path in references]
    paths = list_images(references).images
    if len(paths) > MOST_REFERENCES:
        raise FolderError(
            "{references} holds {count} images, more than the {most} a product takes as "
            "references. Copy the best one to eight good ones into a folder of their own.",
            references=references,
            count=len(paths),
            most=MOST_REFERENCES,
        )
    return [read_image(path) for path in paths]


def _calibrated(catalogue: Catalogue, name: str, engine: Engine, *, tries: bool) -> Calibrated:
    if tries:
        deque(eyes_steps(catalogue, name)(engine), maxlen=0)
    calibrated: Calibrated | None = None
    for event in calibration_steps(catalogue, name)(engine):
        if isinstance(event, Calibrated):
            calibrated = event
    assert calibrated is not None, "calibration ends with its result"
    return calibrated


def read_anomalies(path: Path) -> tuple[tuple[AnomalyType, ...], tuple[str, ...]]:
    """Anomaly list from a text file (one a line) or a JSON list of phrases.

    A person's own words are kept, whether or not a camera sees what they say.

    Returns:
        The types, and a sentence for each line that made none, or one that a picture may not show.

    Raises:
        ProductError: if the file cannot be read or holds no usable phrase.
    """
    try:
        text = path.read_text(encoding="utf-8")
        phrases = json.loads(text) if text.lstrip().startswith("[") else text.splitlines()
    except OSError as error:
        raise ProductError(
            "{path} cannot be read: {reason}. Check the path.", path=path, reason=error.strerror or error
        ) from error
    except ValueError as error:
        raise ProductError(
            "{path} is neither text in UTF-8 nor a JSON list. Write one phrase a line.", path=path
        ) from error
    names: dict[str, str] = {}
    dropped = []
    for phrase in phrases:
        name = normalise_name(without_marker(phrase)) if isinstance(phrase, str) else ""
        key = phrase_key(name)
        if name and key not in names and len(names) < MAX_PHRASES:
            names[key] = name
        elif not isinstance(phrase, str) or phrase.strip():
            dropped.append(_why_dropped(str(phrase), name, names.get(key, "")))
    unseen = [name for name in names.values() if not clean_phrase(name)]
    if len(unseen) == len(names):
        raise ProductError(
            "{path} holds no visible anomaly. Write one short noun phrase a line: scratch, dent.", path=path
        )
    dropped += [f"{name!r} is kept; a picture may not show it, or not tell it apart." for name in unseen]
    return tuple(AnomalyType(name, provenance=Provenance.PERSON) for name in names.values()), tuple(dropped)


def _why_dropped(phrase: str, name: str, known: str) -> str:
    shown = f"{printable_name(phrase.strip())[:_SHOWN_CHARACTERS]!r} was left out: "
    if not name:
        return shown + "it holds no word, or the one that is kept for regions without a name."
    if known:
        return shown + f"{known!r} is on the list already."
    return shown + f"a list has {MAX_PHRASES} names at most."


def _in_pose(eyes: Eyes | None, pose: Pose | None) -> Eyes | None:
    if eyes is None:
        raise ProductError("This profile has one way to look at parts, however they lie. Leave the pose out.")
    return eyes if pose is None else replace(eyes, pose=pose)
