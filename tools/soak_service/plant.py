"""Runs the plant, abuses it, and writes down what should not have happened."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tools.markdown import markdown_table, this_machine
from tools.soak_line.findings import wait_for
from tools.soak_line.outputs import MOSQUITTO, subscriber
from tools.soak_service.askers import Said, Teller, call_all, post_all
from tools.soak_service.compare import checked, compared
from tools.soak_service.site import (
    BATCH,
    CALLED,
    PATIENCE_S,
    POSTED,
    TOLD,
    WATCHED,
    Site,
    wait_for_rows,
    wait_slowly,
)

_ALARM, _CLEARED = "[ALARM] Parts called NG in a row (lid)", "[OK] Parts called NG in a row (lid)"
_AWAY_S = 5.0
"""So long the mail server is away once there is something to mail: the first try fails, and a later one."""


@dataclass
class Plant:
    """What was done, and everything that should not have happened."""

    asked: dict[str, int]
    """Parts of each line, by its name."""
    kills: int = 0
    files_away: int = 0
    broker_away: int = 0
    answers: int = 0
    """To those who asked; a file has none but what is delivered."""
    repeated: int = 0
    """Answers that came only after the part was asked for again."""
    told_again: int = 0
    """Answers that the broker handed on twice, as QoS 1 may: the same message, and no other answer."""
    not_inspected: int = 0
    """Parts that a kill cost their verdict: they read as NG."""
    unsaid: int = 0
    """Verdicts that a kill kept from being told: the record holds them, and after them the NOT_INSPECTED that was."""
    recorded: int = 0
    """Parts that the supervisor found in the record."""
    delivered: int = 0
    from_broker: int | None = None
    """Messages of the posted parts, each counted once; None without a broker."""
    mails: list[str] = field(default_factory=list)
    """Their subjects."""
    seconds: float = 0.0
    status: int = 0
    """Of the last service, which was ended and not killed."""
    faults: list[str] = field(default_factory=list)

    @property
    def parts(self) -> int:
        """Of all lines."""
        return sum(self.asked.values())


def shares(parts: int) -> dict[str, int]:
    """How many parts each line gets; a line that shows a camera takes two a second at most."""
    asked = {WATCHED: parts // 5, CALLED: parts // 10, TOLD: parts // 10 if MOSQUITTO else 0}
    return {POSTED: parts - sum(asked.values())} | asked


def abuse(home: Path, parts: int, kills: int, outages: int, seed: int = 22) -> Plant:
    """The plant, run until every part has its answer and every answer is delivered.

    Args:
        home: an empty folder.
        parts: of all lines together.
        kills: of the service, one of them while an alarm cannot be mailed.
        outages: of the files, and as many of the broker.
        seed: of the moments.

    Raises:
        ValueError: if there are too few parts for a bad batch in the middle of the files.
    """
    asked = shares(parts)
    if asked[WATCHED] < 2 * BATCH + 2:
        raise ValueError(f"{parts} parts are too few: there have to be {5 * (2 * BATCH + 2)}")
    site, found, chance = Site(home, asked[WATCHED]), Plant(asked), random.Random(seed)
    said, go_on = list[Said](), threading.Event()
    begun = time.monotonic()
    with ExitStack() as ending:
        ending.callback(site.close)
        site.broker.start()
        site.mailbox.start()
        site.start()
        names = ending.enter_context(_listening(site))
        pool = ending.enter_context(ThreadPoolExecutor(4))
        # Whatever goes wrong: nobody goes on asking, or waits.
        ending.callback(go_on.set)
        ending.callback(site.over.set)
        teller = ending.enter_context(_telling(site))
        working = [
            pool.submit(post_all, site, asked[POSTED], said.append),
            pool.submit(call_all, site, asked[CALLED], said.append),
            pool.submit(_drop_all, site, go_on),
        ]
        working += [] if teller is None else [pool.submit(teller.tell_all, asked[TOLD], said.append)]
        _abuse(site, found, _Work(said, parts - asked[WATCHED], working), chance, (kills, outages), go_on)
        for one in working:
            one.result()
        wait_for_rows(site, asked)
        if names is not None:
            wait_slowly(lambda: len(set(names)) >= asked[POSTED])
            found.from_broker = len(set(names))
        wait_slowly(lambda: len(site.mailbox.mails) >= (2 if kills else 0))
        found.faults += compared(site, said, found)
        if teller is not None:
            found.told_again, found.faults = teller.again, [*found.faults, *teller.faults]
        found.status = site.end()
        found.faults += [] if found.status == 0 else [f"the service ended with status {found.status}"]
        found.faults += checked(site)
    found.mails = site.mailbox.subjects
    if found.mails != ([_ALARM, _CLEARED] if kills else []):
        found.faults.append(f"mailed was {found.mails}")
    found.seconds = time.monotonic() - begun
    return found


@dataclass
class _Work:
    said: list[Said]
    wanted: int
    working: list[Future[None]]

    def wait_for_share(self, share: float) -> None:
        """Until this share of all answers is there; whoever asks and has failed ends the wait."""

        def is_there() -> bool:
            for one in self.working:
                if one.done():
                    one.result()
            return len(self.said) >= share * self.wanted

        wait_for(is_there, PATIENCE_S)


def _abuse(
    site: Site,
    found: Plant,
    work: _Work,
    chance: random.Random,
    wanted: tuple[int, int],
    go_on: threading.Event,
) -> None:
    kills, outages = wanted
    turns, alarm = max(wanted), kills // 2
    for turn in range(turns):
        # Somewhere while there is work, however fast it goes.
        work.wait_for_share((turn + chance.uniform(0.2, 0.8)) / turns)
        if turn < outages:
            site.take_files_away(chance)
            found.files_away += 1
            found.broker_away += site.broker.go_away(chance)
        if turn >= kills:
            continue
        if turn == alarm:
            _kill_with_an_alarm(site)
            go_on.set()
        else:
            site.kill()
            site.start()
        found.kills += 1
    go_on.set()


def _kill_with_an_alarm(site: Site) -> None:
    """A bad batch while the mail server is away; the service is killed before anybody could be told."""
    before = site.files // 2
    wait_for_rows(site, {WATCHED: before})
    site.mailbox.stop()
    for number in range(before + 1, before + BATCH + 1):
        site.drop_file(number)
    wait_slowly(lambda: site.alarms_raised() > 0)
    threading.Event().wait(_AWAY_S)
    site.kill()
    site.start()
    threading.Event().wait(_AWAY_S)
    assert not site.mailbox.mails, "the alarm was mailed to nobody's server"
    site.mailbox.start()
    wait_slowly(lambda: bool(site.mailbox.mails))


def _drop_all(site: Site, go_on: threading.Event) -> None:
    first = site.files // 2
    for number in range(1, first + 1):
        site.drop_file(number)
        threading.Event().wait(0.01)
    go_on.wait()
    # Those of the batch are there already, unless nothing was killed.
    for number in range(first + 1, site.files + 1):
        if not (site.drop / f"file-{number}.png").exists():
            site.drop_file(number)
            threading.Event().wait(0.01)


@contextmanager
def _listening(site: Site) -> Iterator[list[str] | None]:
    """What a subscriber of the broker hears; None without a broker."""
    if not MOSQUITTO:
        yield None
        return
    with subscriber(site.broker.port) as names:
        yield names


@contextmanager
def _telling(site: Site) -> Iterator[Teller | None]:
    if not MOSQUITTO:
        yield None
        return
    teller = Teller(site)
    try:
        yield teller
    finally:
        teller.close()


_WAYS: Mapping[str, str] = {
    POSTED: "parts posted by HTTP, each with its serial",
    CALLED: "parts asked for by an OPC UA client, each with its serial",
    TOLD: "parts asked for by MQTT, each with its serial",
    WATCHED: "files dropped into the watched folder, which name no serial",
}


def plant_section(found: Plant, command: str) -> str:
    """What the abuse came to, for the page."""
    rows: list[tuple[str, object]] = [(words, found.asked[line]) for line, words in _WAYS.items()]
    rows += [
        ("the service killed (SIGKILL)", found.kills),
        ("its files away", found.files_away),
        ("its broker away", found.broker_away),
        ("answers to those who asked", found.answers),
        ("of these to a part that was asked for again", found.repeated),
        ("answers by MQTT that the broker handed on again (QoS 1), the same message", found.told_again),
        ("parts in the record, as a supervisor pages through it", found.recorded),
        ("parts NOT_INSPECTED: lost to a kill, reads as NG", found.not_inspected),
        ("of these with a verdict before it in the record, which a kill kept from being told", found.unsaid),
        ("answers delivered to files", found.delivered),
        ("posted parts at the broker", "no broker here" if found.from_broker is None else found.from_broker),
        ("mails: the alarm of a bad batch, raised and cleared", len(found.mails)),
        ("wrong, lost or twice", len(found.faults)),
        ("seconds", f"{found.seconds:.0f}"),
    ]
    lines = [f"Made by `{command}` on {this_machine()}.", "", markdown_table(("what", "how many"), rows)]
    lines += ["", f"**Faults:** {'; '.join(found.faults[:20])}."] if found.faults else []
    return "\n".join(lines)
