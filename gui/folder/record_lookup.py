"""Finds in the record what a row of a folder run shows, and loads its picture. Runs away from the GUI thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import FiloError, UnreadableImageError
from filo_core.imaging import read_image
from filo_core.types import InspectionFilter, InspectionRecord, Origin, Verdict
from gui.canvas.pictures import PictureContent
from gui.folder.results_model import ResultRow, types_of

if TYPE_CHECKING:
    from workflows.reporting.history import History

_PAGE = 500
_CLOCK_STEP = timedelta(milliseconds=2)
"""A database may keep fewer digits of a moment than Python does."""


@dataclass(frozen=True, slots=True, eq=False)
class ResultDetail:
    """One result with its picture. ``record`` is None for a file that never got into the record."""

    row: ResultRow
    record: InspectionRecord | None
    content: PictureContent | None
    problem: str = ""
    """Why there is no picture, as a sentence."""

    @property
    def trained(self) -> bool | None:
        """Whether trained weights judged it."""
        return self.record.trained if self.record and self.record.image_score is not None else None


class EarlierVerdicts:
    """Records of one product and recipe by image hash, read page by page and kept for the run.

    The rows of skipped images come in their thousands: one pass over the record serves them all.
    """

    def __init__(self, history: History, product: str, recipe_hash: str) -> None:
        self._history = history
        self._filter = InspectionFilter(product=product)
        self._recipe_hash = recipe_hash
        self._ids: dict[str, int] = {}
        self._rows: dict[str, ResultRow] = {}
        self._before_id: int | None = None
        self._read_all = False
        # Asked for by the row that was clicked and by the filling of skipped rows at the same time.
        self._reading = threading.Lock()

    def record_id(self, image_hash: str) -> int | None:
        """Number of the record that judged this content, None where there is none."""
        self._read_until(image_hash)
        return self._ids.get(image_hash)

    def completed(self, row: ResultRow) -> ResultRow:
        """``row`` with the verdict it got earlier."""
        self._read_until(row.image_hash)
        earlier = self._rows.get(row.image_hash)
        return row if earlier is None else replace(earlier, name=row.name, judged_before=True)

    def _read_until(self, image_hash: str) -> None:
        with self._reading:
            while image_hash not in self._rows and not self._read_all:
                self._read_page()

    def _read_page(self) -> None:
        page = self._history.page(self._filter, before_id=self._before_id, limit=_PAGE)
        self._read_all = len(page) < _PAGE
        for record in page:
            self._before_id = record.inspection_id
            if record.recipe_hash == self._recipe_hash and record.verdict is not Verdict.NOT_INSPECTED:
                self._ids.setdefault(record.image_hash, record.inspection_id)
                self._rows.setdefault(record.image_hash, row_of(record))


def row_of(record: InspectionRecord) -> ResultRow:
    """What the table shows of a record."""
    return ResultRow(
        name=record.name,
        image_hash=record.image_hash,
        verdict=record.verdict,
        score=record.image_score,
        types=types_of(region.anomaly_type for region in record.regions),
        reason=record.reason,
        inspected_at=record.inspected_at,
    )


def load_detail(history: History, earlier: EarlierVerdicts, product: str, folder: Path, row: ResultRow) -> ResultDetail:
    """The record behind ``row`` and its picture; the file itself where the record holds none."""
    record = _record_of(history, earlier, product, row)
    if record is None or not record.map_hash:
        return _from_file(folder, row, record)
    try:
        content = PictureContent(
            pixels=history.image(record).pixels,
            anomaly_map=history.anomaly_map(record),
            limits=record.limits,
            regions=record.regions,
        )
    except FiloError as error:
        return ResultDetail(row, record, None, str(error))
    return ResultDetail(row, record, content)


def of_run(rows: Sequence[ResultRow], recipe_hash: str, since: datetime) -> Callable[[InspectionRecord], bool]:
    """Whether a record belongs to a run: its content was judged under the recipe, or not inspected since it began."""
    hashes = frozenset(row.image_hash for row in rows if row.verdict is not Verdict.NOT_INSPECTED)
    refused = frozenset(row.name for row in rows if row.verdict is Verdict.NOT_INSPECTED)

    def belongs(record: InspectionRecord) -> bool:
        if record.recipe_hash != recipe_hash or record.origin is not Origin.FOLDER:
            return False
        if record.verdict is Verdict.NOT_INSPECTED:
            return record.name in refused and record.inspected_at >= since
        return record.image_hash in hashes

    return belongs


def _record_of(history: History, earlier: EarlierVerdicts, product: str, row: ResultRow) -> InspectionRecord | None:
    if row.judged_before or row.inspected_at is None:
        record_id = earlier.record_id(row.image_hash)
        return None if record_id is None else history.get(record_id)
    moment = row.inspected_at
    wanted = InspectionFilter(product=product, since=moment - _CLOCK_STEP, until=moment + _CLOCK_STEP)
    found = history.page(wanted, limit=20)
    return next((r for r in found if r.name == row.name and r.image_hash == row.image_hash), None)


def _from_file(folder: Path, row: ResultRow, record: InspectionRecord | None) -> ResultDetail:
    try:
        return ResultDetail(row, record, PictureContent(read_image(folder / row.name).pixels))
    except UnreadableImageError as error:
        return ResultDetail(row, record, None, row.reason or str(error))
