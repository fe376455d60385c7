"""Inspections as a PDF report: totals, then every part that was not plainly OK with its heat map."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from PIL import Image
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer, Table
from reportlab.platypus import Image as Picture

from filo_core.errors import FiloError
from filo_core.naming.part_types import part_broad, part_called
from filo_core.rendering import draw_regions, draw_zones, render_heat_map
from filo_core.shown_items import with_items
from filo_core.statistics.rates import percent
from filo_core.types import UNKNOWN_TYPE, InspectionRecord, Limits, Verdict
from workflows.export.selection import Selection, looked_at
from workflows.reporting.pdf_document import paragraph, write_document

MOST_PICTURES = 200
"""Parts shown with a picture; a report on paper that is longer is not read."""

_WIDTH_MM = 80
_PICTURE_PX = 640
_BESIDE, _BESIDE_MM = 2, 74
"""Views in a row, and how wide the picture of each is."""


def write_pdf(selection: Selection, path: Path, foot: str = "", proof: str = "") -> int:
    """Write the report; back comes how many inspections it counts.

    Args:
        selection: what to write.
        path: of the file.
        foot: at the end of every page.
        proof: what is known of the recipe in force and its bad parts.

    Raises:
        FolderError: if the file cannot be written.
    """
    counts = Counter(record.final_verdict for record in selection.records())
    title = f"Inspections of {selection.wanted.product}"
    write_document(path, title, (*_heading(selection, counts, proof), *_parts(selection)), foot)
    return counts.total()


def _heading(selection: Selection, counts: Counter[Verdict], proof: str) -> Iterator[Flowable]:
    wanted = selection.wanted
    yield paragraph(f"Inspections of {wanted.product}", "Title")
    if wanted.since or wanted.until:
        ends = [moment.isoformat(" ", "minutes") if moment else "…" for moment in (wanted.since, wanted.until)]
        yield paragraph(f"From {ends[0]} to {ends[1]}")
    if selection.reviewed:
        yield paragraph("Only inspections that a person has decided on.")
    if proof:
        yield paragraph(f"Recipe: {proof}")
    yield Table([["Counts as", "Inspections"], *([verdict.value, str(counts[verdict])] for verdict in Verdict)])
    untrained = next((record for record in selection.records() if not record.trained and record.image_score), None)
    if untrained is not None:
        note = "Among them are scores of untrained weights, which show only where patches differ from good parts."
        yield paragraph(note)
    yield Spacer(0, 6 * mm)


def _parts(selection: Selection) -> Iterator[Flowable]:
    notable = (record for record in selection.records() if record.verdict is not Verdict.OK or record.review)
    shown = list(islice(notable, MOST_PICTURES + 1))
    for record in shown[:MOST_PICTURES]:
        pictures = _views(selection, record) if record.views else _picture(selection, record)
        yield KeepTogether([*_words(record), *pictures, Spacer(0, 5 * mm)])
    if len(shown) > MOST_PICTURES:
        yield paragraph(f"Only the first {MOST_PICTURES} parts are shown. The CSV export has all of them.")


def _views(selection: Selection, record: InspectionRecord) -> Iterator[Flowable]:
    """The views of a part beside each other, two in a row, each with its own verdict above it."""
    cells: list[list[Flowable]] = []
    for one in looked_at(record):
        own = one.record
        score = "no score" if own.image_score is None else _score(own.image_score, own.limits)
        kind = f", {_called(own)}" if own.regions else ""
        said = paragraph(f"{one.view}: {own.verdict.value}{kind}, {score}")
        cells.append([said, *_picture(selection, own, _BESIDE_MM)])
    rows = [cells[first : first + _BESIDE] for first in range(0, len(cells), _BESIDE)]
    rows[-1] += [[] for _ in range(_BESIDE - len(rows[-1]))]
    yield Table(rows, [(_BESIDE_MM + 4) * mm] * _BESIDE, style=[("VALIGN", (0, 0), (-1, -1), "TOP")], hAlign="LEFT")


def _words(record: InspectionRecord) -> Iterator[Paragraph]:
    yield paragraph(f"{record.inspection_id}: {record.name}", "Heading4")
    score = "no score" if record.image_score is None else _score(record.image_score, record.limits)
    kind = f", {_called(record)}" if record.regions or record.anomaly_types else ""
    at = record.inspected_at.isoformat(" ", "seconds")
    yield paragraph(f"Judged {record.verdict.value}{kind}, {score}, recipe version {record.recipe_version}, {at}")
    if record.reason:
        yield paragraph(record.reason)
    if review := record.review:
        why = f": {review.reason}" if review.reason else ""
        called = f", {review.anomaly_type}" if review.anomaly_type else ""
        yield paragraph(f"{review.reviewer} decided {record.final_verdict.value}{called}{why}")


def _score(value: float, limits: Limits) -> str:
    relative = limits.relative(value)
    times = "" if relative is None else f"{relative:.2f} × limit, "
    return f"{times}score {value:.4f}"


def _called(record: InspectionRecord) -> str:
    """What the system called it, and how sure of that it was."""
    name, share = part_called(record.verdict, record.regions, record.anomaly_types)
    broad = part_broad(record.regions)
    if broad is not None:
        return f"{UNKNOWN_TYPE}, {broad.name} {percent(broad.share)}"
    return f"{name or UNKNOWN_TYPE} {percent(share)}" if share else name or UNKNOWN_TYPE


def _picture(selection: Selection, record: InspectionRecord, width_mm: int = _WIDTH_MM) -> Iterator[Flowable]:
    if not record.map_hash:
        return
    try:
        pixels = selection.history.image(record).pixels
        drawn = render_heat_map(pixels, selection.history.anomaly_map(record), record.limits)
    except FiloError as error:
        yield paragraph(f"No picture. {error}")
        return
    placed = selection.history.placed(record, pixels)
    drawn = draw_zones(drawn, with_items(placed.zones, record.counts, pixels.shape[1], pixels.shape[0]))
    image = Image.fromarray(draw_regions(drawn, record.regions))
    image.thumbnail((_PICTURE_PX, _PICTURE_PX))
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=85)
    scale = width_mm * mm / max(image.size)
    yield Picture(encoded, image.width * scale, image.height * scale)
