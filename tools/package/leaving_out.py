"""Leaves out of a frozen program what its libraries are linked with and never call.

* libx265, an encoder under the GPL that comes with the decoder of HEIC pictures.
* Qt 5, filters of video and AVIF, which OpenCV's wheel is linked with: its windows, a device that nobody opens, and a
  format that Pillow reads.
* OpenCV's copy of OpenBLAS: SciPy's has the same functions.
* The tables of ICU, which Qt sorts and converts by where a program asks for a language's own order; ours does not.
"""

from __future__ import annotations

import re
import shutil
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.package.contents import PackageError
from tools.package.pruning import needs_of
from tools.package.stand_ins import answer_nothing, hold, pass_on, said

_INSIDE = Path("_internal")
_OF_OPENCV = _INSIDE / "opencv_python.libs"
_ENCODER = "libx265-*.so*"
_NEVER_CALLED = ("libQt5*.so*", "libavfilter-*.so*", "libavif-*.so*")
_ICU_DATA = re.compile(r"\s(icudt\d+_dat)$", re.MULTILINE)


def leave_out(program: Path) -> None:
    """Put small libraries in the place of those, and remove what only they needed.

    Raises:
        PackageError: if binutils is not installed, or this processor is not known.
    """
    leave_out_encoder(program)
    _leave_out_of_opencv(program)
    _leave_out_icu_data(program)
    for link in [path for path in program.rglob("*") if path.is_symlink() and not path.exists()]:
        link.unlink()


def leave_out_encoder(program: Path) -> None:
    """The encoder of HEIC: its functions answer that there is none."""
    for encoder in _files(program, _ENCODER):
        answer_nothing(encoder, [path for path in encoder.parent.glob("*.so*") if path != encoder])


def _leave_out_of_opencv(program: Path) -> None:
    folder = program / _OF_OPENCV
    # Plug-ins of its Qt 5, and their letters.
    shutil.rmtree(program / _INSIDE / "cv2" / "qt", ignore_errors=True)
    module = list((program / _INSIDE / "cv2").glob("cv2*.so"))
    others = _files(folder, "*.so*")
    for pattern in _NEVER_CALLED:
        for library in _files(folder, pattern):
            answer_nothing(library, module + [path for path in others if path != library])
    (to,) = _files(program / _INSIDE / "scipy.libs", "libscipy_openblas-*.so") or [None]
    for library in _files(folder, "libopenblas*.so") if to else []:
        pass_on(library, module, to, "scipy_")
    _remove_unlinked(program, folder)


def _remove_unlinked(program: Path, folder: Path) -> None:
    """What nothing below ``program`` is linked with any more, again and again."""
    while True:
        needs = needs_of(program)
        linked = {name for names in needs.values() for name in names}
        gone = [path for path in _files(folder, "*.so*") if path.name not in linked]
        if not gone:
            return
        for path in gone:
            path.unlink()


def _leave_out_icu_data(program: Path) -> None:
    """As ICU's own stub does while it is built: a table of contents without an entry."""
    for library in _files(program / _INSIDE / "PySide6", "libicudata.so.*"):
        names = _ICU_DATA.findall(said("objdump", "-T", library))
        if len(names) != 1:
            raise PackageError(f"{library.name} is not built as ICU's tables were. See tools/package/leaving_out.py.")
        head = struct.pack("=HBB HHBBBB", 32, 0xDA, 0x27, 20, 0, sys.byteorder == "big", 0, 2, 0)
        hold(library, names[0], head + b"ToCP" + bytes((1, 0, 0, 0)) + bytes(4 + 8 + 8 + 16))


def _files(folder: Path, pattern: str) -> list[Path]:
    return [path for path in _walk(folder, pattern) if path.is_file() and not path.is_symlink()]


def _walk(folder: Path, pattern: str) -> Iterator[Path]:
    yield from sorted(folder.rglob(pattern))
