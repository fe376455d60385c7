"""Fetches what a profile is made of: each file from the first address that has it, once there is room for all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from filo_core.errors import ProfileError
from filo_core.profiles.fetching import Fetcher, Report
from filo_core.profiles.published import PUBLISHED, PublishedFile, WantedWeights, bytes_shown
from filo_core.profiles.sums import SUMS, read_sums

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import httpx2

_TIMEOUT_S = 30.0
_KEPT = ".downloads"
_MADE_OF_IT = 1.5
"""Bytes that are written while a file is made into a profile, for each that was fetched; the fetched one stays."""


def never() -> bool:
    """For who never stops a download."""
    return False


@contextmanager
def kept_downloads(models: Path, name: str) -> Iterator[Path]:
    """A folder that keeps what has come until all of it was put to use, whatever ends the program before.

    Args:
        models: the user's folder of models.
        name: of what is fetched.

    Raises:
        ProfileError: if another process fetches the same just now, or the folder cannot be made.
    """
    folder = models / _KEPT / name
    lock = FileLock(folder.with_name(f"{name}.lock"), timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise ProfileError(
            "{name} is being fetched by another window or command. Wait for it to end.", name=name
        ) from error
    except OSError as error:
        raise ProfileError(
            "{folder} cannot be written: {strerror}. Free some space, or check its rights.",
            folder=folder,
            strerror=error.strerror or error,
        ) from error
    try:
        yield folder
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        lock.release()


def download_published(
    folder: Path,
    report: Report,
    wanted: Sequence[WantedWeights] = PUBLISHED,
    stopped: Callable[[], bool] = never,
) -> None:
    """Fetch what is wanted from where its authors publish it, or from the next address that has the same.

    Args:
        folder: exists already; files that are whole in it are kept, and parts of files gone on with.
        report: file name, bytes so far, bytes in all where that is known.
        wanted: what to fetch.
        stopped: True ends it.

    Raises:
        ProfileError: if there is no room, or something cannot be had from any address.
        DownloadStoppedError: when told to stop.
    """
    check_room(folder, wanted)
    with _client() as client:
        fetcher = Fetcher(client, folder, report, stopped)
        for one in wanted:
            _fetch_any(fetcher, one, folder)


def download(url: str, folder: Path, report: Report, stopped: Callable[[], bool] = never) -> None:
    """Fetch what ``SHA256SUMS`` at ``url`` lists into ``folder``.

    Args:
        url: folder on a web server.
        folder: exists already.
        report: file name, bytes so far, bytes in all where the server says.
        stopped: True ends it.

    Raises:
        ProfileError: if the server cannot be reached, or a file is cut short or is not what its hash says.
        DownloadStoppedError: when told to stop.
    """
    import httpx2

    base = url.rstrip("/")
    with _client() as client:
        try:
            listing = client.get(f"{base}/{SUMS}").raise_for_status().text
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ProfileError(
                "{base} did not deliver its {sums}: {error}. Nothing was installed; try again, or use --from.",
                base=base,
                sums=SUMS,
                error=error,
            ) from error
        sums = read_sums(listing, base)
        _written(folder / SUMS, listing)
        fetcher = Fetcher(client, folder, report, stopped)
        for name, expected in sums.items():
            file = PublishedFile(name, expected, None, (f"{base}/{name}",))
            _fetch_any(fetcher, WantedWeights(name, "", (file,)), folder)


def check_room(folder: Path, wanted: Sequence[WantedWeights]) -> None:
    """Whether the disk holds what is still to come, and what is made of it.

    Raises:
        ProfileError: if it does not; the message says how much is missing.
    """
    largest = [max(one.files, key=lambda file: file.size or 0) for one in wanted]
    total = sum(file.size or 0 for file in largest)
    here = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    needed = max(total - here, 0) + int(_MADE_OF_IT * total)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ProfileError(
            "{folder} is on a disk with {free} free, and this needs up to {needed}: the files, and "
            "what is made of them. Free some space and try again.",
            folder=folder,
            free=bytes_shown(free),
            needed=bytes_shown(needed),
        )


def _fetch_any(fetcher: Fetcher, wanted: WantedWeights, folder: Path) -> None:
    problems: list[str] = []
    try:
        # What is there in one form need not be fetched in another.
        for file in sorted(wanted.files, key=lambda file: not (folder / file.name).is_file()):
            found = fetcher.fetch(file)
            if not found:
                return
            problems += found
    except OSError as error:
        raise ProfileError(
            "{folder} cannot be written: {strerror}. Free some space and try again: what has come is kept.",
            folder=folder,
            strerror=error.strerror or error,
        ) from error
    raise ProfileError(
        "{title} did not come from any address: {problems}. Nothing was installed; what has come "
        "is kept. Try again, or use --from with a folder that has the files.",
        title=wanted.title,
        problems="; ".join(problems),
    )


def _client() -> httpx2.Client:
    import httpx2

    return httpx2.Client(timeout=_TIMEOUT_S, follow_redirects=True)


def _written(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ProfileError(
            "{path} cannot be written: {strerror}. Free some space.", path=path, strerror=error.strerror or error
        ) from error
