"""Small libraries in the place of large ones that are linked with and never called, or that another can answer for.

A wheel brings what its makers linked it with, used or not, and the loader wants a library of each name. What it gets
here has the same name, versions and functions, which answer nothing, or pass the call on to the library that is there
anyway. The libraries that are linked with them stay as their makers built them.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.package.contents import PackageError

_SYMBOL = re.compile(r"^[0-9a-f]{8,}\s.{7}\s(\S+)\s.*\s(\S+)$", re.MULTILINE)
"""A line of ``objdump -T``: the section, and the name at its end."""
_SONAME = re.compile(r"^\s+SONAME\s+(\S+)$", re.MULTILINE)
_UNDEFINED = "*UND*"


@dataclass(frozen=True, slots=True)
class _Processor:
    """How its assembler writes a function that returns a null pointer, and one that passes the call on."""

    nothing: str
    passed_on: str


_PROCESSORS = {
    "x86_64": _Processor("xor %eax, %eax\nret", "jmp *{name}@GOTPCREL(%rip)"),
    "aarch64": _Processor(
        "mov x0, #0\nret", "adrp x16, :got:{name}\nldr x16, [x16, :got_lo12:{name}]\nbr x16"
    ),
}  # fmt: skip


def asked_of(library: Path, users: Iterable[Path]) -> frozenset[str]:
    """What ``users`` are linked with ``library`` for.

    Raises:
        PackageError: if binutils is not installed.
    """
    has = {name for section, name in _SYMBOL.findall(said("objdump", "-T", library)) if section != _UNDEFINED}
    wanted = {
        name
        for user in users
        for section, name in _SYMBOL.findall(said("objdump", "-T", user))
        if section == _UNDEFINED
    }
    return frozenset(has & wanted)


def answer_nothing(library: Path, users: Iterable[Path]) -> None:
    """Put a library in the place of ``library`` whose functions return at once, with nothing.

    Raises:
        PackageError: if binutils is not installed, or this processor is not known here.
    """
    users = list(users)
    entries = "".join(f".globl {name}\n.type {name}, %function\n{name}:\n" for name in sorted(asked_of(library, users)))
    _write(library, f"{entries}{_processor().nothing}\n", versions=_versions(library, users))


def pass_on(library: Path, users: Iterable[Path], to: Path, prefix: str) -> None:
    """Put a library in the place of ``library`` that passes each call on to ``to``, where it has ``prefix``.

    Raises:
        PackageError: as :func:`answer_nothing`, or if ``to`` lacks one of the functions.
    """
    users = list(users)
    names = sorted(asked_of(library, users))
    has = _names_in(to)
    if lacking := [name for name in names if prefix + name not in has]:
        raise PackageError(f"{to.name} lacks {', '.join(lacking)}, which {library.name} has.")
    jump = _processor().passed_on
    entries = "".join(
        f".globl {name}\n.type {name}, %function\n{name}:\n{jump.format(name=prefix + name)}\n" for name in names
    )
    where = f"$ORIGIN/{os.path.relpath(to.parent, library.parent)}"
    _write(library, entries, str(to), "-rpath", where, versions=_versions(library, users))


def hold(library: Path, name: str, content: bytes) -> None:
    """Put a library in the place of ``library`` that holds ``content`` under ``name``, and nothing else.

    Raises:
        PackageError: if binutils is not installed.
    """
    values = ", ".join(map(str, content))
    data = f".section .rodata\n.balign 16\n.globl {name}\n.type {name}, %object\n{name}: .byte {values}\n"
    _write(library, f"{data}.size {name}, {len(content)}\n", versions="")


def said(name: str, *arguments: str | Path) -> str:
    """What a tool of binutils says.

    Raises:
        PackageError: if it is not installed, or fails.
    """
    tool = shutil.which(name)
    if tool is None:
        raise PackageError(f"{name} is not installed. On Debian: apt-get install binutils")
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageError(f"{name} failed: {done.stderr.strip()[:300]}")
    return done.stdout


def _symbols(library: Path) -> list[tuple[str, str]]:
    return _SYMBOL.findall(said("objdump", "-T", library))


def _names_in(library: Path) -> set[str]:
    return {name for section, name in _symbols(library) if section != _UNDEFINED}


def _processor() -> _Processor:
    found = _PROCESSORS.get(platform.machine())
    if found is None:
        raise PackageError(
            f"How a function returns on {platform.machine()} is not known: add it to tools/package/stand_ins.py."
        )
    return found


def _name_of(library: Path) -> str:
    found = _SONAME.findall(said("objdump", "-p", library))
    return found[0] if found else library.name


def _versions(library: Path, users: Iterable[Path]) -> str:
    """For the linker, the versions that ``users`` require of ``library``; empty where they require none."""
    block = re.compile(rf"^  required from {re.escape(_name_of(library))}:\n((?:    .*\n)+)", re.MULTILINE)
    names: set[str] = set()
    for user in users:
        for lines in block.findall(said("objdump", "-p", user)):
            names |= {line.split()[-1] for line in lines.splitlines()}
    if not names:
        return ""
    first, *others = sorted(names)
    return f"{first} {{ global: *; }};\n" + "".join(f"{name} {{ }};\n" for name in others)


def _write(path: Path, text: str, *linked: str, versions: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, made, script, library = (Path(folder, f"small.{kind}") for kind in ("s", "o", "map", "so"))
        source.write_text(f'{text}.section .note.GNU-stack,"",%progbits\n', encoding="utf-8")
        said("as", source, "-o", made)
        options = ["-s", "-soname", _name_of(path)]
        if versions:
            script.write_text(versions, encoding="utf-8")
            options += ["--version-script", str(script)]
        said("ld", "-shared", *options, made, *linked, "-o", library)
        shutil.copyfile(library, path)
