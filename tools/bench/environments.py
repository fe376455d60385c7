"""Virtual environments of their own for what is measured beside ours: it is no package of the program.

Such an environment lies in a folder of the user's cache. It sees the packages of ours, such as torch, so that little
has to be fetched, and ours sees none of its.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import platformdirs

from tools.markdown import say


def environment_with(name: str, *packages: str) -> Path:
    """The interpreter of an environment with these packages, made where it is not there yet.

    Args:
        name: of its folder, which says what is in it and which version.
        packages: as pip takes them.
    """
    folder = Path(platformdirs.user_cache_dir("filo-inspector")) / f"bench-{name}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = folder / "made"
    if done.is_file():
        return python
    say(f"making an environment for {', '.join(packages)} in {folder}")
    venv.create(folder, clear=True, with_pip=True)
    own = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    (Path(own.stdout.strip()) / "ours.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", *packages]
    if subprocess.run(pip, check=False).returncode != 0:
        raise SystemExit(f"The package index did not deliver {', '.join(packages)}. Nothing was measured.")
    done.touch()
    return python
