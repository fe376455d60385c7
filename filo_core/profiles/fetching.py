"""One published file over a bad line: resumed where it was cut, tried again, had from the next address, checked."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from filo_core.errors import ProfileError
from filo_core.profiles.published import digest_of

if TYPE_CHECKING:
    from pathlib import Path

    import httpx2

    from filo_core.profiles.published import PublishedFile

Report = Callable[[str, int, "int | None"], None]
"""Told the name of a file, its bytes so far, and in all where that is known."""

TRIES = 3
"""Attempts in a row that may bring nothing before the next address is asked."""
PAUSES_S = (1.0, 4.0)
"""Before the second and the third attempt."""
_WORTH = 1 << 20
"""An attempt that brought this many bytes was no failure: it is not counted against the address."""
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""What a server answers that may have the file in a while."""
_WHOLE, _PART, _NO_SUCH_RANGE = 200, 206, 416
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class DownloadStoppedError(ProfileError):
    """The person who asked for it has changed their mind."""


class _CutError(Exception):
    """An attempt ended early, and another may go on."""


class _UselessError(Exception):
    """This address does not have the file."""


class Fetcher:
    """Fetches files into a folder; what has come of one is kept there, so that the next call goes on.

    Args:
        client: follows redirects.
        folder: exists already.
        report: told of every piece.
        stopped: looked at with every piece; True ends it.
        pause: waits so many seconds.
    """

    def __init__(
        self,
        client: httpx2.Client,
        folder: Path,
        report: Report,
        stopped: Callable[[], bool],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._folder = folder
        self._report = report
        self._stopped = stopped
        self._pause = pause

    def fetch(self, file: PublishedFile) -> list[str]:
        """Bring a file into the folder.

        Returns:
            Why it could not be had, a line an address; empty where it is there now, and is the right one.

        Raises:
            DownloadStoppedError: when told to stop.
            OSError: if the folder cannot be written.
        """
        final, part = self._folder / file.name, self._folder / f"{file.name}.part"
        if final.is_file() and digest_of(final) == file.sha256:
            size = final.stat().st_size
            self._report(file.name, size, size)
            return []
        problems = []
        for address in file.addresses:
            try:
                self._from(address, file, part)
            except _UselessError as problem:
                problems.append(f"{urlsplit(address).netloc or address} {problem}")
            else:
                part.replace(final)
                return []
        return problems

    def _from(self, address: str, file: PublishedFile, part: Path) -> None:
        """The whole file from one address. What another address began may be wrong, so that is tried anew once."""
        began = _size_of(part) > 0
        for last in (False, True):
            self._completed(address, file, part)
            if digest_of(part) == file.sha256:
                return
            part.unlink()
            if last or not began:
                raise _UselessError("delivers another file than was published (SHA-256 differs)")

    def _completed(self, address: str, file: PublishedFile, part: Path) -> None:
        failures = 0
        while True:
            before = _size_of(part)
            try:
                self._go_on(address, file, part)
            except _CutError as cut:
                failures = 0 if _size_of(part) - before >= _WORTH else failures + 1
                if failures >= TRIES:
                    raise _UselessError(str(cut)) from cut
                self._wait(PAUSES_S[max(failures - 1, 0)])
            else:
                return

    def _go_on(self, address: str, file: PublishedFile, part: Path) -> None:
        """One attempt: ask for what is missing and append what comes."""
        import httpx2

        done = _size_of(part)
        if file.size is not None and done == file.size:
            return
        # A compressed answer would have another size, and could not be resumed.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
        try:
            with self._client.stream("GET", address, headers=headers) as response:
                begins, total = _promised(response, done, file.size, part)
                self._append(response, file, part, begins, total)
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.TooManyRedirects) as error:
            raise _UselessError(f"is no usable address ({error})") from error
        except httpx2.TimeoutException as error:
            raise _CutError("did not answer in time") from error
        except httpx2.HTTPError as error:
            raise _CutError(f"could not be reached, or cut the line ({error})") from error

    def _append(
        self, response: httpx2.Response, file: PublishedFile, part: Path, begins: int, total: int | None
    ) -> None:
        done = begins
        with part.open("r+b" if part.exists() else "w+b") as stream:
            stream.truncate(begins)
            stream.seek(begins)
            for piece in response.iter_raw():
                self._check_stopped()
                stream.write(piece)
                done += len(piece)
                if total is not None and done > total:
                    stream.truncate(0)
                    raise _UselessError("delivers more than was published")
                self._report(file.name, done, total)
        if total is not None and done < total:
            raise _CutError("cut the line")

    def _wait(self, seconds: float) -> None:
        self._check_stopped()
        self._pause(seconds)
        self._check_stopped()

    def _check_stopped(self) -> None:
        if self._stopped():
            raise DownloadStoppedError("Stopped. What has come is kept, and the next time goes on from there.")


def _promised(response: httpx2.Response, done: int, size: int | None, part: Path) -> tuple[int, int | None]:
    """At which byte an answer begins, and how large it says the whole file is.

    Raises:
        _CutError: if asking again may help.
        _UselessError: if it will not: the file is not there, or is another one.
    """
    status = response.status_code
    if status in _AGAIN:
        raise _CutError(f"answered {status}")
    if status == _NO_SUCH_RANGE:
        part.unlink(missing_ok=True)
        raise _CutError("has no such part of the file")
    if status not in {_WHOLE, _PART}:
        raise _UselessError(f"answered {status}")
    begins, total = 0, _number(response.headers.get("content-length"))
    if status == _PART:
        found = _RANGE.match(response.headers.get("content-range", ""))
        if found is None or int(found[1]) != done:
            part.unlink(missing_ok=True)
            raise _CutError("answered with another part than was asked for")
        begins, total = done, _number(found[2])
    if size is not None and total is not None and total != size:
        raise _UselessError(f"offers another file: {total} bytes in place of {size}")
    return begins, size if total is None else total


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
