"""Where the pictures of a large job lie: a folder, a bucket or a list of either; fsspec reads what is no disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar
from urllib.parse import urlsplit

from filo_core.errors import FolderError, UnreadableImageError
from filo_core.imaging import MAX_FILE_BYTES, FileKind, changed_at, kind_of_file, list_images, name_below, read_encoded
from filo_core.imaging.listing import natural_key
from filo_core.line.runs import Encoded
from filo_core.loops import Loop
from filo_core.printable import printable_name
from filo_core.sentence import Sentence

ReadT = TypeVar("ReadT")

LIST_SUFFIX = ".txt"
"""Of a file that names pictures, one a line."""
READ_WITHIN_S = 60.0
"""So long a share or a bucket may take for one picture; then that picture is NOT_INSPECTED and the job goes on."""
_MAX_LIST_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class PlacedPicture:
    """One picture of a job."""

    name: str
    """What it is called in verdicts."""
    address: str
    """A path of this machine and its workers, or an address that fsspec opens."""


@dataclass(frozen=True, slots=True)
class PictureListing:
    """What a job is about."""

    pictures: tuple[PlacedPicture, ...]
    left_out: tuple[str, ...] = ()
    """Names of files that may be pictures and are not read."""


def is_address(where: str) -> bool:
    """Whether this is no path but an address with a scheme; one letter is a drive."""
    return "://" in where and len(urlsplit(where).scheme) > 1


def list_pictures(where: str) -> PictureListing:
    """The pictures of a folder with its sub-folders, of a bucket, or of a list.

    A list is a file that ends in ``.txt``: a path or an address a line, paths from where the list lies. Empty lines
    and those that begin with ``#`` say nothing.

    Args:
        where: a path or an address.

    Raises:
        FolderError: if it is not there, may not be read, needs a package that is not installed, or holds no picture.
    """
    if where.lower().endswith(LIST_SUFFIX):
        return _listed(where)
    if is_address(where):
        return _below(where)
    listing = list_images(folder := Path(where))
    pictures = tuple(PlacedPicture(name_below(path, folder), str(path.resolve())) for path in listing.images)
    return PictureListing(pictures, tuple(name_below(path, folder) for path in listing.left_out))


def read_picture(picture: PlacedPicture, within_s: float = READ_WITHIN_S) -> Encoded:
    """The bytes of a picture.

    Raises:
        UnreadableImageError: if it cannot be read, is too large, or does not come in time.
    """
    try:
        return _within(within_s, lambda: _read(picture))
    except TimeoutError as error:
        raise UnreadableImageError(
            picture.name,
            Sentence("did not come within {seconds:g} s", seconds=within_s),
            Sentence("Check the disk or the network share."),
        ) from error


def _within(seconds: float, read: Callable[[], ReadT]) -> ReadT:
    """What ``read`` returns or raises. A share that stalls holds its thread, and nobody else's."""
    done: list[ReadT] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(read())
        except BaseException as error:  # noqa: BLE001 - raised by whoever waits
            failed.append(error)

    reading = Loop("filo-read", run, "reads a picture")
    reading.start()
    if not reading.join(seconds):
        raise TimeoutError
    if failed:
        raise failed[0]
    return done[0]


def _read(picture: PlacedPicture) -> Encoded:
    if not is_address(picture.address):
        path = Path(picture.address)
        return Encoded(picture.name, read_encoded(path, picture.name), changed_at(path))
    try:
        system, path_there = _opened(picture.address)
        found = system.info(path_there)
        size = int(found.get("size") or 0)
        if size > MAX_FILE_BYTES:
            raise UnreadableImageError(
                picture.name,
                Sentence(
                    "is {size_mb} MB large, more than the {limit_mb} MB that are read",
                    size_mb=size >> 20,
                    limit_mb=MAX_FILE_BYTES >> 20,
                ),
                Sentence("Save a smaller version."),
            )
        return Encoded(picture.name, bytes(system.cat_file(path_there)), _changed(found))
    except (UnreadableImageError, MemoryError):
        raise
    except Exception as error:
        # Each kind of store has errors of its own.
        raise UnreadableImageError(
            picture.name,
            Sentence("cannot be read ({kind})", kind=_kind(error)),
            Sentence("Check the disk or the network share."),
        ) from error


