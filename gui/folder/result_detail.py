"""What the record holds of a row of a folder run, and its picture. Runs away from the GUI thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import FiloError, UnreadableImageError
from filo_core.imaging import read_image
from filo_core.types import InspectionRecord
from gui.canvas.pictures import PictureContent
from gui.folder.results_model import FolderResult, found_text
from gui.known_words import known_sentence
from gui.records.part_pictures import content_of_record

if TYPE_CHECKING:
    from workflows.reporting.history import History


@dataclass(frozen=True, slots=True, eq=False)
class ResultDetail:
    """One result with its picture. ``record`` is None for a file that never got into the record."""

    row: FolderResult
    record: InspectionRecord | None
    content: PictureContent | None
    problem: str = ""
    """Why there is no picture, as a sentence."""

    @property
    def trained(self) -> bool | None:
        """Whether trained weights judged it."""
        return self.record.trained if self.record and self.record.image_score is not None else None


def completed(history: History, rows: Sequence[FolderResult]) -> list[FolderResult]:
    """The rows of images that were judged before, a few hundred at most, with the verdicts they got then."""
    ids = [row.inspection_id for row in rows if row.inspection_id is not None]
    found = {record.inspection_id: record for record in history.several(ids)}
    return [
        row if (record := found.get(row.inspection_id or 0)) is None else _with_verdict(row, record) for row in rows
    ]


def load_detail(history: History, folder: Path, row: FolderResult) -> ResultDetail:
    """The record behind ``row`` and its picture; the file itself where the record holds none."""
    record = None if row.inspection_id is None else history.get(row.inspection_id)
    if record is None or not (record.map_hash or record.views):
        return _from_file(folder, row, record)
    try:
        content = content_of_record(history, record)
    except FiloError as error:
        return ResultDetail(row, record, None, str(error))
    return ResultDetail(row, record, content)


def _with_verdict(row: FolderResult, record: InspectionRecord) -> FolderResult:
    return FolderResult(
        name=row.name,
        image_hash=row.image_hash,
        verdict=record.verdict,
        score=record.image_score,
        limits=record.limits,
        types=found_text(record.verdict, record.regions, record.anomaly_types),
        reason=record.reason or known_sentence(record.known_as),
        judged_before=True,
        inspection_id=record.inspection_id,
    )


def _from_file(folder: Path, row: FolderResult, record: InspectionRecord | None) -> ResultDetail:
    try:
        return ResultDetail(row, record, PictureContent(read_image(folder / row.name).pixels))
    except UnreadableImageError as error:
        return ResultDetail(row, record, None, row.reason or str(error))
