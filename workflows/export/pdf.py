"""Inspections as a PDF report: totals, then every part that was not plainly OK with its heat map."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from PIL import Image
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer, Table
from reportlab.platypus import Image as Picture

from filo_core.errors import FiloError
from filo_core.naming.part_types import BROAD_WORDS, part_broad, part_called
from filo_core.rendering import draw_regions, draw_zones, render_heat_map
from filo_core.sentence import InLanguage, Joined, Sentence, sentences
from filo_core.shown_items import with_items
from filo_core.statistics.rates import percent
from filo_core.types import UNKNOWN_TYPE, InspectionRecord, Limits, Verdict
from workflows.export.selection import Selection, looked_at
from workflows.reporting.pdf_document import paragraph, write_document

Said = Callable[..., Paragraph]
"""A text in the language of the page, in a style."""

MOST_PICTURES = 200
"""Parts shown with a picture; a report on paper that is longer is not read."""

_UNKNOWN = Sentence("unknown")
VERDICT_WORDS = {
    Verdict.OK: "OK",
    Verdict.REVIEW: "REVIEW",
    Verdict.NG: "NG",
    Verdict.NOT_INSPECTED: Sentence("NOT INSPECTED"),
}
"""As the window says them: three are signs that are the same in every language."""
_WIDTH_MM = 80
_PICTURE_PX = 640
_BESIDE, _BESIDE_MM = 2, 74
"""Views in a row, and how wide the picture of each is."""


def write_pdf(selection: Selection, path: Path, foot: str = "", proof: str = "", in_language: InLanguage = str) -> int:
    """Write the report; back comes how many inspections it counts.

    Args:
        selection: what to write.
        path: of the file.
        foot: at the end of every page.
        proof: what is known of the recipe in force and its bad parts.
        in_language: says every sentence.

    Raises:
        FolderError: if the file cannot be written.
    """
    counts = Counter(record.final_verdict for record in selection.records())
    title = in_language(_title(selection))

    def said(text: str, style: str = "BodyText") -> Paragraph:
        return paragraph(in_language(text), style)

    write_document(path, title, (*_heading(selection, counts, proof, said), *_parts(selection, said)), foot)
    return counts.total()


def _title(selection: Selection) -> str:
    return Sentence("Inspections of {product}", product=selection.wanted.product)


def _heading(selection: Selection, counts: Counter[Verdict], proof: str, said: Said) -> Iterator[Flowable]:
    wanted = selection.wanted
    yield said(_title(selection), "Title")
    if wanted.since or wanted.until:
        yield said(Sentence("From {since} to {until}", since=_moment(wanted.since), until=_moment(wanted.until)))
    if selection.reviewed:
        yield said(Sentence("Only inspections that a person has decided on."))
    if proof:
        yield said(Sentence("Recipe: {proof}", proof=proof))
    rows = [[said(VERDICT_WORDS[verdict]), said(f"{counts[verdict]}")] for verdict in Verdict]
    yield Table([[said(Sentence("Counts as")), said(Sentence("Inspections"))], *rows], colWidths=[60 * mm, 30 * mm])
    untrained = next((record for record in selection.records() if not record.trained and record.image_score), None)
    if untrained is not None:
        yield said(
            Sentence(
                "Among them are scores of untrained weights, which show only where patches differ from good parts."
            )
        )
    yield Spacer(0, 6 * mm)


def _moment(at: datetime | None) -> str:
    return Sentence("{at:%Y-%m-%d %H:%M}", at=at) if at else "…"


def _parts(selection: Selection, said: Said) -> Iterator[Flowable]:
    notable = (record for record in selection.records() if record.verdict is not Verdict.OK or record.review)
    shown = list(islice(notable, MOST_PICTURES + 1))
    for record in shown[:MOST_PICTURES]:
        pictures = _views(selection, record, said) if record.views else _picture(selection, record, said)
        yield KeepTogether([*_words(record, said), *pictures, Spacer(0, 5 * mm)])
    if len(shown) > MOST_PICTURES:
        yield said(
            Sentence(
                "Only the first {most} parts are shown. The CSV export has all of them.",
                most=MOST_PICTURES,
            )
        )


def _views(selection: Selection, record: InspectionRecord, said: Said) -> Iterator[Flowable]:
    """The views of a part beside each other, two in a row, each with its own verdict above it."""
    cells: list[list[Flowable]] = []
    for one in looked_at(record):
        own = one.record
        facts = Joined([VERDICT_WORDS[own.verdict], *([_called(own)] if own.regions else []), _score_of(own)])
        title = said(Sentence("{view}: {facts}", view=one.view, facts=facts))
        cells.append([title, *_picture(selection, own, said, _BESIDE_MM)])
    rows = [cells[first : first + _BESIDE] for first in range(0, len(cells), _BESIDE)]
    rows[-1] += [[] for _ in range(_BESIDE - len(rows[-1]))]
    yield Table(rows, [(_BESIDE_MM + 4) * mm] * _BESIDE, style=[("VALIGN", (0, 0), (-1, -1), "TOP")], hAlign="LEFT")


def _words(record: InspectionRecord, said: Said) -> Iterator[Paragraph]:
    yield paragraph(f"{record.inspection_id}: {record.name}", "Heading4")
    kind = _called(record) if record.regions or record.anomaly_types else ""
    facts = (
        Sentence("Judged {verdict}", verdict=VERDICT_WORDS[record.verdict]),
        *([kind] if kind else []),
        _score_of(record),
        Sentence("recipe version {version}", version=record.recipe_version),
        Sentence("{at:%Y-%m-%d %H:%M:%S}", at=record.inspected_at.astimezone()),
    )
    yield said(Joined(facts))
    if record.reason:
        yield said(record.reason)
    if review := record.review:
        decided = Sentence("{who} decided {verdict}", who=review.reviewer, verdict=VERDICT_WORDS[record.final_verdict])
        called = Joined([decided, review.anomaly_type]) if review.anomaly_type else decided
        yield said(Sentence("{decided}: {why}", decided=called, why=review.reason) if review.reason else called)


def _score_of(record: InspectionRecord) -> str:
    return Sentence("no score") if record.image_score is None else _score(record.image_score, record.limits)


def _score(value: float, limits: Limits) -> str:
    relative = limits.relative(value)
    score = Sentence("score {value:.4f}", value=value)
    if relative is None:
        return score
    return Joined([Sentence("{times:.2f} × limit", times=relative), score])


def _called(record: InspectionRecord) -> str:
    """What the system called it, and how sure of that it was."""
    name, share = part_called(record.verdict, record.regions, record.anomaly_types)
    broad = part_broad(record.regions)
    if broad is not None:
        kind = Sentence("{name} {share}", name=BROAD_WORDS.get(broad.name, broad.name), share=percent(broad.share))
        return Joined([_UNKNOWN, kind])
    called = _UNKNOWN if name in {"", UNKNOWN_TYPE} else name
    return Sentence("{name} {share}", name=called, share=percent(share)) if share else called


def _picture(
    selection: Selection, record: InspectionRecord, said: Said, width_mm: int = _WIDTH_MM
) -> Iterator[Flowable]:
    if not record.map_hash:
        return
    try:
        pixels = selection.history.image(record).pixels
        drawn = render_heat_map(pixels, selection.history.anomaly_map(record), record.limits)
    except FiloError as error:
        yield said(sentences(Sentence("No picture."), error.sentence))
        return
    placed = selection.history.placed(record, pixels)
    drawn = draw_zones(drawn, with_items(placed.zones, record.counts, pixels.shape[1], pixels.shape[0]))
    image = Image.fromarray(draw_regions(drawn, record.regions))
    image.thumbnail((_PICTURE_PX, _PICTURE_PX))
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=85)
    scale = width_mm * mm / max(image.size)
    yield Picture(encoded, image.width * scale, image.height * scale)
