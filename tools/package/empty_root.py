"""A root with a Debian package in it, what that depends on, and nothing else of this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOOLS = ("unshare", "chroot", "dpkg-deb", "dpkg-query", "xdotool")
_SCREENS = "/tmp/.X11-unix"  # noqa: S108 - where every X server has its sockets
_PATIENCE_S = 60.0
# What only the scripts of an installation ask for.
_FOR_SCRIPTS = ("debconf", "dpkg", "perl", "ucf")


@dataclass(frozen=True)
class EmptyRoot:
    """The program in it runs in namespaces of its own: no network, no other process."""

    root: Path
    program: str

    def command(self, *arguments: str) -> list[str]:
        """What starts the program in there."""
        places = ("/dev", *([_SCREENS] if Path(_SCREENS).is_dir() else []))
        binds = "".join(f"mount --rbind {place} {self.root}{place} && " for place in places)
        steps = f'mount -t proc proc {self.root}/proc && {binds}exec chroot {self.root} "$@"'
        return [*_apart(), "sh", "-c", steps, "sh", self.program, *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        """Of a person who has just signed in."""
        return {"HOME": "/home/station", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8", **more}

    def run(self, *arguments: str) -> dict[str, Any]:
        """The last line of what a command says, as JSON."""
        command = self.command(*arguments)
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=False, timeout=240)
        assert done.returncode == 0, done.stderr + done.stdout
        said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return said


def with_package(package: Path, root: Path, program: str) -> EmptyRoot:
    """Unpack a package, and those that it says it depends on as they are installed here, below ``root``."""
    for folder in ("usr/lib", "usr/lib64", "proc", "dev", _SCREENS[1:], "home/station", "etc"):
        (root / folder).mkdir(parents=True)
    for name in ("lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    for name in sorted(_closure(field_of(package, "Depends"))):
        _copy(name, root)
    _said("dpkg-deb", "--extract", package, root)
    # Else the loader would not look where Debian's libraries lie.
    _said("/sbin/ldconfig", "-r", root)
    return EmptyRoot(root, program)


def why_not_apart() -> str:
    """What this machine says where it lets nobody run something in a root of its own; empty where it does.

    A container mostly does not, and some systems do not let those who are not root.
    """
    with tempfile.TemporaryDirectory() as folder:
        # The same steps as for the program, to a root with nothing in it but what they mount.
        steps = (
            f"mkdir {folder}/proc {folder}/dev && mount -t proc proc {folder}/proc && "
            f"mount --rbind /dev {folder}/dev && exec chroot / true"
        )
        done = subprocess.run([*_apart(), "sh", "-c", steps], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode == 0:
        return ""
    return done.stderr.strip() or f"unshare ended with {done.returncode}"


def _apart() -> list[str]:
    whoever = ["--map-root-user"] if os.geteuid() else []
    return ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", *whoever]


def seconds_to_window(station: EmptyRoot, screen: Mapping[str, str]) -> float:
    """Open the window on a screen and close it again; how long it took until the X server showed it.

    Args:
        station: with the program in it.
        screen: the variables that lead to the screen, on which nothing else is.

    Raises:
        RuntimeError: if it ends by itself; the message is what it said.
        TimeoutError: if it does not show.
    """
    said = station.root / "tmp" / "said.txt"
    with said.open("w", encoding="utf-8") as stream:
        begun = time.monotonic()
        environment = station.environment(**screen)
        with subprocess.Popen(station.command("app"), env=environment, stdout=stream, stderr=stream) as process:
            try:
                while not _windows(screen):
                    if process.poll() is not None:
                        raise RuntimeError(said.read_text(encoding="utf-8"))
                    if time.monotonic() - begun > _PATIENCE_S:
                        raise TimeoutError(f"no window within {_PATIENCE_S:.0f} s")
                    time.sleep(0.02)
                return time.monotonic() - begun
            finally:
                process.kill()
                while _windows(screen):
                    # The next start would take it for its own.
                    time.sleep(0.02)


def field_of(package: Path, field: str) -> str:
    """A line of what a package says of itself."""
    return _said("dpkg-deb", "--field", package, field).strip()


def _windows(screen: Mapping[str, str]) -> str:
    search = [_path_of("xdotool"), "search", "--onlyvisible", "--name", "FiLo Inspector"]
    # It fails where there is none.
    return subprocess.run(search, env=os.environ | screen, capture_output=True, text=True, check=False).stdout


def _said(tool: str, *arguments: str | Path) -> str:
    command = [_path_of(tool), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _path_of(tool: str) -> str:
    return shutil.which(tool) or tool


def _closure(depends: str) -> set[str]:
    """Every package of a line of dependencies, and what those depend on; of alternatives the one that is here."""
    found: set[str] = set()
    waiting = [depends]
    while waiting:
        for wish in filter(None, map(str.strip, waiting.pop().split(","))):
            choices = [re.split(r"[ (:]", each.strip())[0] for each in wish.split("|")]
            name = next((each for each in choices if _shown(each, "${db:Status-Status}") == "installed"), "")
            if name and name not in found and not name.startswith(_FOR_SCRIPTS):
                found.add(name)
                waiting.append(_shown(name, "${Depends}"))
    return found


def _shown(package: str, what: str) -> str:
    query = [_path_of("dpkg-query"), "--show", f"--showformat={what}", package]
    # It fails for one that was never installed.
    return subprocess.run(query, capture_output=True, text=True, check=False).stdout


def _copy(name: str, root: Path) -> None:
    for path in map(Path, _said("dpkg-query", "--listfiles", name).splitlines()):
        target = root / path.relative_to("/")
        if path.is_dir() or not os.path.lexists(path) or path.is_relative_to("/usr/share/doc"):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy2(path, target, follow_symlinks=False)
