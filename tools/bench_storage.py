"""Fill a record with many inspections and measure it, on SQLite and on PostgreSQL, into docs/scale.md.

``python -m tools.bench_storage [--sqlite 1000000] [--postgresql 1000000] [--note docs/scale.md]``
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import text

from filo_core.identity import Identity
from filo_core.types import InspectionFilter, Verdict
from storage.engine import for_writing, sqlite_file, sqlite_url
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.unit.storage.making import make_inspection, make_region, sign_product
from tools.filled_record import BEGUN, EVERY_S, fill, serial_of
from tools.markdown import markdown_table
from tools.postgres_server import PostgresServer, server_programs

RECORDED, REPEATS = 200, 5
HEADER = ("question", "median", "spread", "processor", "target", "")
PAGE_TARGET_MS, FIGURE_TARGET_MS = 200.0, 1000.0


@dataclass
class Measured:
    """Milliseconds of one question, asked several times."""

    name: str
    target: float
    times: list[float] = field(default_factory=list)
    computed: list[float] = field(default_factory=list)
    """Of this process and the server's, whatever else the machine is busy with."""

    @property
    def row(self) -> tuple[str, ...]:
        """Question, median, smallest and largest, processor time, target, whether it is met by the median."""
        middle = statistics.median(self.times)
        spread = f"{min(self.times):.0f} to {max(self.times):.0f}"
        met = "met" if middle < self.target else f"missed by {middle - self.target:.0f}"
        computed = statistics.median(self.computed)
        return (self.name, f"{middle:.0f}", spread, f"{computed:.0f}", f"{self.target:.0f}", met)


def filters(count: int) -> dict[str, InspectionFilter]:
    """One filter of each kind, rare and frequent, old and new, and together."""
    end = BEGUN + timedelta(seconds=EVERY_S * count)
    day = timedelta(days=1)
    ng, review = Verdict.NG, Verdict.REVIEW
    return {
        "everything": InspectionFilter(),
        "one product": InspectionFilter(product="nut"),
        "NG": InspectionFilter(verdicts=frozenset({ng})),
        "NOT_INSPECTED, of which there are none": InspectionFilter(verdicts=frozenset({Verdict.NOT_INSPECTED})),
        "one product, NG and REVIEW": InspectionFilter(product="nut", verdicts=frozenset({ng, review})),
        "undecided": InspectionFilter(undecided=True),
        "undecided NG": InspectionFilter(undecided=True, verdicts=frozenset({ng})),
        "a frequent anomaly type": InspectionFilter(anomaly_type="scratch"),
        "an anomaly type that nothing has": InspectionFilter(anomaly_type="nothing"),
        "one product, a type": InspectionFilter(product="nut", anomaly_type="dent"),
        "the last day": InspectionFilter(since=end - day),
        "the first day": InspectionFilter(until=BEGUN + day),
        "a day in the middle, NG": InspectionFilter(
            verdicts=frozenset({ng}), since=BEGUN + (end - BEGUN) / 2, until=BEGUN + (end - BEGUN) / 2 + day
        ),
        "all but the last day": InspectionFilter(until=end - day),
        "all pictures of a serial": InspectionFilter(identity=Identity(serial_of(count // 2))),
        "all of these at once": InspectionFilter(
            "nut", frozenset({ng}), "scratch", undecided=True, since=BEGUN, until=end - day
        ),
    }


def measure(
    url: str, folder: Path, count: int, server_s: Callable[[], float] = lambda: 0.0
) -> tuple[str, list[Measured], list[str]]:
    """Name of the database, the questions' times, and sentences on filling and size.

    Args:
        url: of an empty database.
        folder: for the images.
        count: inspections to fill in.
        server_s: seconds that the database's server has computed so far.
    """
    with open_storage(url, folder / "images") as storage:
        recipe = sign_product(storage, "nut")
        sign_product(storage, "bolt")
        started = time.perf_counter()
        with for_writing(storage._engine).begin() as connection:
            fill(connection, count)
        filled_s = time.perf_counter() - started
        is_server = storage._engine.name == "postgresql"
        if is_server:
            _settle(storage)
        recorder = Recorder(storage, "nut")
        made = [
            make_inspection(recipe, shade, 0.9 if shade % 10 == 0 else 0.1, regions=[make_region()] * (shade % 10 == 0))
            for shade in range(RECORDED)
        ]
        started = time.perf_counter()
        for inspection in made:
            recorder.record_one(inspection)
        rate = RECORDED / (time.perf_counter() - started)
        notes = [
            f"{count} inspections with regions, reviews and chain, inserted in bulk: {count / filled_s:.0f} a second",
            f"{rate:.0f} inspections a second through the recorder: image, map and rows on the disk, one by one",
            f"{_size(storage) / count:.0f} bytes an inspection, indexes and chain included, images not",
        ]
        return ("PostgreSQL" if is_server else "SQLite"), _questions(storage, count, server_s), notes


def _questions(storage: Storage, count: int, server_s: Callable[[], float]) -> list[Measured]:
    timed = partial(_timed, computed_s=lambda: time.process_time() + server_s())
    asked = []
    for name, wanted in filters(count).items():

        def first_page(wanted: InspectionFilter = wanted) -> None:
            with storage.reading() as transaction:
                transaction.inspections.page(wanted, None, 100)

        asked.append(timed(f"first page: {name}", PAGE_TARGET_MS, first_page))
    shifts = [BEGUN + timedelta(hours=8 * shift) for shift in range(int(EVERY_S * count / 28_800) + 2)]

    def chart() -> None:
        with storage.reading() as transaction:
            transaction.aggregates.by_period(InspectionFilter(), shifts)

    def pareto() -> None:
        with storage.reading() as transaction:
            transaction.aggregates.type_counts(InspectionFilter())

    asked.append(timed(f"p-chart of {len(shifts) - 1} shifts", FIGURE_TARGET_MS, chart))
    asked.append(timed("Pareto", FIGURE_TARGET_MS, pareto))
    return asked


def _timed(name: str, target: float, ask: Callable[[], None], computed_s: Callable[[], float]) -> Measured:
    measured = Measured(name, target)
    for _ in range(REPEATS):
        started, computed = time.perf_counter(), computed_s()
        ask()
        measured.times.append(1000 * (time.perf_counter() - started))
        measured.computed.append(1000 * (computed_s() - computed))
    return measured


def _settle(storage: Storage) -> None:
    """Ids that were given out by hand are unknown to the server, and so is what is in the tables."""
    with storage._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence('inspections', 'id'), (SELECT max(id) FROM inspections))")
        )
        connection.execute(text("VACUUM ANALYZE"))


def _size(storage: Storage) -> int:
    path = sqlite_file(storage._url)
    if path is not None:
        return path.stat().st_size
    with storage._engine.connect() as connection:
        return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)


