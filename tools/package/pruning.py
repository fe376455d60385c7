"""Takes out of a frozen program what nothing in it needs: PyInstaller brings whatever any plug-in of Qt may want."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.package.contents import PackageError

PLUGINS = Path("_internal", "PySide6", "Qt", "plugins")
KEPT_PLUGINS = frozenset(
    {
        "iconengines/libqsvgicon.so",
        "imageformats/libqico.so",
        "imageformats/libqjpeg.so",
        "imageformats/libqsvg.so",
        "platforminputcontexts/libcomposeplatforminputcontextplugin.so",
        "platforminputcontexts/libibusplatforminputcontextplugin.so",
        "platforms/libqoffscreen.so",
        "platforms/libqwayland.so",
        "platforms/libqxcb.so",
        "platformthemes/libqxdgdesktopportal.so",
        "wayland-decoration-client/libbradient.so",
        "wayland-graphics-integration-client/libqt-plugin-wayland-egl.so",
        "wayland-shell-integration/libxdg-shell.so",
        "xcbglintegrations/libqxcb-egl-integration.so",
        "xcbglintegrations/libqxcb-glx-integration.so",
    }
)
"""A window on X11 and on Wayland, with keyboards of every kind, and the pictures that it draws itself."""

_LOADED_BY_NEED = re.compile(r"^(_internal|_internal/PySide6/Qt/lib)/lib[^/]*\.so[.\d]*$")
"""Where PyInstaller puts libraries that others are linked with. What is elsewhere may be loaded by name."""
_SHARED = re.compile(r"\.so(\.[\d.]+)?$")
_FILE = re.compile(r"^(\S.*):\s+file format ", re.MULTILINE)
_NEEDED = re.compile(r"^\s+NEEDED\s+(\S+)", re.MULTILINE)


def prune(program: Path) -> None:
    """Remove plug-ins that are not kept, and the libraries that only they needed."""
    plugins = program / PLUGINS
    for path in plugins.rglob("*.so"):
        if path.relative_to(plugins).as_posix() not in KEPT_PLUGINS:
            path.unlink()
    # Sentences of Qt in some sixty languages, of which the window speaks three.
    for path in (program / PLUGINS.parent / "translations").glob("*.qm"):
        if not re.search(r"_(de|zh_CN)\.qm$", path.name):
            path.unlink()
    for path in unneeded(needs_of(program), program):
        path.unlink()
    for link in program.rglob("*"):
        if link.is_symlink() and not link.exists():
            link.unlink()


def needs_of(program: Path) -> Mapping[Path, frozenset[str]]:
    """By each program and library below a folder, the names of the libraries that it is linked with.

    Raises:
        PackageError: if objdump is not installed.
    """
    found = [path for path in program.rglob("*") if path.is_file() and not path.is_symlink() and _is_binary(path)]
    tool = shutil.which("objdump")
    if tool is None:
        raise PackageError("objdump is not installed. On Debian: apt-get install binutils")
    said = subprocess.run([tool, "-p", *map(str, found)], stdout=subprocess.PIPE, text=True, check=True).stdout
    pieces = _FILE.split(said)[1:]
    texts = dict(zip(pieces[::2], pieces[1::2], strict=True))
    return {Path(path): frozenset(_NEEDED.findall(text)) for path, text in texts.items()}


def unneeded(needs: Mapping[Path, Iterable[str]], program: Path) -> list[Path]:
    """Libraries that are there to be linked with, and that nothing reaches from what is loaded by itself."""
    by_name: dict[str, list[Path]] = {}
    for path in needs:
        by_name.setdefault(path.name, []).append(path)
    linked = {path for path in needs if _LOADED_BY_NEED.match(path.relative_to(program).as_posix())}
    waiting = [path for path in needs if path not in linked or path.name.startswith("libpython")]
    reached: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += [other for name in needs[path] for other in by_name.get(name, ())]
    return sorted(linked - reached)


def strip(program: Path) -> None:
    """Take symbols for debuggers out of extension modules and libraries.

    Those that a wheel brings in its own folder of libraries stay as they are: their tables were moved when the wheel
    was made, and strip may put them where the loader does not look.

    Raises:
        PackageError: if strip is not installed.
    """
    tool = shutil.which("strip")
    if tool is None:
        raise PackageError("strip is not installed. On Debian: apt-get install binutils")
    for path in program.rglob("*"):
        is_file = path.is_file() and not path.is_symlink()
        if is_file and _SHARED.search(path.name) and not path.parent.name.endswith(".libs"):
            subprocess.run([tool, "--strip-unneeded", str(path)], check=True)


def _is_binary(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4) == b"\x7fELF"
