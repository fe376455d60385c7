"""``python -m tools.package.measure PACKAGE``: how large the installed program is, and how soon its window is there."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from tools.package.debian import HOME, size_of
from tools.package.empty_root import seconds_to_window, with_package
from tools.virtual_screen import virtual_screen

_STARTS = 7
_LARGEST = 12


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.package.measure", description=__doc__)
    parser.add_argument("package", type=Path, help="made by make package")
    package: Path = parser.parse_args().package
    with tempfile.TemporaryDirectory() as folder:
        station = with_package(package, Path(folder), "/usr/bin/filo-inspector")
        program = station.root / HOME
        print(f"{package.stat().st_size / 1e6:.0f} MB packed, {size_of(program) / 1e6:.0f} MB installed, the largest:")
        parts = {path.name: path.stat().st_size if path.is_file() else size_of(path) for path in _parts(program)}
        for name in sorted(parts, key=lambda name: -parts[name])[:_LARGEST]:
            print(f"  {parts[name] / 1e6:6.1f} MB {name}")
        with virtual_screen() as screen:
            times = [seconds_to_window(station, screen) for _ in range(_STARTS)]
        # The first reads the files from the disk, the others find them in memory.
        print(f"first window: {times[0]:.1f} s at first, then {statistics.median(times[1:]):.1f} s", end=" ")
        print(f"({min(times[1:]):.1f} to {max(times[1:]):.1f} in {_STARTS - 1} starts)")


def _parts(program: Path) -> list[Path]:
    inside = program / "_internal"
    return [
        path for folder in (program, inside) for path in folder.iterdir() if path != inside and not path.is_symlink()
    ]


if __name__ == "__main__":
    main()
