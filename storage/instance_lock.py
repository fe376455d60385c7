"""One window and one service per database. Commands beside them are welcome: the database orders their writes."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from filo_core.errors import DatabaseInUseError, StorageError
from storage.engine import parse_url, shown, sqlite_file


class InstanceLock:
    """Held by a window while it is open, or by a service while it runs; ends with the program, however that ends.

    It lies beside a SQLite file, and in the image folder for a server, where every station has its own.

    Args:
        url: SQLAlchemy URL of the record.
        artefacts: folder of the image store.
        of_service: whether it is that of the service, which a window beside it does not take.
    """

    def __init__(self, url: str, artefacts: Path, *, of_service: bool = False) -> None:
        self._of_service = of_service
        kind = "service" if of_service else "window"
        parsed = parse_url(url)
        self._shown = shown(parsed)
        path = sqlite_file(parsed)
        self._file = path.resolve().with_name(f"{path.name}.{kind}") if path else artefacts.resolve() / f".{kind}"
        # The window may be closed on another thread than it was opened on.
        self._lock = FileLock(self._file, thread_local=False)

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            DatabaseInUseError: if another window, or another service, has it.
            StorageError: if the folder cannot be written.
        """
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            if self._of_service:
                raise DatabaseInUseError(
                    "A service runs on {shown} already. Stop that one, or give this one another FILO_HOME.",
                    shown=self._shown,
                ) from error
            raise DatabaseInUseError(
                "{shown} is already open in another window. Use that window, or close it first.", shown=self._shown
            ) from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StorageError(
                "{file} cannot be written: {reason}. Ask for write permission, or choose another folder.",
                file=self._file,
                reason=reason,
            ) from error

    def release(self) -> None:
        """Give the lock back; nothing happens when it is not held."""
        self._lock.release()

    @property
    def is_held_elsewhere(self) -> bool:
        """Whether another program has it now."""
        if not self._file.exists():
            return False
        try:
            with FileLock(self._file, timeout=0):
                return False
        except (Timeout, OSError):
            return True

    def __enter__(self) -> InstanceLock:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()
