"""At the end of a shift, day or week a report is there once: in the folder, by e-mail, in the language of the plant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from filo_core.notices import NoticeKind
from filo_core.statistics.report_times import ReportKind, Timetable
from filo_core.types import EventKind
from storage.outbox_notices import NoticeBox
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import make_inspection, make_region, sign_product
from tests.unit.workflows.notices.test_telling import Mailbox
from workflows.notices.post import NoticePost
from workflows.notices.reports import due, try_due, wanted_time
from workflows.reporting.day_ranges import DayError
from workflows.settings.check import problems_of
from workflows.settings.file import write_settings_file
from workflows.settings.output_address import Output
from workflows.settings.settings import Settings

SHIFTS = ("Früh=06:00", "Spät=14:00", "Nacht=22:00")
SIX = datetime(2026, 3, 4, 5, tzinfo=UTC)
"""In Berlin."""


@pytest.fixture
def home(filo_home: Path) -> Path:
    filo_home.mkdir(exist_ok=True)
    write_settings_file(
        filo_home, {"reports": ("shift", "week"), "shifts": SHIFTS, "time_zone": "Europe/Berlin", "language": "de"}
    )
    return filo_home


@pytest.fixture
def box(home: Path) -> Iterator[NoticeBox]:
    made = NoticeBox(home / "outbox.sqlite")
    yield made
    made.close()


@pytest.fixture
def inspect(storage: Storage) -> Callable[[datetime, str], None]:
    recipe = sign_product(storage)
    recorder, shades = Recorder(storage, "metal nut"), iter(range(10_000))

    def add(at: datetime, verdicts: str) -> None:
        for letter in verdicts:
            score, regions = (0.9, (make_region(),)) if letter == "N" else (0.1, ())
            recorder.record_one(make_inspection(recipe, next(shades), score, regions=regions, inspected_at=at))

    return add


def words_of(path: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def test_the_end_of_a_shift_brings_one_report_and_a_missed_one_is_made_up_for_once(
    storage: Storage, home: Path, box: NoticeBox, inspect: Callable[[datetime, str], None]
) -> None:
    settings = Settings(home=home, station="line 3")
    inspect(SIX - timedelta(hours=3), "NN")
    assert due(storage, settings, box, ["mail"], SIX + timedelta(minutes=1)) == (), "nothing of before it was set"
    inspect(SIX + timedelta(hours=2), "OOON")
    assert due(storage, settings, box, ["mail"], SIX + timedelta(hours=7, minutes=59)) == ()
    (early,) = due(storage, settings, box, ["mail"], SIX + timedelta(hours=8))
    assert early == home / "reports" / "metal-nut_2026-03-04_Früh.pdf"
    assert due(storage, settings, box, ["mail"], SIX + timedelta(hours=8, minutes=1)) == ()
    # Off for two days: one shift had parts, the others none.
    inspect(SIX + timedelta(hours=17), "OO")
    later = due(storage, settings, box, ["mail"], SIX + timedelta(hours=50))
    assert [path.name for path in later] == ["metal-nut_2026-03-04_Nacht.pdf"]
    assert due(storage, settings, box, ["mail"], SIX + timedelta(hours=51)) == ()
    (week,) = due(storage, settings, box, ["mail"], SIX + timedelta(days=5))
    assert week.name == "metal-nut_2026-03-02_2026-03-08.pdf"
    notice = box.next_notice("mail")
    assert notice is not None
    assert (notice.notice.kind, notice.notice.files) == (NoticeKind.REPORT, (str(early),))
    assert box.waiting()["mail"][0] == 3
    with storage.reading() as transaction:
        told = [event for event in transaction.events.newest(50) if event.kind is EventKind.EXPORTED]
    assert [event.actor for event in told] == ["schedule"] * 3


def test_a_report_speaks_the_language_of_the_plant_and_says_of_what_it_is(
    storage: Storage, home: Path, box: NoticeBox, inspect: Callable[[datetime, str], None]
) -> None:
    settings = Settings(home=home)
    due(storage, settings, box, [], SIX)
    inspect(SIX + timedelta(hours=2), "OOON")
    (path,) = due(storage, settings, box, [], SIX + timedelta(hours=8))
    reader = PdfReader(path)
    words = words_of(path)
    for said in ("Schicht Früh, 2026-03-04", "04.03.2026 06:00 – 04.03.2026 14:00", "metal nut", "Unterschrift"):
        assert said in words
    pages = len(reader.pages)
    assert [f"Seite {number} von {pages}" in page.extract_text() for number, page in enumerate(reader.pages, 1)] == (
        [True] * pages
    )
    # Every Latin letter is in the file.
    fonts = {
        str(font["/BaseFont"]): font
        for page in reader.pages
        for font in (one.get_object() for one in page["/Resources"]["/Font"].values())
    }
    assert any("Inter" in name for name in fonts)


def test_the_mail_of_a_report_has_it_attached(
    storage: Storage, home: Path, inspect: Callable[[datetime, str], None]
) -> None:
    mailbox, now = Mailbox(), [SIX]
    try:
        output = Output(address=f"smtp://127.0.0.1:{mailbox.port}/anna@plant.example")
        write_settings_file(home, {"outputs": (output,)})
        ticks = iter(range(0, 10_000, 60))
        post = NoticePost(Settings(home=home), storage, clock=lambda: float(next(ticks)), wall=lambda: now[0])
        post.round()
        inspect(SIX + timedelta(hours=1), "ON")
        now[0] = SIX + timedelta(hours=8)
        post.round()
        post.round()
        post.close()
    finally:
        mailbox.close()
    (mail,) = mailbox.mails
    assert mail["Subject"] == "Bericht: Schicht Früh, 2026-03-04"
    (part,) = mail.iter_attachments()  # type: ignore[attr-defined]
    assert part.get_filename() == "metal-nut_2026-03-04_Früh.pdf"
    assert part.get_content()[:5] == b"%PDF-"


def test_a_folder_that_cannot_be_written_is_told_and_the_report_made_once_it_can(
    storage: Storage, home: Path, box: NoticeBox, tmp_path: Path, inspect: Callable[[datetime, str], None]
) -> None:
    place = tmp_path / "papers"
    place.write_text("a file lies here")
    settings = Settings(home=home, report_folder=place)
    due(storage, settings, box, [], SIX)
    inspect(SIX + timedelta(hours=1), "ON")
    said = try_due(storage, settings, box, [], SIX + timedelta(hours=8))
    assert "No report was made" in said
    assert "Choose another folder" in said
    place.unlink()
    assert try_due(storage, settings, box, [], SIX + timedelta(hours=9)) == ""
    assert [path.name for path in place.iterdir()] == ["metal-nut_2026-03-04_Früh.pdf"]


def test_a_time_is_asked_for_in_one_way() -> None:
    table = Timetable.parse(SHIFTS, "Europe/Berlin")
    assert wanted_time(table, "2026-03-04", "", "früh").since == SIX
    assert wanted_time(table, "", "2026-03-04", "").kind is ReportKind.WEEK
    for day, week, shift in (("2026-03-04", "2026-03-04", ""), ("", "", "Früh")):
        with pytest.raises(DayError, match="Ask for one time"):
            wanted_time(table, day, week, shift)
    with pytest.raises(DayError, match=r"no shift 'Lunch'. The settings have: Früh, Spät, Nacht"):
        wanted_time(table, "2026-03-04", "", "Lunch")
    with pytest.raises(DayError, match="is no day"):
        wanted_time(table, "yesterday", "", "")


def test_settings_that_name_no_times_are_told_in_the_window(home: Path) -> None:
    values = Settings(home=home).model_dump()
    assert {"shifts", "time_zone", "reports"} & problems_of(values).keys() == set()
    wrong = values | {"shifts": "Early", "time_zone": "Europe/Atlantis", "reports": "shift, month"}
    found = problems_of(wrong)
    assert "is no shift" in found["shifts"]
    assert "is no time zone" in found["time_zone"]
    assert "month is no time for a report" in found["reports"]
