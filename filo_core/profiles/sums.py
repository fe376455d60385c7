"""``SHA256SUMS``: what the files of a folder, or of a web server, must hash to."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from filo_core.errors import ProfileError
from filo_core.profiles.published import digest_of

if TYPE_CHECKING:
    from pathlib import Path

SUMS = "SHA256SUMS"


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
            raise ProfileError(
                "{sums} of {where} has a line that cannot be read: {line!r}.", sums=SUMS, where=where, line=line[:80]
            )
        sums[name] = digest.lower()
    if not sums:
        raise ProfileError("{sums} of {where} is empty.", sums=SUMS, where=where)
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
            raise ProfileError(
                "{folder} is not what {sums} says (SHA-256 differs). Copy it again.", folder=folder / name, sums=SUMS
            )