def write(note: Path, results: list[tuple[str, list[Measured], list[str]]]) -> None:
    """The results as a page of documentation."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    lines = [
        "# A million inspections",
        "",
        f"Written by `make bench-storage`: median and spread of {REPEATS} runs in milliseconds. *Processor* is what",
        "this process and the server computed, the latter by a clock of 10 ms, whatever else the machine is busy with.",
        "",
        f"Machine: {machine}; load average {os.getloadavg()[0]:.1f} at the end.",
    ]
    for name, asked, notes in results:
        lines += ["", f"## {name}", "", *(f"- {sentence}" for sentence in notes), ""]
        lines.append(markdown_table(HEADER, [one.row for one in asked]))
    note.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sqlite", type=int, default=1_000_000, help="inspections; 0 leaves it out")
    parser.add_argument("--postgresql", type=int, default=1_000_000, help="the same for the server")
    parser.add_argument("--note", type=Path, default=Path("docs/scale.md"))
    wanted = parser.parse_args()
    programs = server_programs()
    if wanted.postgresql and programs is None:
        # Half a page in place of a whole one would be taken for all there is.
        parser.error("PostgreSQL is not installed: make system-test installs it, --postgresql 0 leaves it out.")
    results = []
    if wanted.sqlite:
        with tempfile.TemporaryDirectory() as folder:
            results.append(measure(sqlite_url(Path(folder) / "filo.sqlite"), Path(folder), wanted.sqlite))
    if wanted.postgresql:
        assert programs is not None, "asked for above"
        with tempfile.TemporaryDirectory() as folder, PostgresServer(programs, safe=True) as server:
            url = server.new_database().render_as_string(hide_password=False)
            results.append(measure(url, Path(folder), wanted.postgresql, server.processor_s))
    write(wanted.note, results)


if __name__ == "__main__":
    main()
