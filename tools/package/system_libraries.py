"""Which of the system's packages a frozen program carries libraries of, and which it needs to find where it runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.package.contents import PackageError

_DOCUMENTS = Path("/usr/share/doc")
_NAMED = re.compile(r"^License: *(\S.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SystemPackage:
    """A package of the system, as it is installed here."""

    name: str
    version: str

    @property
    def licence_file(self) -> Path:
        """What it says of its licences."""
        return _DOCUMENTS / self.name / "copyright"

    @property
    def licence(self) -> str:
        """The licences that it names in short, or the file that says them where it does so in prose."""
        text = self.licence_file.read_text(encoding="utf-8", errors="replace") if self.licence_file.is_file() else ""
        return ", ".join(dict.fromkeys(name.strip() for name in _NAMED.findall(text))) or f"see {self.name}.txt"


def carried(program: Path, sources: Mapping[str, str]) -> tuple[SystemPackage, ...]:
    """The packages of which libraries were copied into the program and are still there.

    Args:
        program: its folder.
        sources: by the name below ``_internal``, the file it was copied from.
    """
    own = tuple(str(Path(folder).resolve()) for folder in {sys.prefix, sys.base_prefix})
    copied = (source for name, source in sources.items() if (program / "_internal" / name).exists())
    return packages_of(Path(source) for source in copied if not str(Path(source).resolve()).startswith(own))


def required(needs: Mapping[Path, Iterable[str]]) -> tuple[SystemPackage, ...]:
    """The packages of libraries that the program is linked with and does not carry."""
    missing = {name for names in needs.values() for name in names} - {path.name for path in needs}
    return packages_of(path for name, path in _known_to_the_loader().items() if name in missing)


def packages_of(files: Iterable[Path]) -> tuple[SystemPackage, ...]:
    """The packages that brought these files, by name; files of none are passed over.

    Raises:
        PackageError: if this system has no dpkg.
    """
    names = {name for path in files for name in _owner(path)}
    return tuple(SystemPackage(name, _query(["dpkg-query", "-W", "-f=${Version}", name])) for name in sorted(names))


def _owner(path: Path) -> tuple[str, ...]:
    real = path.resolve()
    # Since /lib became a link to /usr/lib, a package may know its file by either name.
    for each in dict.fromkeys((path, real, Path(str(real).removeprefix("/usr")))):
        if said := _query(["dpkg-query", "-S", str(each)]):
            return (said.partition(":")[0].partition(",")[0],)
    return ()


def _known_to_the_loader() -> dict[str, Path]:
    tool = shutil.which("ldconfig") or "/sbin/ldconfig"
    found = re.findall(r"^\s+(\S+) \([^)]*\) => (\S+)$", _query([tool, "-p"]), re.MULTILINE)
    # Of several the first is the one that the loader takes.
    return {name: Path(path) for name, path in reversed(found)}


def _query(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError as error:
        raise PackageError(
            f"{command[0]} cannot be run ({error}). The package is made on Debian or its kin."
        ) from error
