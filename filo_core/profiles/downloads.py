"""Fetches the published files of a profile and checks what came: by its published hash, or by ``SHA256SUMS``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filo_core.errors import ProfileError
from filo_core.profiles.published import PUBLISHED, PublishedFile, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import httpx2

Report = Callable[[str, int, "int | None"], None]
"""Told the name of a file, its bytes so far, and in all where that is known."""

HEADS = "heads.safetensors"
SUMS = "SHA256SUMS"
_CHUNK = 1 << 20
_TIMEOUT_S = 30.0


def download_published(folder: Path, report: Report, files: Sequence[PublishedFile] = PUBLISHED) -> None:
    """Fetch each file from where its authors publish it.

    Args:
        folder: exists already.
        report: file name, bytes so far, bytes in all where the server says.
        files: what to fetch.

    Raises:
        ProfileError: if a server cannot be reached, or a file is cut short or is not what was published.
    """
    for file in files:
        with _delivering(file.url, folder) as client:
            _fetch(client, file, folder, report)


def download(url: str, folder: Path, report: Report) -> None:
    """Fetch what ``SHA256SUMS`` at ``url`` lists into ``folder``.

    Args:
        url: folder on a web server.
        folder: exists already.
        report: file name, bytes so far, bytes in all where the server says.

    Raises:
        ProfileError: if the server cannot be reached, or a file is cut short or is not what its hash says.
    """
    base = url.rstrip("/")
    with _delivering(base, folder) as client:
        listing = client.get(f"{base}/{SUMS}").raise_for_status().text
        (folder / SUMS).write_text(listing, encoding="utf-8")
        for name, expected in read_sums(listing, base).items():
            _fetch(client, PublishedFile(name, f"{base}/{name}", expected), folder, report)


@contextmanager
def _delivering(where: str, folder: Path) -> Iterator[httpx2.Client]:
    """A client whose failures are sentences."""
    import httpx2

    try:
        with httpx2.Client(timeout=_TIMEOUT_S, follow_redirects=True) as client:
            yield client
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise ProfileError(
            f"{where} did not deliver: {error}. Nothing was installed; try again, or use --from."
        ) from error
    except OSError as error:
        raise ProfileError(f"{folder} cannot be written: {error}. Free some space and try again.") from error


def _fetch(client: httpx2.Client, file: PublishedFile, folder: Path, report: Report) -> None:
    with client.stream("GET", file.url) as response:
        response.raise_for_status()
        size = response.headers.get("content-length")
        total = int(size) if size and size.isdigit() else None
        digest, done = hashlib.sha256(), 0
        with (folder / file.name).open("wb") as stream:
            for chunk in response.iter_bytes(_CHUNK):
                stream.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                report(file.name, done, total)
    if digest.hexdigest() != file.sha256:
        raise ProfileError(f"{file.url} is not what it was published as (SHA-256 differs). Nothing was installed.")


def read_sums(listing: str, where: str) -> dict[str, str]:
    """SHA-256 by file name.

    Raises:
        ProfileError: if a line is none, or a name leads out of the folder.
    """
    sums = {}
    for line in listing.splitlines():
        digest, _, name = line.strip().partition(" ")
        name = name.strip().removeprefix("*")
        if not digest:
            continue
        plain = name and "/" not in name and "\\" not in name and not name.startswith(".")
        if not plain or len(digest) != hashlib.sha256().digest_size * 2:
            raise ProfileError(f"{SUMS} of {where} has a line that is none: {line[:80]!r}.")
        sums[name] = digest.lower()
    if not sums:
        raise ProfileError(f"{SUMS} of {where} is empty.")
    return sums


def check_sums(folder: Path) -> None:
    """Hold the files of a folder against its ``SHA256SUMS``, if it has one.

    Raises:
        ProfileError: if a file is missing or differs.
    """
    path = folder / SUMS
    if not path.is_file():
        return
    for name, expected in read_sums(path.read_text(encoding="utf-8", errors="replace"), str(folder)).items():
        digest = digest_of(folder / name)
        if digest != expected:
            raise ProfileError(f"{folder / name} is not what {SUMS} says (SHA-256 differs). Copy it again.")
