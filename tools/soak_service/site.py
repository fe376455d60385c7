"""The plant's places: its service, whichever lives, its folders, its broker and its mail server."""

from __future__ import annotations

import csv
import random
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from pathlib import Path
from sqlite3 import connect
from typing import TYPE_CHECKING

from aiosmtpd.controller import Controller

from filo_core.types import EventKind
from storage.engine import sqlite_url
from storage.storage import open_storage
from tools.line_rig import PRODUCT, part_picture, sign
from tools.service_rig import ServiceProcess, new_token, picture
from tools.soak_line.findings import wait_for
from tools.soak_line.outputs import MOSQUITTO
from tools.stream_rig import free_port
from workflows.serving.service_file import FILE_NAME
from workflows.serving.tokens import Scope
from workflows.settings.file import write_settings_file
from workflows.settings.output_address import Output

if TYPE_CHECKING:
    from aiosmtpd.smtp import Envelope

POSTED, WATCHED, CALLED, TOLD = "posted", "watched", "called", "told"
"""The lines: pictures are posted, files are dropped, an OPC UA client calls, a program tells by MQTT."""
LID = "lid"
"""What the watched folder inspects: a product of its own, so that no other line breaks a row of its NG parts."""
PATIENCE_S = 120.0
BATCH = 12
"""NG files in a row."""
_ALARM_AT = 8
_DEADLINE_S = 10.0
_LOOK_EVERY_S = 0.2
_CAMERA = (1, 2, 4, 3)
"""The parts that the camera of two lines shows in turn: one in four is NG."""


class Site:
    """Made and prepared, with nothing running.

    Args:
        home: an empty folder.
        files: how many will be dropped, the bad batch included.
    """

    def __init__(self, home: Path, files: int) -> None:
        self.files = files
        self.home, self.out, self.drop = home / "home", home / "out", home / "drop"
        self.camera = home / "camera"
        for folder in (self.out, self.drop, self.camera):
            folder.mkdir(parents=True)
        self.port, self.called_port = free_port(), free_port()
        self.broker, self.mailbox = Broker(home), Mailbox()
        self.home.mkdir(mode=0o700)
        with open_storage(sqlite_url(self.home / "filo.sqlite"), self.home / "images") as storage:
            for product in (PRODUCT, LID):
                sign(storage, product, part_picture(1))
        for number in _CAMERA:
            (self.camera / f"{number}.png").write_bytes(picture(number))
        self._write_lines()
        self._write_settings()
        self.cell = new_token(self.home, "cell", [Scope.INSPECT])
        self.supervisor = new_token(self.home, "supervisor", [Scope.READ])
        self.address = f"http://127.0.0.1:{self.port}"
        self.over = threading.Event()
        """Nobody needs to ask any more."""
        self._service: ServiceProcess | None = None

    def _write_lines(self) -> None:
        posted = [f"csv:{self.out}/{POSTED}.csv", *([self.broker.address("line")] if MOSQUITTO else [])]
        wanted: dict[str, tuple[str, str, list[str], list[str]]] = {
            POSTED: (PRODUCT, "", [], posted),
            WATCHED: (LID, "", [f"folder:{self.drop}"], [f"csv:{self.out}/{WATCHED}.csv"]),
            CALLED: (
                PRODUCT, str(self.camera), [f"opcua://127.0.0.1:{self.called_port}"], [f"csv:{self.out}/{CALLED}.csv"],
            ),
        }  # fmt: skip
        if MOSQUITTO:
            told = [f"csv:{self.out}/{TOLD}.csv"]
            wanted[TOLD] = (PRODUCT, str(self.camera), [self.broker.address("ask")], told)
        text = ""
        for name, (product, camera, triggers, outputs) in wanted.items():
            text += f'[lines.{name}]\nproduct = "{product}"\ndeadline = {_DEADLINE_S}\n'
            text += f"sources = {[camera] if camera else []!r}\ntriggers = {triggers!r}\noutputs = {outputs!r}\n"
        (self.home / FILE_NAME).write_text(text, encoding="utf-8")

    def _write_settings(self) -> None:
        """One rule for alarms, so that a mail is that of the bad batch or none."""
        off = {f"alarm_{name}": 0 for name in ("ng_rate", "camera_lost_s", "model_down_s", "disk_gb")}
        unticked = {f"alarm_{name}": False for name in ("run_rules", "drift", "promise")}
        mail = Output(address=f"smtp://127.0.0.1:{self.mailbox.port}/supervisor@plant.example")
        write_settings_file(self.home, off | unticked | {"alarm_ng_in_a_row": _ALARM_AT, "outputs": (mail,)})

    def start(self) -> None:
        """The service begins, or begins again."""
        self._service = ServiceProcess(self.home, self.port)

    def kill(self) -> None:
        """As a power failure would."""
        assert self._service is not None
        self._service.kill()
        self._service = None

    def end(self) -> int:
        """As a service manager would; the exit status."""
        assert self._service is not None
        service, self._service = self._service, None
        return service.end()

    def close(self) -> None:
        """Nothing of it runs any more."""
        if self._service is not None:
            self.kill()
        self.broker.stop()
        self.mailbox.stop()

    def is_bad_file(self, number: int) -> bool:
        """The truth: every fourth, and the batch in the middle; not the last one, after which the alarm clears."""
        first = self.files // 2
        return first < number <= first + BATCH or (number % 4 == 0 and number != self.files)

    def drop_file(self, number: int) -> None:
        """A file, written beside and renamed."""
        beside = self.drop / f".{number}.part"
        beside.write_bytes(picture(4 * (1_000_000 + number) + (0 if self.is_bad_file(number) else 1)))
        beside.rename(self.drop / f"file-{number}.png")

    def take_files_away(self, chance: random.Random) -> None:
        """The folder of the files cannot be written for a moment."""
        away = self.out.with_name("away")
        self.out.rename(away)
        self.out.write_text("in the way", encoding="utf-8")
        threading.Event().wait(chance.uniform(0.2, 0.6))
        self.out.unlink()
        away.rename(self.out)

    def rows(self, line: str) -> list[dict[str, str]]:
        """What was delivered of a line, as its file says."""
        path = self.out / f"{line}.csv"
        if not path.exists():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            return [row for row in csv.DictReader(file) if row["trigger_id"]]

    def alarms_raised(self) -> int:
        """Events of the record; read beside the service, which writes it."""
        with closing(connect(f"file:{self.home / 'filo.sqlite'}?mode=ro", uri=True)) as connection:
            query = "SELECT count(*) FROM events WHERE kind = ?"
            return int(connection.execute(query, (EventKind.PROCESS_ALARM_RAISED.value,)).fetchone()[0])


