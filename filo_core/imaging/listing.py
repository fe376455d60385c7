"""Which files of a folder are meant as images, which are left out, and which are no pictures at all.

One rule for everything that looks at folders. A file that is not hidden is one of three by its extension: an image; a
companion that no camera writes as a picture, such as a table or a log; or left out, and then it is named wherever the
folder's verdicts are shown, because it may be a part that nobody judged.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from filo_core.errors import FolderError
from filo_core.printable import printable_name
from filo_core.sentence import Sentence

# fmt: off
IMAGE_SUFFIXES: frozenset[str] = frozenset({
    ".avif", ".bmp", ".btf", ".dib", ".dng", ".gif", ".heic", ".heif", ".hif", ".j2c", ".j2k", ".jfif", ".jp2", ".jpc",
    ".jpe", ".jpeg", ".jpf", ".jpg", ".jpx", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tf8", ".tif", ".tiff", ".webp",
})
"""Extensions, lower-case with their dot, that say a file is meant as an image; DNG is among them to be refused."""

COMPANION_SUFFIXES: frozenset[str] = frozenset({
    ".bat", ".cfg", ".cmd", ".conf", ".css", ".csv", ".db", ".doc", ".docx", ".htm", ".html", ".ini", ".js", ".json",
    ".jsonl", ".lnk", ".log", ".md", ".ods", ".odt", ".pdf", ".ps1", ".py", ".rtf", ".sh", ".sha256", ".sqlite",
    ".toml", ".tsv", ".txt", ".url", ".xls", ".xlsx", ".xml", ".yaml", ".yml",
})
"""Extensions of files that are no pictures and lie beside them on purpose."""
# fmt: on

_NAMED = 3


class FileKind(StrEnum):
    """What a file is by its name."""

    IMAGE = "image"
    LEFT_OUT = "left out"
    """Perhaps a picture, and not looked at."""
    COMPANION = "companion"
    HIDDEN = "hidden"
    """Its name begins with a dot: what other programs write beside files, and files on their way."""


@dataclass(frozen=True, slots=True)
class ImageListing:
    """What was found under a folder, each in natural order."""

    images: tuple[Path, ...]
    left_out: tuple[Path, ...] = ()
    """Files with an extension that is not read, and linked folders, which are not entered."""
    other_files: int = 0
    """Companions."""


def kind_of_file(name: str) -> FileKind:
    """What a file is by its name; the one rule that decides it, for folders, watched ones and lists of files."""
    if name.startswith("."):
        return FileKind.HIDDEN
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - called for every file of a watched folder
    if suffix in IMAGE_SUFFIXES:
        return FileKind.IMAGE
    return FileKind.COMPANION if suffix in COMPANION_SUFFIXES else FileKind.LEFT_OUT


def is_meant_as_image(name: str) -> bool:
    """Whether a file's name says image."""
    return kind_of_file(name) is FileKind.IMAGE


def look_at_folder(folder: Path) -> ImageListing:
    """Everything under ``folder``, recursive, without hidden files and folders; there may be no image in it.

    Linked folders are not entered, since they may lead back; they are left out.

    Raises:
        FolderError: if the folder, or one inside it, is missing or may not be read.
    """
    _check_folder(folder)
    images: list[Path] = []
    left_out: list[Path] = []
    other_files = 0
    for path, kind in _files_under(folder):
        if kind is FileKind.IMAGE:
            images.append(path)
        elif kind is FileKind.LEFT_OUT:
            left_out.append(path)
        else:
            other_files += kind is FileKind.COMPANION
    for found in (images, left_out):
        found.sort(key=lambda path: natural_key(path.relative_to(folder)))
    return ImageListing(tuple(images), tuple(left_out), other_files)


def list_images(folder: Path) -> ImageListing:
    """As :func:`look_at_folder`, for whoever needs at least one image.

    Raises:
        FolderError: if the folder, or one inside it, is missing or may not be read, or there is no image in it.
    """
    listing = look_at_folder(folder)
    if listing.images:
        return listing
    others = listing.other_files + len(listing.left_out)
    named = (
        Sentence(", {left_out} among them", left_out=name_some(listing.left_out, folder)) if listing.left_out else ""
    )
    raise FolderError(
        "{folder} holds no images ({others} other files{named}). Choose a folder with images such "
        "as PNG, JPEG or TIFF.",
        folder=printable_name(str(folder)),
        others=others,
        named=named,
    )


def name_some(paths: tuple[Path, ...], folder: Path) -> str:
    """The first names of ``paths`` below ``folder`` in quotes, and how many more there are."""
    named = ", ".join(f'"{name_below(path, folder)}"' for path in paths[:_NAMED])
    return named + (Sentence(" and {paths} more", paths=len(paths) - _NAMED) if len(paths) > _NAMED else "")


def name_below(path: Path, folder: Path | None) -> str:
    """What a file is called in verdicts and lists: its path below ``folder`` with forward slashes, else its name."""
    below = folder is not None and path.is_relative_to(folder)
    return printable_name(path.relative_to(folder).as_posix() if folder is not None and below else path.name)


def os_refusal(error: OSError) -> tuple[str, str]:
    """Why a file or folder cannot be read, and what to do."""
    if isinstance(error, FileNotFoundError):
        return Sentence("does not exist any more"), Sentence("Choose the file or folder again.")
    if isinstance(error, PermissionError):
        return Sentence("may not be read by this user"), Sentence(
            "Ask for read permission, or copy it to a folder of your own."
        )
    if error.errno == errno.ENAMETOOLONG:
        return Sentence("has a name too long for its disk"), Sentence("Give it a shorter name.")
    return Sentence("cannot be read ({kind})", kind=error.strerror or type(error).__name__), Sentence(
        "Check the disk or the network share."
    )


def natural_key(path: Path) -> tuple[tuple[tuple[str | int, ...], str], ...]:
    """``image 2`` before ``image 10``, ignoring case; files with equal keys keep a fixed order through their text."""
    return tuple((_natural_part(part), part) for part in path.parts)


def _files_under(folder: Path) -> Iterator[tuple[Path, FileKind]]:
    for where, folder_names, file_names in os.walk(folder, onerror=_refuse_folder):
        folder_names[:] = [name for name in folder_names if not name.startswith(".")]
        for name in folder_names:
            if Path(where, name).is_symlink():
                yield Path(where, name), FileKind.LEFT_OUT
        for name in file_names:
            yield Path(where, name), kind_of_file(name)


def _check_folder(folder: Path) -> None:
    try:
        problem = (
            "" if folder.is_dir() else Sentence("is not a folder") if folder.exists() else Sentence("does not exist")
        )
    except OSError as error:
        problem = os_refusal(error)[0]
    if problem:
        raise FolderError(
            "{folder} {problem}. Choose a folder with images.", folder=printable_name(str(folder)), problem=problem
        )


def _refuse_folder(error: OSError) -> None:
    where = printable_name(str(error.filename))
    raise FolderError(
        "{where} cannot be read ({strerror}). Ask for read permission, or take it out.",
        where=where,
        strerror=error.strerror,
    ) from error


def _natural_part(part: str) -> tuple[str | int, ...]:
    # Splitting by a group gives text and digits in turn, text first, so like is only ever compared with like.
    pieces = re.split(r"(\d+)", part.casefold())
    return tuple(int(piece) if index % 2 else piece for index, piece in enumerate(pieces))
