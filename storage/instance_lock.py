"""One window per database. Commands beside it are welcome: the database orders their writes."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from filo_core.errors import DatabaseInUseError, StorageError
from storage.engine import parse_url, shown, sqlite_file


class InstanceLock:
    """Held by a window while it is open; ends with the program, however that ends.

    It lies beside a SQLite file, and in the image folder for a server, where every station has its own window.
    """

    def __init__(self, url: str, artefacts: Path) -> None:
        parsed = parse_url(url)
        self._shown = shown(parsed)
        path = sqlite_file(parsed)
        self._file = path.resolve().with_name(f"{path.name}.window") if path else artefacts.resolve() / ".window"
        # The window may be closed on another thread than it was opened on.
        self._lock = FileLock(self._file, thread_local=False)

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            DatabaseInUseError: if another window has it.
            StorageError: if the folder cannot be written.
        """
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout as error:
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

    def __enter__(self) -> InstanceLock:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()