def _changed(found: dict[str, Any]) -> datetime:
    for key in ("LastModified", "last_modified", "mtime", "created"):
        told = found.get(key)
        if isinstance(told, datetime):
            return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
        if isinstance(told, int | float):
            return datetime.fromtimestamp(told, UTC)
    return datetime.now(UTC)


def _below(address: str) -> PictureListing:
    system, root = _open(address)
    try:
        if not system.exists(root):
            raise FolderError("{where} does not exist. Choose a folder with images.", where=printable_name(address))
        paths = [str(path) for path in system.find(root)]
    except FolderError:
        raise
    except Exception as error:
        raise _unlisted(address, error) from error
    scheme = urlsplit(address).scheme
    below = {path: PurePosixPath(path).relative_to(PurePosixPath(root)) for path in paths if path != root}
    named = [(str(name), f"{scheme}://{path.lstrip('/')}") for path, name in below.items() if not _is_hidden(name)]
    return _sorted(address, named)


def _is_hidden(name: PurePosixPath) -> bool:
    return any(part.startswith(".") for part in name.parts[:-1])


def _listed(where: str) -> PictureListing:
    try:
        if is_address(where):
            system, path = _open(where)
            encoded = bytes(system.cat_file(path, end=_MAX_LIST_BYTES + 1))
            home = where.rsplit("/", 1)[0]
        else:
            with Path(where).open("rb") as file:
                encoded = file.read(_MAX_LIST_BYTES + 1)
            home = str(Path(where).resolve().parent)
        if len(encoded) > _MAX_LIST_BYTES:
            raise FolderError(
                "{where} is larger than the {limit} MB that are read of a list. Split it.",
                where=printable_name(where),
                limit=_MAX_LIST_BYTES >> 20,
            )
        lines = encoded.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FolderError("{where} is no list of files: it is not UTF-8.", where=printable_name(where)) from error
    except FolderError:
        raise
    except Exception as error:
        raise _unlisted(where, error) from error
    named = []
    for line in (line.strip() for line in lines):
        if line and not line.startswith("#"):
            absolute = is_address(line) or (not is_address(home) and Path(line).is_absolute())
            named.append((line, line if absolute else f"{home}/{line}"))
    return _sorted(where, dict(named).items(), sort=False)


def _sorted(where: str, named: Iterable[tuple[str, str]], *, sort: bool = True) -> PictureListing:
    pictures, left_out = [], []
    ordered = sorted(named, key=lambda one: natural_key(Path(one[0]))) if sort else list(named)
    for name, address in ordered:
        kind = kind_of_file(PurePosixPath(name).name)
        if kind is FileKind.IMAGE:
            pictures.append(PlacedPicture(printable_name(name), address))
        elif kind is FileKind.LEFT_OUT:
            left_out.append(printable_name(name))
    if not pictures:
        raise FolderError(
            "{where} names no images ({others} other files). Choose a folder with images such as PNG, JPEG or TIFF.",
            where=printable_name(where),
            others=len(ordered),
        )
    return PictureListing(tuple(pictures), tuple(left_out))


def _open(address: str) -> tuple[Any, str]:
    try:
        return _opened(address)
    except Exception as error:
        raise _unlisted(address, error) from error


def _opened(address: str) -> tuple[Any, str]:
    """The file system of an address, one for each kind and host, and the path there."""
    import fsspec.core

    scheme = urlsplit(address).scheme
    system = _system(scheme, urlsplit(address).netloc)
    return system, str(system._strip_protocol(address)) if scheme else fsspec.core.url_to_fs(address)[1]


@lru_cache(maxsize=8)
def _system(scheme: str, host: str) -> Any:
    import fsspec.core

    return fsspec.core.url_to_fs(f"{scheme}://{host}")[0]


def _unlisted(where: str, error: Exception) -> FolderError:
    if isinstance(error, ImportError):
        return FolderError(
            "{where} needs a package that is not installed ({kind}). Install it, or copy the pictures to a disk.",
            where=printable_name(where),
            kind=str(error),
        )
    if isinstance(error, FileNotFoundError):
        return FolderError("{where} does not exist. Choose a folder with images.", where=printable_name(where))
    return FolderError(
        "{where} cannot be read ({kind}). Check its address and who may read it.",
        where=printable_name(where),
        kind=_kind(error),
    )


def _kind(error: Exception) -> str:
    strerror = getattr(error, "strerror", None)
    return str(strerror or type(error).__name__)
