"""A service to be killed: lines that judge by brightness, in a process of its own.

``python -m tools.service_rig HOME`` serves the lines of ``HOME/service.toml`` and says ``port N`` once it listens.
Started by ``tools.soak_service`` and by the tests.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from filo_core.line.supervised import SupervisedDetector
from service.app import make_app
from service.server import ApiServer
from storage.engine import sqlite_url
from storage.storage import open_storage
from tools.brightness import Brightness
from tools.line_rig import PRODUCT, part_picture, sign
from workflows.keeping.opening import open_record
from workflows.people.access import Access
from workflows.serving.service import Service, open_service
from workflows.serving.service_file import FILE_NAME, LineSpec, ServiceFile, read_service_file
from workflows.serving.tokens import Scope, make_service_token
from workflows.settings.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
ALL = tuple(Scope)
_PORT = "port "


class BrightnessInHand(Brightness):
    """Stands in for a model's process without starting one."""

    problem = ""
    restarts = 0


@contextmanager
def brightness(*_: object) -> Iterator[SupervisedDetector]:
    """In place of a product's own model."""
    yield cast("SupervisedDetector", BrightnessInHand())


def prepare(home: Path) -> None:
    """A record with a product that is signed off, as ``home``'s own."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open_storage(sqlite_url(home / "filo.sqlite"), home / "images") as storage:
        sign(storage)


def new_token(home: Path, name: str, scopes: Sequence[Scope] = ALL) -> str:
    """A token of a record without users, made beside whatever runs."""
    with open_record(Settings(home=home)) as storage:
        return make_service_token(Access(storage), home, name, scopes)


def lines_of(**lines: Mapping[str, Any]) -> ServiceFile:
    """Lines, as a file would describe them."""
    return ServiceFile(lines={name: LineSpec(**{"product": PRODUCT} | dict(spec)) for name, spec in lines.items()})


@contextmanager
def serving(home: Path, file: ServiceFile, **options: Any) -> Iterator[tuple[Service, ApiServer]]:
    """A service in this process, with its API on a free port."""
    with open_service(Settings(home=home), file, make_model=brightness) as service:
        server = ApiServer(make_app(service, **options), "127.0.0.1", 0)
        server.start()
        try:
            yield service, server
        finally:
            service.ending.set()
            server.stop()


def picture(number: int) -> bytes:
    """The file of a part's picture: every fourth is NG."""
    return part_picture(number).encoded


class ServiceProcess:
    """A service in a process of its own, which can be killed.

    Args:
        home: prepared, with its file of lines.
        port: where it listens; 0 for a free one.
    """

    def __init__(self, home: Path, port: int = 0) -> None:
        command = [sys.executable, "-m", "tools.service_rig", str(home), str(port)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said.startswith(_PORT), f"the service did not start: {said!r}"
        self.port = int(said.removeprefix(_PORT))

    def kill(self) -> None:
        """As a power failure would."""
        self._process.kill()
        self._wait()

    def end(self) -> int:
        """As a service manager would; the exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._wait()

    def _wait(self) -> int:
        with self._process:
            return self._process.wait(30)


def main(home: str, port: str = "0") -> None:
    """Serve until a signal ends it."""
    place = Path(home)
    # The tests look for nothing in a keyring.
    os.environ.setdefault("FILO_SECRETS", "file")
    settings, ended = Settings(home=place), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with open_service(settings, read_service_file(place / FILE_NAME), make_model=brightness) as service:
        server = ApiServer(make_app(service, rate_per_s=1e6), "127.0.0.1", int(port))
        server.start()
        try:
            print(f"{_PORT}{server.port}", flush=True)
            ended.wait()
        finally:
            service.ending.set()
            server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
