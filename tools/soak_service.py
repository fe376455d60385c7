"""A plant in small, abused: a service with two lines is killed, its files cannot be written, and nothing is lost.

``python -m tools.soak_service --parts 2000 --kills 10`` posts parts with serials to one line and drops files into the
folder of another, kills the service and takes the folder of its files away meanwhile, and holds parts, answers, record
and what was delivered, to a broker as well, against each other. ``--speed`` measures parts a second through the API and
by a watched folder. The figures go into docs/service.md. Exit status 1 when there was a fault.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from filo_client import Client, Part, ServiceError
from storage.engine import sqlite_url
from storage.storage import open_storage
from tools.line_rig import PRODUCT
from tools.markdown import markdown_table, replace_section, say, this_machine
from tools.service_rig import ServiceProcess, lines_of, new_token, picture, prepare, serving
from tools.soak_line.findings import wait_for
from tools.soak_line.outputs import MOSQUITTO, broker, subscriber
from tools.stream_rig import free_port
from workflows.serving.service_file import FILE_NAME

if TYPE_CHECKING:
    from filo_client import Answer

POSTED, WATCHED = "posted", "watched"
PATIENCE_S = 120.0
_AGAIN_S = 0.05
_AT_ONCE = 4
_PAGE = Path("docs/service.md")
_ABUSED, _SPEED = "A plant in small, abused", "Parts a second"


@dataclass
class Plant:
    """What was done, and everything that should not have happened."""

    parts: int = 0
    files: int = 0
    kills: int = 0
    outages: int = 0
    answers: int = 0
    repeated: int = 0
    """Answers that came only after the part was asked for again."""
    not_inspected: int = 0
    """Parts that a kill cost their verdict: they read as NG."""
    delivered: int = 0
    from_broker: int | None = None
    """Messages of the posted parts, each counted once; None without a broker."""
    seconds: float = 0.0
    status: int = 0
    """Of the last service, which was ended and not killed."""
    faults: list[str] = field(default_factory=list)


class _Site:
    """The plant's places, and its service, whichever lives."""

    def __init__(self, home: Path) -> None:
        self.home = home / "home"
        self.out, self.drop = home / "out", home / "drop"
        for folder in (self.out, self.drop):
            folder.mkdir(parents=True)
        self.port, self.broker_port = free_port(), free_port()
        self.configuration = home / "broker.conf"
        self.configuration.write_text(
            f"listener {self.broker_port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {home}/\nuser root\n",
            encoding="utf-8",
        )
        prepare(self.home)
        self._write_lines()
        self.token = new_token(self.home, "supervisor")
        self.address = f"http://127.0.0.1:{self.port}"

    def _write_lines(self) -> None:
        outputs = [f"csv:{self.out}/{POSTED}.csv"]
        if MOSQUITTO:
            outputs.append(f"mqtt://127.0.0.1:{self.broker_port}/line")
        text = f'[lines.{POSTED}]\nproduct = "{PRODUCT}"\ndeadline = 10.0\noutputs = {outputs!r}\n'
        text += f'[lines.{WATCHED}]\nproduct = "{PRODUCT}"\ndeadline = 10.0\n'
        text += f"triggers = ['folder:{self.drop}']\noutputs = ['csv:{self.out}/{WATCHED}.csv']\n"
        (self.home / FILE_NAME).write_text(text, encoding="utf-8")

    def post(self, number: int, client: Client) -> Answer:
        """One part, asked for under its id until there is an answer."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                return client.inspect(POSTED, picture(number), Part(serial=f"SN-{number}", lot="L1"), id=f"{number}")
            except ServiceError as error:
                if error.retry_after_s is None or time.monotonic() > until:
                    raise
                threading.Event().wait(_AGAIN_S)

    def drop_file(self, number: int) -> None:
        """A file, written beside and renamed."""
        beside = self.drop / f".{number}.part"
        beside.write_bytes(picture(1_000_000 + number))
        beside.rename(self.drop / f"file-{number}.png")


def abuse(home: Path, parts: int, kills: int, outages: int, seed: int = 22) -> Plant:
    """The plant, run until every part has its answer and every answer is delivered."""
    site, found, chance = _Site(home), Plant(parts=parts), random.Random(seed)
    found.files = parts // 4
    begun = time.monotonic()
    with ExitStack() as ending:
        service = [ServiceProcess(site.home, site.port)]
        client = ending.enter_context(Client(site.address, site.token, timeout_s=PATIENCE_S))
        names = ending.enter_context(_listening(site))
        pool = ending.enter_context(ThreadPoolExecutor(_AT_ONCE))
        dropping = ending.enter_context(ThreadPoolExecutor(1))
        asked = [pool.submit(site.post, number, client) for number in range(1, parts + 1)]
        dropping.submit(_drop_all, site, found.files)
        for turn in range(max(kills, outages)):
            # Somewhere while there is work, however fast it goes.
            _wait_for_share(asked, (turn + chance.uniform(0.2, 0.8)) / max(kills, outages))
            if turn < outages:
                found.outages += _take_files_away(site, chance)
            if turn < kills:
                service[0].kill()
                found.kills += 1
                service[0] = ServiceProcess(site.home, site.port)
        answers = [one.result() for one in asked]
        _wait_for_deliveries(site, found)
        if names is not None:
            wait_for(lambda: len(set(names)) >= parts, PATIENCE_S)
            found.from_broker = len(set(names))
        found.status = service[0].end()
    found.seconds = time.monotonic() - begun
    _compare(site, answers, found)
    return found


@contextmanager
def _listening(site: _Site) -> Iterator[list[str] | None]:
    """What a subscriber of the broker hears; None without a broker."""
    if not MOSQUITTO:
        yield None
        return
    with broker(site.configuration), subscriber(site.broker_port) as names:
        yield names


def _drop_all(site: _Site, files: int) -> None:
    for number in range(1, files + 1):
        site.drop_file(number)
        threading.Event().wait(0.01)


def _wait_for_share(asked: Sequence[object], share: float) -> None:
    wanted = share * len(asked)
    wait_for(lambda: sum(one.done() for one in asked) >= wanted, PATIENCE_S)  # type: ignore[attr-defined]


def _take_files_away(site: _Site, chance: random.Random) -> int:
    """The folder of the files cannot be written for a moment."""
    away = site.out.with_name("away")
    site.out.rename(away)
    site.out.write_text("in the way", encoding="utf-8")
    threading.Event().wait(chance.uniform(0.2, 0.6))
    site.out.unlink()
    away.rename(site.out)
    return 1


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["trigger_id"]]


def _wait_for_deliveries(site: _Site, found: Plant) -> None:
    wanted = {POSTED: found.parts, WATCHED: found.files}
    for name, count in wanted.items():
        path = site.out / f"{name}.csv"
        wait_for(lambda path=path, count=count: len({row["key"] for row in _rows(path)}) >= count, PATIENCE_S)  # type: ignore[misc]


def _compare(site: _Site, answers: Sequence[Answer], found: Plant) -> None:
    """Parts, answers, record and deliveries, against each other."""
    posted, watched = (_rows(site.out / f"{name}.csv") for name in (POSTED, WATCHED))
    found.answers = len(answers)
    found.repeated = sum(answer.repeated for answer in answers)
    found.not_inspected = sum(answer.verdict == "NOT_INSPECTED" for answer in answers)
    found.delivered = len({row["key"] for row in posted + watched})
    said = {row["serial"]: row for row in posted}
    for number, answer in enumerate(answers, 1):
        serial = f"SN-{number}"
        # Every fourth part is NG; what was lost to a kill reads as NG, and nothing else.
        right = "NG" if number % 4 == 0 else "OK"
        if answer.verdict not in {right, "NOT_INSPECTED"} or (answer.reads_as == "OK") is not (answer.verdict == "OK"):
            found.faults.append(f"{serial} was answered {answer.verdict}, reads as {answer.reads_as}")
        if answer.part.serial != serial:
            found.faults.append(f"{serial} was answered for {answer.part.serial!r}")
        row = said.get(serial)
        if row is None or row["verdict"] != answer.verdict or row["reads_as"] != answer.reads_as:
            found.faults.append(f"{serial} was answered {answer.verdict} and delivered as {row and row['verdict']}")
    twice = [key for key, count in Counter(row["key"] for row in posted + watched).items() if count > 1]
    found.faults += [f"delivered twice: {key}" for key in twice]
    files = Counter(row["file"] for row in watched)
    found.faults += [f"{name} has {count} answers" for name, count in files.items() if count != 1]
    found.faults += [] if len(files) == found.files else [f"{found.files - len(files)} files have no answer"]
    if found.from_broker is not None and found.from_broker != found.parts:
        found.faults.append(f"{found.parts - found.from_broker} parts did not reach the broker")
    found.faults += [] if found.status == 0 else [f"the service ended with status {found.status}"]
    found.faults += _faults_of_record(site, answers)


def _faults_of_record(site: _Site, answers: Sequence[Answer]) -> list[str]:
    with open_storage(sqlite_url(site.home / "filo.sqlite"), site.home / "images") as storage:
        faults = [problem.sentence for problem in storage.verify().problems]
        with storage.reading() as transaction:
            for number, answer in enumerate(answers, 1):
                kept = transaction.inspections.several([answer.inspection_id or 0])
                if not kept or kept[0].identity.serial != f"SN-{number}" or kept[0].verdict.value != answer.verdict:
                    faults.append(f"SN-{number} was answered {answer.verdict}, and the record does not say so")
    return faults


@dataclass(frozen=True)
class Speed:
    """How fast a way is."""

    way: str
    parts: int
    seconds: float
    median_ms: float
    p99_ms: float


def speeds(home: Path, parts: int) -> list[Speed]:
    """Through the API by one caller and by four, and by a watched folder; the model only measures brightness."""
    drop, found = home / "drop", list[Speed]()
    drop.mkdir(parents=True)
    prepare(home / "home")
    file = lines_of(posted={"deadline": 10.0}, watched={"triggers": (f"folder:{drop}",), "deadline": 10.0})
    with serving(home / "home", file, rate_per_s=1e6) as (service, server):
        token = new_token(home / "home", "speed")
        with Client(f"http://127.0.0.1:{server.port}", token) as client:
            wait_for(client.is_ready)
            found += [_through_api(client, callers, parts, 3_000_000 * callers) for callers in (1, 4)]
        answered: list[float] = []
        service.listeners.append(lambda line, _: answered.append(time.monotonic()) if line == WATCHED else None)
        begun = time.monotonic()
        for number in range(parts):
            beside = drop / f".{number}.part"
            beside.write_bytes(picture(900_000 + number))
            beside.rename(drop / f"{number}.png")
        wait_for(lambda: len(answered) >= parts, PATIENCE_S)
        found.append(Speed("watched folder", parts, answered[-1] - begun, 0.0, 0.0))
    return found


def _through_api(client: Client, callers: int, parts: int, first: int) -> Speed:
    def one(number: int) -> float:
        encoded, begun = picture(number), time.monotonic()
        client.inspect(POSTED, encoded, Part(serial=f"S-{number}"))
        return time.monotonic() - begun

    begun = time.monotonic()
    with ThreadPoolExecutor(callers) as pool:
        took = sorted(pool.map(one, range(first, first + parts)))
    seconds = time.monotonic() - begun
    way = f"API, {callers} {'caller' if callers == 1 else 'callers'}"
    return Speed(way, parts, seconds, 1000 * took[len(took) // 2], 1000 * took[int(0.99 * len(took))])


def plant_section(found: Plant, command: str) -> str:
    """What the abuse came to, for the page."""
    rows = [
        ("parts posted, each with its serial", found.parts),
        ("files dropped into the watched folder", found.files),
        ("the service killed (SIGKILL)", found.kills),
        ("its files away", found.outages),
        ("answers to posted parts", found.answers),
        ("of these to a part that was asked for again", found.repeated),
        ("of these NOT_INSPECTED: lost to a kill, reads as NG", found.not_inspected),
        ("answers delivered to files", found.delivered),
        ("posted parts at the broker", "no broker here" if found.from_broker is None else found.from_broker),
        ("wrong, lost or twice", len(found.faults)),
        ("seconds", f"{found.seconds:.0f}"),
    ]
    lines = [f"Made by `{command}` on {this_machine()}.", "", markdown_table(("what", "how many"), rows)]
    lines += ["", f"**Faults:** {'; '.join(found.faults[:20])}."] if found.faults else []
    return "\n".join(lines)


def speed_section(found: Sequence[Speed], command: str) -> str:
    """How fast each way is, for the page."""
    rows = [
        (
            one.way,
            one.parts,
            f"{one.parts / one.seconds:.0f}",
            f"{one.median_ms:.0f} ms" if one.median_ms else "",
            f"{one.p99_ms:.0f} ms" if one.p99_ms else "",
        )
        for one in found
    ]
    table = markdown_table(("way", "parts", "a second", "answer, median", "99 % within"), rows)
    note = "The model is a stand-in that measures brightness: this is what the service costs beside it."
    return f"Made by `{command}` on {this_machine()}.\n\n{table}\n\n{note}"


def main(arguments: list[str] | None = None) -> int:
    """Run what is wanted; 1 when there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--outages", type=int, default=10)
    parser.add_argument("--speed", type=int, default=0, metavar="PARTS", help="measure parts a second instead")
    parser.add_argument("--page", type=Path, default=_PAGE)
    wanted = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        if wanted.speed:
            fast = speeds(Path(folder), wanted.speed)
            command = f"python -m tools.soak_service --speed {wanted.speed}"
            replace_section(wanted.page, _SPEED, speed_section(fast, command))
            return 0
        found = abuse(Path(folder), wanted.parts, wanted.kills, wanted.outages)
    command = f"python -m tools.soak_service --parts {wanted.parts} --kills {wanted.kills} --outages {wanted.outages}"
    replace_section(wanted.page, _ABUSED, plant_section(found, command))
    for fault in found.faults[:50]:
        say(fault)
    return bool(found.faults)


if __name__ == "__main__":
    sys.exit(main())
