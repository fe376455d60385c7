"""A PostgreSQL server of our own, from Debian's package: for tests and measurements, thrown away afterwards.

It listens on a socket in its own folder only, asks for a password, and runs as an unprivileged user, which PostgreSQL
insists on.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
from sqlalchemy import URL, create_engine, text

USER = "filo"
PASSWORD = "planted-Secret/7@plant"  # noqa: S105 - of a server that lives for one test run; tests look for it in logs
_SYSTEM_USER = "postgres"
"""Who runs the server when we are root; Debian's package makes this user."""
_PORT = 5432
"""Names the socket's file only."""


def server_programs() -> Path | None:
    """Folder of ``initdb`` and ``pg_ctl``, the newest version's; None where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda path: int(path.parts[-3].partition(".")[0]), default=None)
    return newest.parent if newest else None


class PostgresServer:
    """A server in a temporary folder.

    Args:
        programs: as :func:`server_programs` gives it.
        safe: whether commits wait for the disk; tests need not, a measurement must.
    """

    def __init__(self, programs: Path, *, safe: bool = False) -> None:
        self._programs = programs
        self._safe = safe
        # pytest's own temporary folders are closed to other users.
        self.folder = Path(tempfile.mkdtemp(prefix="filo-postgres-"))
        self._data = self.folder / "data"
        self._as: dict[str, Any] = {}
        if os.name == "posix" and os.geteuid() == 0:
            self._as = {"user": _SYSTEM_USER, "group": _SYSTEM_USER, "extra_groups": []}
            shutil.chown(self.folder, _SYSTEM_USER, _SYSTEM_USER)

    def __enter__(self) -> PostgresServer:
        secret = self.folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        options = ["-U", USER, "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C.UTF-8"]
        self._run("initdb", "-D", str(self._data), *options, *([] if self._safe else ["--no-sync"]))
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if (self._data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c port={_PORT}"
        settings += "" if self._safe else " -c fsync=off"
        self._run("pg_ctl", "-D", str(self._data), "-l", str(self.folder / "log"), "-o", settings, "-w", "start")

    def stop(self, how: str = "fast") -> None:
        """Stop it: ``fast`` ends every connection in order, ``immediate`` is what a power cut does."""
        self._run("pg_ctl", "-D", str(self._data), "-m", how, "-w", "stop")

    def processor_s(self) -> float:
        """Seconds that the server has computed so far, by a clock of 10 ms; what has ended of it is included."""
        server = psutil.Process(int((self._data / "postmaster.pid").read_text(encoding="ascii").split()[0]))
        own = server.cpu_times()
        total: float = own.user + own.system + own.children_user + own.children_system
        for child in server.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                total += sum(child.cpu_times()[:2])
        return total

    def url(self, database: str = "postgres") -> URL:
        """Address of one of its databases, password included."""
        query = {"host": str(self.folder), "port": str(_PORT)}
        return URL.create("postgresql+psycopg", USER, PASSWORD, database=database, query=query)

    def new_database(self) -> URL:
        """Address of a new, empty database."""
        name = f"filo_{uuid.uuid4().hex}"
        self._execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop(self, url: URL) -> None:
        """Remove a database, whoever is connected to it."""
        self._execute(f"DROP DATABASE {url.database} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        engine = create_engine(self.url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        # The server keeps what it inherits: a pipe of ours would never end.
        with (self.folder / "output").open("a+", encoding="utf-8") as output:
            done = subprocess.run(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
                **self._as,
            )
            if done.returncode:
                output.seek(0)
                raise RuntimeError(f"{program} failed: {output.read()[-2000:]}")
