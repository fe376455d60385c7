"""Runs the pieces, goes on where an interrupted run stopped, and writes the page."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from functools import partial
from pathlib import Path

import psutil

from tools.markdown import say
from tools.soak_line import camera, clock, day, full_disk, fuzz, killed_line, killed_model, outputs, warm_start
from tools.soak_line.findings import ROOT, Findings, Piece, Unit, is_raised, write_page
from tools.stream_rig import FFMPEG

PAGE = ROOT / "docs" / "reliability.md"
WORK = ROOT / "build" / "soak_line"


def pieces(asked: argparse.Namespace) -> list[Piece]:
    """All of them, with the counts that were asked for."""
    no_ffmpeg = "" if FFMPEG else "ffmpeg is not installed"
    no_disk = "" if full_disk.can_mount() else "this user may mount no disk of his own"
    no_clock = "" if clock.LIBRARY else "faketime is not installed"
    return [
        Piece("day", partial(day.units, wanted=asked.parts), day.findings),
        Piece("camera", partial(camera.units, wanted=asked.cycles), camera.findings, no_ffmpeg),
        Piece("killed_line", partial(killed_line.units, wanted=asked.kills), killed_line.findings),
        Piece("killed_model", partial(killed_model.units, wanted=asked.kills), killed_model.findings),
        Piece("warm_start", partial(warm_start.units, wanted=asked.kills), warm_start.findings),
        Piece("outputs", partial(outputs.units, wanted=asked.away), outputs.findings),
        Piece("full_disk", partial(full_disk.units, wanted=asked.away), full_disk.findings, no_disk),
        Piece("fuzz", partial(fuzz.units, wanted=asked.kills), fuzz.findings),
        Piece("clock", partial(clock.units, wanted=asked.cycles), clock.findings, no_clock),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run what is left, and write the page of all that is there; status 1 when anything was missed."""
    parser = argparse.ArgumentParser(prog="python -m tools.soak_line", description=__doc__)
    parser.add_argument("--parts", type=int, default=30_000, help=f"parts of the day; {day.DAY} is a whole one")
    parser.add_argument("--cycles", type=int, default=100, help="faults of each kind of the camera, moves of the clock")
    parser.add_argument(
        "--kills", type=int, default=20, help="kills at each stage of the line and of the model, starts, runs of fuzz"
    )
    parser.add_argument("--away", type=int, default=20, help="times each output is away, and the disk full")
    parser.add_argument("--minutes", type=float, default=0.0, help="stop after the unit in work then; 0: never")
    parser.add_argument("--only", nargs="*", default=(), help="names of pieces; all unless given")
    parser.add_argument("--work", type=Path, default=WORK, help="where units are written down")
    parser.add_argument("--fresh", action="store_true", help="forget the units of an earlier run")
    parser.add_argument("--page", type=Path, default=PAGE)
    asked = parser.parse_args(arguments)
    if asked.fresh:
        shutil.rmtree(asked.work, ignore_errors=True)
    asked.work.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + 60.0 * asked.minutes if asked.minutes else float("inf")
    found: list[Findings] = []
    circumstances: list[Unit] = []
    for piece in pieces(asked):
        done = read_units(asked.work, piece)
        if not asked.only or piece.name in asked.only:
            run(asked.work, piece, done, until)
        found.append(_findings(piece, done))
        circumstances += done
        as_it_is = "as it should be" if done else found[-1].note
        say(f"{found[-1].title}: {', '.join(found[-1].faults) or as_it_is}")
    options = f"--parts {asked.parts} --cycles {asked.cycles} --kills {asked.kills} --away {asked.away}"
    write_page(asked.page, found, options, circumstances)
    return 1 if any(piece.faults for piece in found) else 0


def read_units(work: Path, piece: Piece) -> list[Unit]:
    """The units that earlier runs have done."""
    path = work / f"{piece.name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def run(work: Path, piece: Piece, done: list[Unit], until: float) -> None:
    """Do what is left of a piece, each unit written down as soon as it is done."""
    if piece.missing or time.monotonic() > until:
        return
    for unit in piece.units(work / piece.name, list(done)):
        kept = unit | {"load": psutil.getloadavg()[0], "raised": is_raised()}
        with (work / f"{piece.name}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(kept) + "\n")
        done.append(kept)
        if time.monotonic() > until:
            return


def _findings(piece: Piece, done: list[Unit]) -> Findings:
    found = piece.findings(done)
    if not done:
        found.note = f"Not measured: {piece.missing or 'not run'}."
    return found


if __name__ == "__main__":
    sys.exit(main())
