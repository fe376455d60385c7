"""Leaves out an encoder that comes with the decoder of HEIC pictures: it is under the GPL, large, and never called.

The wheel of pillow-heif has libheif linked with libx265, so the loader wants a library of that name. What it gets is
one of a few bytes, whose functions answer that there is no encoder. libheif stays as its makers built it.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tools.package.contents import PackageError

_ENCODER = "libx265-*.so*"
_OF_ENCODER = re.compile(r"\*UND\*.*\s(x265_\w+)$", re.MULTILINE)
_SONAME = re.compile(r"^\s+SONAME\s+(\S+)$", re.MULTILINE)
_NOTHING = {"x86_64": "xor %eax, %eax\nret", "aarch64": "mov x0, #0\nret"}
"""By processor, a function that returns a null pointer."""


def leave_out_encoder(program: Path) -> None:
    """Put a library that does nothing in the place of the encoder, below a frozen program's folder.

    Raises:
        PackageError: if binutils is not installed, or this processor is not known here.
    """
    # Links to it lie beside the modules.
    for encoder in [path for path in program.rglob(_ENCODER) if not path.is_symlink()]:
        others = [path for path in encoder.parent.glob("*.so*") if path != encoder]
        asked_for = {name for path in others for name in _OF_ENCODER.findall(_said("objdump", "-T", path))}
        soname = _SONAME.findall(_said("objdump", "-p", encoder))
        _write_empty(encoder, asked_for, soname[0] if soname else encoder.name)


def _write_empty(path: Path, functions: set[str], soname: str) -> None:
    nothing = _NOTHING.get(platform.machine())
    if nothing is None:
        raise PackageError(
            f"How a function returns on {platform.machine()} is not known: add it to tools/package/encoder.py."
        )
    entries = "".join(f".globl {name}\n.type {name}, %function\n{name}:\n" for name in sorted(functions))
    with tempfile.TemporaryDirectory() as folder:
        source, made, library = (Path(folder, f"empty.{kind}") for kind in ("s", "o", "so"))
        source.write_text(f'{entries}{nothing}\n.section .note.GNU-stack,"",%progbits\n', encoding="utf-8")
        _said("as", source, "-o", made)
        _said("ld", "-shared", "-soname", soname, made, "-o", library)
        shutil.copyfile(library, path)


def _said(name: str, *arguments: str | Path) -> str:
    tool = shutil.which(name)
    if tool is None:
        raise PackageError(f"{name} is not installed. On Debian: apt-get install binutils")
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageError(f"{name} failed: {done.stderr.strip()[:300]}")
    return done.stdout
