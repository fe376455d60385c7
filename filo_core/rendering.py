"""The one renderer of heat maps: live view, review, files and reports show the same colours for the same values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from filo_core.types import Limits, Region, Verdict
from filo_core.zones import Zone, ZoneKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FAINTEST, _FULL = 0.5, 2.0
"""Where the scale starts and ends, as multiples of the recipe's region limit, which is its middle."""
_STOPS: Final = ((0.0, (255, 240, 130)), (0.5, (255, 140, 0)), (0.75, (230, 40, 20)), (1.0, (150, 0, 45)))
"""Share of the scale and its colour: the lightness falls all the way, so that it can be read without colours too."""
_LEAST_AT_LIMIT = 0.8
"""Share of the opacity that the limit itself has: what is called a region must be seen on any ground."""
_CONTOUR_COLOURS = ((25, 20, 30), (255, 255, 255))
"""Of the line around what lies above the limit: dark, and light within, so that one of them stands out."""

_LEAST_SIDE_FOR_CONTOUR = 24
"""Pixels: in a smaller picture the line would hide what it runs around."""

_VERDICT_WORDS = {
    Verdict.OK: "OK",
    Verdict.REVIEW: "REVIEW ?",
    Verdict.NG: "NG  X",
    Verdict.NOT_INSPECTED: "NOT INSPECTED !",
}
_VERDICT_COLOURS = {
    Verdict.OK: (20, 110, 60),
    Verdict.REVIEW: (140, 90, 0),
    Verdict.NG: (170, 25, 25),
    Verdict.NOT_INSPECTED: (80, 80, 90),
}
_BOX_COLOUR = (0, 220, 255)
_ZONE_COLOURS = {
    ZoneKind.INSPECT: (120, 230, 120),
    ZoneKind.IGNORE: (205, 205, 205),
    ZoneKind.FIXTURE: (200, 162, 255),
    ZoneKind.COUNT: (90, 255, 190),
    ZoneKind.WHOLE: (255, 178, 125),
    ZoneKind.CODE: (240, 240, 110),
}


def heat_scale(limits: Limits) -> tuple[float, float, float]:
    """Map values at the start, the middle and the end of the colours: fixed for a recipe, so that pictures compare.

    The middle is the recipe's region limit. No map goes beyond 1, so that a high limit's scale ends there.
    """
    region = max(limits.region, 1e-6)
    end = _FULL * region
    return _FAINTEST * region, region, end if region >= 1.0 else min(end, 1.0)


def heat_ramp(steps: int = 256) -> NDArray[np.uint8]:
    """Colours from the start of the scale to its end, ``(steps, 3)`` uint8 RGB."""
    shares = np.linspace(0.0, 1.0, steps)
    places, colours = [share for share, _ in _STOPS], np.array([colour for _, colour in _STOPS])
    channels = [np.interp(shares, places, colours[:, channel]) for channel in range(3)]
    return np.asarray(np.stack(channels, axis=1) + 0.5, np.uint8)


