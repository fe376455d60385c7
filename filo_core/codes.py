"""Codes that a picture shows: what stands in a drawn region, and which field of the part it names.

What is read is checked like what a scanner or a message says (:mod:`filo_core.identifying`). A code that cannot be
read, several in one region, and one that cannot be kept all cost the part its OK, as the region says: a field is never
left empty in silence.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from filo_core.errors import IdentityError
from filo_core.fixture import placed
from filo_core.identifying import shown_name, tidy_field
from filo_core.identity import NOBODY, Identity
from filo_core.sentence import Sentence, sentences
from filo_core.types import Verdict
from filo_core.views import worst_verdict
from filo_core.zones import CodeRead, Unreadable, ZoneKind, contains

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from filo_core.fixture import Placement
    from filo_core.types import Inspection, Recipe
    from filo_core.zones import Zone

    Picture = NDArray[np.uint8]

_MARGIN = 0.1
"""Of a region's longer side, beyond its outline: a code needs quiet around it, and its middle has to lie within."""
_LEAST_MARGIN_PX = 8
_ENLARGED = ((3.0, 700), (2.0, 1400))
"""How many times as large a region is looked at as well, up to which length of its longer side in pixels."""
_SHARPEN_SIGMA, _SHARPEN_BY = 2.0, 3.0
"""Chosen on DataMatrix and QR codes with modules of 4 px: read up to a blur of 0.6 modules instead of 0.4."""
_SLANTS = (30.0, 60.0, -22.5, 22.5, 45.0, 67.5)
_SHOWN = 40
_WORST = {Unreadable.REVIEW: Verdict.REVIEW, Unreadable.NG: Verdict.NG}
_FORMATS = (
    "DataMatrix", "QRCode", "MicroQRCode", "RMQRCode", "Aztec", "PDF417", "Code128", "Code39", "Code93",
    "EAN13", "EAN8", "UPCA", "UPCE", "ITF14", "DataBar", "DataBarExp", "DataBarLtd",
)  # fmt: skip
"""Those that check themselves; what a texture could be taken for, as ITF of any length or Codabar, is none of them."""


def with_codes(
    inspection: Inspection, pixels: Picture, recipe: Recipe, placement: Placement | None = None
) -> Inspection:
    """An inspection with what the codes in its picture say of the part.

    Args:
        inspection: as the recipe decided it.
        pixels: its picture, ``(H, W, 3)`` uint8 RGB.
        recipe: whose code regions are read; none changes nothing.
        placement: where the part lies, with a fixture; nothing is read where that is not known.
    """
    zones = [zone for zone in recipe.zones if zone.kind is ZoneKind.CODE]
    if not zones or (recipe.fixture is not None and placement is None):
        return inspection
    height, width = pixels.shape[:2]
    identity, problems, verdicts = NOBODY, list[str](), [inspection.verdict]
    for zone in placed(zones, recipe.fixture, placement, width, height).zones:
        code = zone.code or CodeRead()
        read, problem = _field_of(zone, code, read_codes(pixels, zone))
        if not problem:
            problem = _contradiction(zone, code.field, identity, read)
        if problem:
            problems.append(problem)
            verdicts.append(_WORST[code.unreadable])
        identity = identity.completed(read)
    return replace(
        inspection,
        identity=inspection.identity.completed(identity),
        verdict=_raised(verdicts),
        reason=sentences(inspection.reason, *problems) if problems else inspection.reason,
    )


def with_told(inspection: Inspection, told: Identity) -> Inspection:
    """An inspection with what a trigger or a scanner said of the part, which stands where a code says something else.

    What they do not agree on is said, and leaves the part in doubt.
    """
    read = inspection.identity
    differing = told.contradicted(read)
    said = [
        Sentence(
            "The {field} was given as {told}, and the code in the picture says {read}.",
            field=shown_name(field),
            told=_cut(getattr(told, field)),
            read=_cut(getattr(read, field)),
        )
        for field in differing
    ]
    inspection = replace(inspection, identity=told.completed(read))
    if not said:
        return inspection
    verdict = _raised([inspection.verdict, Verdict.REVIEW])
    return replace(inspection, verdict=verdict, reason=sentences(inspection.reason, *said))


