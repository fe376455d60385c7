"""Reports at the end of a shift, day or week: made once each, into a folder, and told to the outputs for people."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import FiloError, FolderError
from filo_core.notices import NoticeKind, Notification
from filo_core.sentence import InLanguage, Sentence
from filo_core.spoken import speaker
from filo_core.statistics.report_times import ReportKind, ReportTime, Timetable
from filo_core.types import EventKind, InspectionFilter
from workflows.people.access import Access
from workflows.people.rights import free
from workflows.products.catalogue import Catalogue
from workflows.reporting.day_ranges import DayError
from workflows.reporting.history import History
from workflows.reporting.paper import with_pictures
from workflows.reporting.report import read_report

if TYPE_CHECKING:
    from storage.outbox_notices import NoticeBox
    from storage.storage import Storage
    from workflows.settings.settings import Settings

ACTOR = "schedule"
"""Stands in the events for whoever set which reports there are."""
LOOKED_BACK = timedelta(days=35)
"""Ends that were missed for longer than that are made up for no more."""

_TITLES = {
    ReportKind.SHIFT: Sentence("Shift"),
    ReportKind.DAY: Sentence("Day"),
    ReportKind.WEEK: Sentence("Week"),
}
_UNFIT = re.compile(r"[^\w.+-]+")

logger = logging.getLogger(__name__)


def timetable_of(settings: Settings) -> Timetable:
    """Shifts and time zone of the settings.

    Raises:
        RecipeError: if they are none.
    """
    return Timetable.parse(settings.shifts, settings.time_zone)


@free("the settings say which reports there are, and whoever may change them has set them")
def due(
    storage: Storage, settings: Settings, box: NoticeBox, receivers: Sequence[str], now: datetime
) -> tuple[Path, ...]:
    """Make the reports whose shift, day or week has ended since the last call; those are the files.

    Each is made once: how far this has come is kept in one commit with what is sent. Ends that were missed while the
    program was off are made up for. Nothing is made where nothing was inspected, nor of what was before this was set.

    Args:
        storage: the record.
        settings: which reports, shifts, time zone, language and folder.
        box: of the outbox.
        receivers: names of the outputs that are told.
        now: by the clock on the wall, with a time zone.

    Raises:
        FiloError: if the settings say no times, a file cannot be written, or the record cannot be read.
    """
    table = timetable_of(settings)
    written: list[Path] = []
    for kind in ReportKind:
        name = f"report of the {kind.value}"
        mark = box.mark(name)
        if kind.value not in settings.reports:
            if mark is not None:
                # Turned on again it begins anew.
                box.set_mark(name, "")
            continue
        if not mark:
            box.set_mark(name, now.isoformat())
            continue
        after = max(datetime.fromisoformat(mark), now - LOOKED_BACK)
        for one in table.ended(kind, after, now):
            files = make_reports(storage, settings, table, one)
            told = [_notice(settings, one, files, now, speaker(settings.language))] if files else []
            box.put(told, receivers, (name, one.until.isoformat()))
            written += files
    return tuple(written)


@free("the settings say which reports there are, and whoever may change them has set them")
def make_reports(storage: Storage, settings: Settings, table: Timetable, one: ReportTime) -> list[Path]:
    """Write a report of each product that was inspected in that time; one that is there is replaced.

    Raises:
        FiloError: as :func:`due`.
    """
    # Only who makes a report pays for loading what draws it.
    from workflows.reporting.report_pdf import Cover, write_pdf

    in_language = speaker(settings.language)
    folder = settings.report_folder or settings.home / "reports"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(
            "{folder} cannot be made: {reason}. Choose another folder for reports.",
            folder=folder,
            reason=error.strerror or error,
        ) from error
    catalogue, files = Catalogue(storage, Access(storage)), []
    since, until = table.local(one.since), table.local(one.until)
    for product in _inspected(storage, one):
        wanted = InspectionFilter(product=product, since=since, until=until)
        report = with_pictures(storage, read_report(storage, catalogue, wanted))
        if not report.figures.counts.done:
            continue
        path = folder / f"{_UNFIT.sub('-', product).strip('-.') or 'product'}_{stem_of(one)}.pdf"
        with storage.transaction() as transaction:
            detail = {"as": "report", "to": path.name, "of": one.kind.value}
            transaction.events.add(EventKind.EXPORTED, ACTOR, settings.station, product, detail)
        foot = f"Record {storage.signed(storage.head())}"
        cover = Cover(table.local(datetime.now().astimezone()), "", title_of(one, in_language))
        write_pdf(report, path, in_language(foot), in_language, cover)
        files.append(path)
    return files


def wanted_time(table: Timetable, day: str, week: str, shift: str, *, both: bool = False) -> ReportTime:
    """The shift, day or week that somebody asks for.

    Args:
        table: of the plant.
        day: ``YYYY-MM-DD``; with a shift the day on which it begins.
        week: a day in it.
        shift: name of a shift.
        both: whether a time was given in another way as well.

    Raises:
        DayError: if it is no day, there is no such shift, or more than one time is asked for.
    """
    if both or (day and week) or (shift and not day):
        raise DayError("Ask for one time: --day, --day with --shift, --week, or --from and --to.")
    try:
        wanted = date.fromisoformat(day or week)
    except ValueError as error:
        raise DayError("{typed!r} is no day. Write it like 2026-03-01.", typed=(day or week)[:40]) from error
    kind = ReportKind.SHIFT if shift else ReportKind.WEEK if week else ReportKind.DAY
    found = table.of_day(kind, wanted, shift)
    if found is None:
        known = ", ".join(one.name for one in table.shifts) or "–"
        raise DayError("There is no shift {shift!r}. The settings have: {known}.", shift=shift[:80], known=known)
    return found


def title_of(one: ReportTime, in_language: InLanguage = str) -> str:
    """What a report is of, such as ``Shift Early, 2026-03-04``."""
    kind = in_language(_TITLES[one.kind])
    return f"{kind} {one.name}, {one.day:%Y-%m-%d}" if one.name else f"{kind} {one.day:%Y-%m-%d}"


def stem_of(one: ReportTime) -> str:
    """What tells the file of one report from that of another."""
    last = one.day + timedelta(days=6)
    if one.kind is ReportKind.WEEK:
        return f"{one.day:%Y-%m-%d}_{last:%Y-%m-%d}"
    return f"{one.day:%Y-%m-%d}_{_UNFIT.sub('-', one.name)}" if one.name else f"{one.day:%Y-%m-%d}"


def _inspected(storage: Storage, one: ReportTime) -> list[str]:
    with storage.reading() as transaction:
        lately = transaction.overview.lately(one.since, 1)
    history = History(storage)
    asked = (InspectionFilter(product=name, since=one.since, until=one.until) for name in sorted(lately))
    return [wanted.product for wanted in asked if lately[wanted.product].total and history.count(wanted)]


def _notice(
    settings: Settings, one: ReportTime, files: Sequence[Path], now: datetime, in_language: InLanguage
) -> Notification:
    title = in_language(Sentence("Report: {of}", of=title_of(one, in_language)))
    return Notification(
        key=f"report-{one.kind.value}-{one.until:%Y%m%dT%H%M%SZ}",
        kind=NoticeKind.REPORT,
        title=title,
        text="\n".join((title, "", *(path.name for path in files))),
        at=now.isoformat(),
        station=settings.station,
        files=tuple(map(str, files)),
    )


def try_due(storage: Storage, settings: Settings, box: NoticeBox, receivers: Sequence[str], now: datetime) -> str:
    """:func:`due`, for a loop: why it did not work, as a sentence; empty when it did. It is tried again."""
    if not settings.reports:
        return ""
    try:
        for path in due(storage, settings, box, receivers, now):
            logger.info("report written to %s", path)
    except FiloError as error:
        logger.warning("no report was made: %s", error)
        return Sentence("No report was made: {error}", error=error)
    return ""