def render_heat_map(
    pixels: NDArray[np.uint8], anomaly_map: NDArray[np.float32], limits: Limits, opacity: float = 0.6
) -> NDArray[np.uint8]:
    """Picture with its anomaly map laid over it, ``(H, W, 3)`` uint8 RGB, and a line around what is above the limit.

    Args:
        pixels: ``(H, W, 3)`` uint8 RGB.
        anomaly_map: ``(h, w)`` float over the same picture, any resolution.
        limits: of the recipe that judged it; they set the scale.
        opacity: in [0, 1] where the map is at its strongest; 0 gives the picture back.
    """
    if opacity <= 0.0:
        return pixels.copy()
    height, width = pixels.shape[:2]
    share = np.interp(np.asarray(anomaly_map, np.float32), heat_scale(limits), (0.0, 0.5, 1.0)).astype(np.float32)
    share = np.asarray(cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    colours = heat_ramp()[(255.0 * share).astype(np.uint8)]
    strength = np.interp(np.linspace(0.0, 1.0, 256), (0.0, 0.5, 1.0), (0.0, _LEAST_AT_LIMIT, 1.0)).astype(np.float32)
    alpha = (opacity * strength[(255.0 * share).astype(np.uint8)])[..., None]
    blended: NDArray[np.uint8] = (pixels * (1.0 - alpha) + colours * alpha + 0.5).astype(np.uint8)
    _draw_contour(blended, share > 0.5)
    return blended


def _draw_contour(picture: NDArray[np.uint8], above: NDArray[np.bool_]) -> None:
    if min(picture.shape[:2]) < _LEAST_SIDE_FOR_CONTOUR:
        return
    lines, _ = cv2.findContours(above.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    thin = max(1, round(min(picture.shape[:2]) / 400))
    for colour, thickness in zip(_CONTOUR_COLOURS, (3 * thin, thin), strict=True):
        cv2.drawContours(picture, lines, -1, colour, thickness)


def named_with_share(region: Region) -> str:
    """What a region is called and the share of that name: ``dent 61 %``; an unknown one has none."""
    if region.broad is not None and not region.type_confidence:
        return f"{region.anomaly_type}, {region.broad.name} {region.broad.share:.0%}".replace("%", " %")
    return region.anomaly_type + (f" {region.type_confidence:.0%}".replace("%", " %") if region.type_confidence else "")


def draw_regions(pixels: NDArray[np.uint8], regions: Iterable[Region]) -> NDArray[np.uint8]:
    """Copy of ``(H, W, 3)`` uint8 RGB with the box, number, type with its share, and position of each region."""
    canvas = Image.fromarray(pixels)
    draw = ImageDraw.Draw(canvas)
    size = max(11, min(canvas.size) // 28)
    font = ImageFont.load_default(size)
    line = max(2, min(canvas.size) // 200)
    for number, region in enumerate(regions, start=1):
        box = region.box
        draw.rectangle((box.x, box.y, box.x + box.width, box.y + box.height), outline=_BOX_COLOUR, width=line)
        label = f"{number} {named_with_share(region)}, {region.position.value}"
        left = min(box.x, max(0, canvas.width - int(draw.textlength(label, font=font)) - 4))
        top = max(0, box.y - size - 6)
        draw.rectangle(draw.textbbox((left + 2, top), label, font=font), fill=(0, 0, 0))
        draw.text((left + 2, top), label, font=font, fill=_BOX_COLOUR)
    return np.asarray(canvas)


def draw_zones(pixels: NDArray[np.uint8], zones: Iterable[Zone]) -> NDArray[np.uint8]:
    """Copy of ``(H, W, 3)`` uint8 RGB with outline and name of each drawn region; what is ignored is crossed out."""
    canvas = Image.fromarray(pixels)
    draw = ImageDraw.Draw(canvas)
    size = max(11, min(canvas.size) // 32)
    font, line = ImageFont.load_default(size), max(2, min(canvas.size) // 250)
    for zone in zones:
        outline = [(x * canvas.width, y * canvas.height) for x, y in zone.outline]
        ignored = zone.kind is ZoneKind.IGNORE
        colour = _ZONE_COLOURS.get(zone.kind, _ZONE_COLOURS[ZoneKind.INSPECT])
        draw.line([*outline, outline[0], outline[1]], fill=colour, width=line)
        across, down = zip(*outline, strict=True)
        if ignored:
            draw.line([(min(across), min(down)), (max(across), max(down))], fill=colour, width=line)
            draw.line([(min(across), max(down)), (max(across), min(down))], fill=colour, width=line)
        if not zone.name:
            continue
        # What is seen as a whole mostly spans other regions, whose names stand below.
        top = min(down) + 2 * line if zone.kind is ZoneKind.WHOLE else max(down) - size - 2 * line
        place = (min(across) + 2 * line, top)
        draw.rectangle(draw.textbbox(place, zone.name, font=font), fill=(0, 0, 0))
        draw.text(place, zone.name, font=font, fill=colour)
    return np.asarray(canvas)


@dataclass(frozen=True, slots=True, eq=False)
class SheetEntry:
    """One picture of a contact sheet: ``picture`` is ``(H, W, 3)`` uint8 RGB."""

    name: str
    verdict: Verdict
    picture: NDArray[np.uint8]
    detail: str


def contact_sheet(entries: Sequence[SheetEntry], title: str, columns: int = 6, tile_px: int = 224) -> Image.Image:
    """All pictures of a run on one sheet, each under its verdict, with ``title`` on top."""
    columns = max(1, min(columns, len(entries)))
    rows = math.ceil(len(entries) / columns)
    bar, caption, gap, header = 26, 38, 10, 54
    cell_h = bar + tile_px + caption + gap
    sheet = Image.new("RGB", (gap + columns * (tile_px + gap), header + max(rows, 1) * cell_h), (245, 245, 247))
    draw = ImageDraw.Draw(sheet)
    large, medium, small = (ImageFont.load_default(size) for size in (20, 16, 13))
    draw.text((gap, 16), _fitted(draw, title, large, sheet.width - 2 * gap), font=large, fill=(20, 20, 24))
    for index, entry in enumerate(entries):
        x = gap + (index % columns) * (tile_px + gap)
        y = header + (index // columns) * cell_h
        draw.rectangle((x, y, x + tile_px, y + bar), fill=_VERDICT_COLOURS[entry.verdict])
        draw.text((x + 8, y + 3), _VERDICT_WORDS[entry.verdict], font=medium, fill=(255, 255, 255))
        picture = Image.fromarray(entry.picture)
        picture.thumbnail((tile_px, tile_px), Image.Resampling.LANCZOS)
        sheet.paste(picture, (x + (tile_px - picture.width) // 2, y + bar + (tile_px - picture.height) // 2))
        for line, text in enumerate((entry.name, entry.detail)):
            place = (x, y + bar + tile_px + 3 + 16 * line)
            draw.text(place, _fitted(draw, text, small, tile_px), font=small, fill=(40, 40, 46))
    return sheet


def _fitted(
    draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int
) -> str:
    """``text``, its middle replaced by an ellipsis until it fits ``width`` pixels."""
    if draw.textlength(text, font=font) <= width:
        return text
    kept = len(text)
    while kept > 4 and draw.textlength(f"{text[: kept // 2]}…{text[-(kept // 2) :]}", font=font) > width:
        kept -= 2
    return f"{text[: kept // 2]}…{text[-(kept // 2) :]}"
