"""Packs a frozen program as a Debian package: files, icon, menu entry, and what it needs of the system."""

from __future__ import annotations

import shutil
import subprocess
import textwrap
from collections.abc import Sequence
from pathlib import Path

from filo_core.packaged import COMMAND
from tools.package.bill import LICENCES
from tools.package.contents import PROJECT, PackageError
from tools.package.icons import write_theme
from tools.package.system_libraries import SystemPackage

HOME = Path("opt", COMMAND)
_FONTS = "fonts-dejavu-core | fonts-noto-core | fonts-liberation"
_CHINESE = "fonts-noto-cjk"
_NAME, _SUMMARY = "FiLo Inspector", "Inspects parts the day they are first made"
_MORE = "No training images, no training job: show it one to eight good parts, and inspect."
_MENU = f"""[Desktop Entry]
Type=Application
Name={_NAME}
Comment={_SUMMARY}
Comment[de]=Prüft Teile am ersten Tag ihrer Fertigung
Comment[zh_CN]=零件首次生产当天即可检测
Exec={COMMAND} app
Icon={COMMAND}
Terminal=false
Categories=Science;Engineering;Graphics;
StartupWMClass={COMMAND}
"""


def write_package(program: Path, version: str, required: Sequence[SystemPackage], out: Path, work: Path) -> Path:
    """Pack the program's folder; the path of the package comes back.

    Args:
        program: the frozen program.
        version: of it.
        required: packages whose libraries it is linked with and does not carry.
        out: folder for the package.
        work: folder for what is packed, which is emptied first.

    Raises:
        PackageError: if dpkg-deb is not installed, or fails.
    """
    tool = shutil.which("dpkg-deb")
    if tool is None:
        raise PackageError("dpkg-deb is not installed. The package is made on Debian or its kin.")
    root = work / "root"
    shutil.rmtree(root, ignore_errors=True)
    lay_out(root, program)
    architecture = _printed([shutil.which("dpkg") or "dpkg", "--print-architecture"])
    control = root / "DEBIAN" / "control"
    control.parent.mkdir()
    control.write_text(control_of(version, architecture, required, size_of(root)), encoding="utf-8")
    out.mkdir(parents=True, exist_ok=True)
    package = out / f"{PROJECT}_{version}_{architecture}.deb"
    # Whoever packs it owns nothing in it. zstd unpacks ten times as fast as xz, which a station waits for.
    _printed([tool, "--root-owner-group", "-Zzstd", "-z9", "--build", str(root), str(package)])
    return package


def lay_out(root: Path, program: Path) -> None:
    """Put the program where it belongs below ``root``, with its menu entry, icons and licences."""
    home = root / HOME
    # Linked, where the file system can: half a gigabyte is not written twice.
    shutil.copytree(program, home, symlinks=True, copy_function=_linked)
    for path in (home, *home.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.parent == home
            path.chmod(0o755 if runs else 0o644)
    (root / "usr" / "bin").mkdir(parents=True)
    (root / "usr" / "bin" / COMMAND).symlink_to(Path("..", "..") / HOME / COMMAND)
    menu = root / "usr" / "share" / "applications" / f"{COMMAND}.desktop"
    menu.parent.mkdir(parents=True)
    menu.write_text(_MENU, encoding="utf-8")
    write_theme(root / "usr" / "share" / "icons")
    notice = root / "usr" / "share" / "doc" / COMMAND / "copyright"
    notice.parent.mkdir(parents=True)
    notice.write_text(_notice(), encoding="utf-8")


def control_of(version: str, architecture: str, required: Sequence[SystemPackage], size_bytes: int) -> str:
    """What dpkg is told of the package."""
    least = {one.name: f" (>= {one.version.partition('-')[0]})" for one in required if one.name == "libc6"}
    needs = [one.name + least.get(one.name, "") for one in required]
    fields = {
        "Package": PROJECT,
        "Version": version,
        "Architecture": architecture,
        "Maintainer": f"{_NAME} <nobody@localhost>",
        "Section": "science",
        "Priority": "optional",
        "Installed-Size": str(-(-size_bytes // 1024)),
        "Depends": ", ".join([*needs, _FONTS]),
        "Recommends": _CHINESE,
        "Description": f"{_SUMMARY}\n {_MORE}",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _notice() -> str:
    return textwrap.dedent(
        f"""\
        {_NAME} stands on the packages that /{HOME / "_internal"} carries. Each keeps its own licence:
        their texts lie in its folders *.dist-info and in /{HOME / LICENCES};
        the list of all is sbom.cdx.json (CycloneDX) beside the latter, and About in the window.
        The libraries under the LGPL (Qt, libheif, psycopg) are separate files there and may be exchanged.
        """
    )


def _linked(source: str, target: str) -> None:
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


def _printed(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageError(f"{Path(command[0]).name} failed: {done.stderr.strip()[:300]}")
    return done.stdout.strip()