def read_codes(pixels: Picture, zone: Zone) -> tuple[str, ...]:
    """What the codes in a region say, each text once, in the order of their places from the top.

    Args:
        pixels: ``(H, W, 3)`` uint8 RGB.
        zone: where it lies in this picture, in fractions of it.
    """
    height, width = pixels.shape[:2]
    outline = np.array(zone.outline) * (width, height)
    margin = max(_MARGIN * float(np.ptp(outline, axis=0).max()), _LEAST_MARGIN_PX)
    left, top = (max(int(value), 0) for value in outline.min(axis=0) - margin)
    right, bottom = (int(value) for value in np.ceil(outline.max(axis=0) + margin))
    piece = pixels[top : min(bottom, height), left : min(right, width)]
    if not piece.size:
        return ()
    grey = np.ascontiguousarray(cv2.cvtColor(piece, cv2.COLOR_RGB2GRAY), np.uint8)
    for onto, looked_at in _looks(grey):
        back = cv2.invertAffineTransform(onto)
        found: dict[str, float] = {}
        for text, middle in _decoded(looked_at):
            x, y = back @ (*middle, 1.0)
            place = (left + x) / width, (top + y) / height
            if contains(zone.outline, place):
                found[text] = min(place[1], found.get(text, 1.0))
        if found:
            return tuple(sorted(found, key=lambda text: (found[text], text)))
    return ()


def _looks(grey: NDArray[np.uint8]) -> Iterator[tuple[NDArray[np.float64], NDArray[np.uint8]]]:
    """The piece as it is, then as a blurred, small or slanting code needs it, each with where its points lie then."""
    yield np.eye(2, 3), grey
    factor = next((factor for factor, most in _ENLARGED if max(grey.shape) <= most), 1.0)
    larger = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC) if factor > 1.0 else grey
    softer = cv2.GaussianBlur(larger, (0, 0), _SHARPEN_SIGMA * factor)
    sharper = cv2.addWeighted(larger, 1.0 + _SHARPEN_BY, softer, -_SHARPEN_BY, 0)
    yield factor * np.eye(2, 3), np.asarray(sharper, np.uint8)
    height, width = grey.shape
    side = int(np.ceil(np.hypot(height, width)))
    for degrees in _SLANTS:
        # Bars are read along lines: a code of them is found at a few degrees from the picture's edges alone.
        onto = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        onto[:, 2] += (side - width) / 2, (side - height) / 2
        slanted = cv2.warpAffine(grey, onto, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        yield np.asarray(onto, np.float64), np.asarray(slanted, np.uint8)


def _decoded(grey: NDArray[np.uint8]) -> list[tuple[str, tuple[float, float]]]:
    """Text and middle of each code in ``(H, W)`` uint8."""
    import zxingcpp

    found = zxingcpp.read_barcodes(grey, formats=_formats(), text_mode=zxingcpp.TextMode.Plain)
    return [(one.text, _middle(one.position)) for one in found if one.valid]


@cache
def _formats() -> Any:
    # Only a recipe with a code pays for loading it.
    import zxingcpp

    return [getattr(zxingcpp.BarcodeFormat, name) for name in _FORMATS]


def _middle(position: Any) -> tuple[float, float]:
    corners = position.top_left, position.top_right, position.bottom_right, position.bottom_left
    return sum(corner.x for corner in corners) / 4.0, sum(corner.y for corner in corners) / 4.0


def _field_of(zone: Zone, code: CodeRead, texts: Sequence[str]) -> tuple[Identity, str]:
    """What a region says, or why it says nothing."""
    field = shown_name(code.field)
    if not texts:
        return NOBODY, Sentence("No code could be read in region {region}, so the {field} is not known.",
                                region=zone.name, field=field)  # fmt: skip
    if len(texts) > 1:
        return NOBODY, Sentence(
            "Region {region} shows {count} codes, {first} and {second} among them, so the {field} is not known.",
            region=zone.name,
            count=len(texts),
            first=_cut(texts[0]),
            second=_cut(texts[1]),
            field=field,
        )
    try:
        value = tidy_field(code.field, texts[0])
    except IdentityError as error:
        return NOBODY, Sentence("The code in region {region}: {problem}", region=zone.name, problem=error.sentence)
    if not value:
        return NOBODY, Sentence("The code in region {region} is empty, so the {field} is not known.",
                                region=zone.name, field=field)  # fmt: skip
    return Identity(**{code.field: value}), ""


def _contradiction(zone: Zone, field: str, before: Identity, read: Identity) -> str:
    if not before.contradicted(read):
        return ""
    return Sentence(
        "The code in region {region} says {read} for the {field}, and another code says {other}.",
        region=zone.name,
        read=_cut(getattr(read, field)),
        field=shown_name(field),
        other=_cut(getattr(before, field)),
    )


def _raised(verdicts: Sequence[Verdict]) -> Verdict:
    """The worst of these; a part without a verdict gets none from a code."""
    return verdicts[0] if verdicts[0] is Verdict.NOT_INSPECTED else worst_verdict(verdicts)


def _cut(text: str) -> str:
    """As it can be shown in a sentence."""
    seen = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
    return seen if len(seen) <= _SHOWN else f"{seen[:_SHOWN]}…"
