"""Several programs that do the same at the same moment, again and again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_GATE = """import sys
from pathlib import Path
{imports}
print('ready', flush=True)
for place in map(str.strip, sys.stdin):
"""


def at_once(imports: str, step: str, places: Iterable[str], *, count: int = 4) -> list[list[str]]:
    """What each program printed for each place: all of them do ``step`` there at once, then go to the next.

    Args:
        imports: lines of Python before the gate.
        step: lines of Python that print one line; ``place`` is what they are told.
        places: one a round, asked for when its round begins.
        count: how many programs.
    """
    code = _GATE.format(imports=imports) + "".join(f"    {line}\n" for line in step.splitlines())
    pipe = subprocess.PIPE
    programs = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, text=True, stdin=pipe, stdout=pipe, stderr=pipe)
        for _ in range(count)
    ]
    rounds = [[_line(program) for program in programs]]
    for place in places:
        for program in programs:
            assert program.stdin is not None
            program.stdin.write(f"{place}\n")
            program.stdin.flush()
        rounds.append([_line(program) for program in programs])
    complaints = [program.communicate(timeout=60)[1] for program in programs]
    said = "".join(complaints)
    assert not said, said
    return rounds[1:]


def _line(program: subprocess.Popen[str]) -> str:
    assert program.stdout is not None
    return program.stdout.readline().strip()
