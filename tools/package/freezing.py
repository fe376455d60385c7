"""Freezes the program with PyInstaller: an interpreter, every module, library and file it needs, in one folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from filo_core.packaged import COMMAND
from tools.package.contents import ROOT, PackageError
from tools.package.icons import write_icon

SPEC = Path(__file__).with_name("station.spec")
_LARGEST_ICON = 256


def frozen(work: Path) -> tuple[Path, dict[str, str]]:
    """Freeze the program into ``work``.

    Returns:
        Its folder, and by the name of each library the file it was copied from.

    Raises:
        PackageError: if this Python cannot be frozen, or PyInstaller fails; its log is named.
    """
    if sys.platform == "linux" and not sysconfig.get_config_var("Py_ENABLE_SHARED") and not _shared_library():
        raise PackageError(
            "This Python has no shared library, which PyInstaller copies. On Debian: apt-get install libpython3-dev; "
            "built by hand: configure it with --enable-shared."
        )
    scratch = work / "work" / SPEC.stem
    scratch.mkdir(parents=True, exist_ok=True)
    write_icon(scratch / "icon.png", _LARGEST_ICON)
    log = work / "pyinstaller.log"
    folders = ["--distpath", str(work / "frozen"), "--workpath", str(work / "work")]
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "INFO", *folders, str(SPEC)]
    # Its cache of what it has looked at lies in the home of whoever runs it, unless told otherwise.
    environment = os.environ | {"PYINSTALLER_CONFIG_DIR": str(work / "cache"), "QT_QPA_PLATFORM": "offscreen"}
    with log.open("wb") as stream:
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=stream, stderr=stream, check=False)
    if done.returncode:
        last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise PackageError(f"PyInstaller failed: {''.join(last)[:300]}. All that it said: {log}")
    sources: dict[str, str] = json.loads((scratch / "binaries.json").read_text(encoding="utf-8"))
    return work / "frozen" / COMMAND, sources


def _shared_library() -> bool:
    folder, name = sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("INSTSONAME")
    return bool(folder and name and Path(folder, name).is_file())