class Broker:
    """A broker of MQTT that goes away and comes back, and keeps what it has meanwhile."""

    def __init__(self, home: Path) -> None:
        self.port = free_port()
        self._configuration = home / "broker.conf"
        self._configuration.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {home}/\nuser root\n",
            encoding="utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None

    def address(self, topic: str) -> str:
        """Of an output, or a trigger."""
        return f"mqtt://127.0.0.1:{self.port}/{topic}"

    def start(self) -> None:
        """Nothing happens where there is no broker on this machine."""
        if MOSQUITTO is not None:
            command = [MOSQUITTO, "-c", str(self._configuration)]
            self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        """It writes what it has yet to hand on."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(30)

    def go_away(self, chance: random.Random) -> bool:
        """For as long as others take to notice; False where there is none."""
        if self._process is None:
            return False
        self.stop()
        threading.Event().wait(chance.uniform(0.5, 2.5))
        self.start()
        return True


class Mailbox:
    """A mail server that goes away and comes back."""

    def __init__(self) -> None:
        self.port = free_port()
        self.mails: list[Mail] = []
        self._controller: Controller | None = None

    def start(self) -> None:
        """Take mail."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        """Take none."""
        controller, self._controller = self._controller, None
        if controller is not None:
            controller.stop()

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:
        """A mail came."""
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    @property
    def subjects(self) -> list[str]:
        """Of what came, in its order."""
        return [str(mail["Subject"]) for mail in self.mails]


def wait_slowly(condition: Callable[[], bool]) -> None:
    """Until it holds; it is asked five times a second, since asking costs what the plant needs."""

    def holds() -> bool:
        threading.Event().wait(_LOOK_EVERY_S)
        return condition()

    wait_for(holds, PATIENCE_S)


def wait_for_rows(site: Site, wanted: Mapping[str, int]) -> None:
    """Until so many answers of each line are delivered."""
    for line, count in wanted.items():
        wait_slowly(lambda line=line, count=count: len({row["key"] for row in site.rows(line)}) >= count)  # type: ignore[misc]
