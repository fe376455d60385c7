"""``--parts 2000 --kills 10 --outages 10`` abuses the plant; ``--speed 300`` measures parts a second instead.

The figures go into docs/service.md. Exit status 1 when there was a fault.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tools.markdown import replace_section, say
from tools.soak_service.plant import abuse, plant_section
from tools.soak_service.speed import speed_section, speeds

_PAGE = Path("docs/service.md")
_ABUSED, _SPEED = "A plant in small, abused", "Parts a second"


def main(arguments: list[str] | None = None) -> int:
    """Run what is wanted; 1 when there was a fault."""
    parser = argparse.ArgumentParser(prog="python -m tools.soak_service", description=__doc__)
    parser.add_argument("--parts", type=int, default=2000, help="of all lines together")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--outages", type=int, default=10, help="of the files, and of the broker")
    parser.add_argument("--speed", type=int, default=0, metavar="PARTS", help="measure parts a second instead")
    parser.add_argument("--page", type=Path, default=_PAGE)
    wanted = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        if wanted.speed:
            fast = speeds(Path(folder), wanted.speed)
            command = f"python -m tools.soak_service --speed {wanted.speed}"
            replace_section(wanted.page, _SPEED, speed_section(fast, command))
            return 0
        found = abuse(Path(folder), wanted.parts, wanted.kills, wanted.outages)
    command = f"python -m tools.soak_service --parts {wanted.parts} --kills {wanted.kills} --outages {wanted.outages}"
    replace_section(wanted.page, _ABUSED, plant_section(found, command))
    for fault in found.faults[:50]:
        say(fault)
    return bool(found.faults)


if __name__ == "__main__":
    sys.exit(main())
