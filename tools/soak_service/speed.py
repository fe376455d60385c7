"""How fast the service answers: through its API by one caller and by four, and by a watched folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from filo_client import Client, Part
from tools.markdown import markdown_table, this_machine
from tools.service_rig import lines_of, new_token, picture, prepare, serving
from tools.soak_line.findings import wait_for
from tools.soak_service.site import PATIENCE_S, POSTED, WATCHED


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
