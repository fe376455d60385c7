"""What a record must not show after a soak, and the programs that a soak starts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from filo_core.types import InspectionFilter, KeptJobState
from storage.storage import Storage
from tools.soak_program import NEVER_STORED, PRODUCT

ROOT = Path(__file__).resolve().parents[1]


def start(what: str, url: str, images: Path, *rest: str) -> subprocess.Popen[str]:
    """Start :mod:`tools.soak_program`, whose every line is something that is in the record by then."""
    command = [sys.executable, "-m", "tools.soak_program", what, url, str(images), *rest]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def counted(said: Collection[str]) -> tuple[int, int]:
    """Verdicts and reviews among lines that were said."""
    return sum(line.startswith("verdict") for line in said), sum(line.startswith("review") for line in said)


def faults_of(storage: Storage, said: set[str]) -> list[str]:
    """Everything that is wrong with the record, and every line of ``said`` that it does not bear out."""
    faults = [problem.sentence for problem in storage.verify().problems]
    with storage.reading() as transaction:
        records = transaction.inspections.page(InspectionFilter(product=PRODUCT), None, 1_000_000)
        states = [state for _, state in transaction.jobs.states()]
        spoken_of = transaction.retention.spoken_of()
    names = {f"verdict {record.name}\n" for record in records}
    reviewed = {f"review {record.inspection_id}\n" for record in records if record.review is not None}
    faults += [f"lost: {line.strip()}" for line in sorted(said - names - reviewed - {"ready\n"})]
    if len({record.image_hash for record in records}) != len(records):
        faults.append("an image was judged twice")
    if KeptJobState.RUNNING in states:
        faults.append("a job of a dead program counts as running")
    there = {path.name for path in storage.artefacts.root.rglob("*") if path.is_file() and ".runs" not in path.parts}
    faults += [f"a picture without a verdict is left: {name}" for name in sorted(there - spoken_of)]
    faults += [f"a picture is missing: {name}" for name in sorted(spoken_of - there - {NEVER_STORED})]
    return faults
