"""``main.py product prove``: show good and bad parts, place the limits by them, say what is told apart, sign."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from cli import typed
from cli.calibrate import last_of
from cli.common import (
    UNTRAINED_NOTE,
    add_row,
    console,
    print_json,
    say,
    settings_with,
    speaks_plainly,
    warn_of_left_out,
)
from cli.options import AsJson, Database, Device, Name, User
from cli.session_answers import guard_json
from cli.signing_in import managing
from filo_core.calibration.bad_parts import of_ten
from filo_core.calibration.conformal import check_rate
from filo_core.calibration.evidence import GOAL
from filo_core.events import Calibrated
from filo_core.proof import JudgedPart, Proof
from filo_core.types import Verdict
from workflows.products.catalogue import Catalogue
from workflows.products.golden import GoldenSets
from workflows.products.proofs import reason_of_command
from workflows.products.proving import read_parts
from workflows.products.sessions import SessionParts
from workflows.products.steps import calibration_steps, eyes_steps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from filo_core.calibration.guard import Guard
    from filo_core.proof import SignedProof
    from filo_core.types import RecipeVersion, SourceImage
    from workflows.people.access import Access


@speaks_plainly
def prove(
    name: Name,
    good: Annotated[
        Path | None,
        typer.Option(help="Folder of good parts that are no references, as they came.", parser=typed.path),
    ] = None,
    bad: Annotated[Path | None, typer.Option(help="Folder of bad parts, one to five or more.", parser=typed.path)] = (
        None
    ),
    session: Annotated[
        Path | None,
        typer.Option(
            help="Folder of good parts of another day or shift: the promise is held against them.", parser=typed.path
        ),
    ] = None,
    session_name: Annotated[
        str, typer.Option("--session-name", help="What that day or shift is called; the folder's name unless given.")
    ] = "",
    join_sessions: Annotated[
        bool, typer.Option("--join-sessions", help="Set the limits by the parts of those sessions as well.")
    ] = False,
    eyes: Annotated[
        typed.EyesWish | None,
        typer.Option(
            help="Look at it otherwise: sharp, fast, or auto to have it tried on the bad parts too.",
            parser=typed.eyes,
            metavar="EYES",
        ),
    ] = None,
    alpha: Annotated[
        float, typer.Option(help="False-reject rate to promise, between 0 and 1, where the good parts carry it.")
    ] = GOAL,
    sign_off: Annotated[bool, typer.Option("--sign-off", help="Sign the limits off as a new recipe.")] = False,
    reason: Annotated[
        str, typer.Option(help="Why it is signed although it misses bad parts, or was shown none. Live carries it.")
    ] = "",
    user: User = "",
    database: Database = "",
    device: Device = "",
    as_json: AsJson = False,
) -> None:
    """Show a product good and bad parts, set its limits by both, and say whether it tells them apart."""
    check_rate(alpha)
    settings = settings_with(database=database, device=device)
    shown = {Verdict.OK: read_parts(good), Verdict.NG: read_parts(bad)}
    of_session = read_parts(session)
    with managing(settings, user) as (access, pin):
        catalogue = Catalogue(access.storage, access)
        if sign_off:
            catalogue.require_whole(name)
        _show(access, name, shown, settings.operator)
        called = session_name or (session.resolve().name if session is not None else "")
        _show_session(access, name, called, of_session, settings.operator, joins=join_sessions)
        found = _found(catalogue, name, alpha, eyes, settings.device, settings.models)
        proof, version, guard = found.proof, None, catalogue.guard(name)
        assert proof is not None, "a calibration holds its parts against the limits"
        if sign_off:
            version = catalogue.sign_off(name, settings.operator, found.model_hash, pin, reason or reason_of_command)
        signed = catalogue.signed_proof(name) if version else None
    for folder in (good, bad, session):
        if folder is not None:
            warn_of_left_out(folder)
    if as_json:
        answer = _proof_json(name, found, proof, version) | {"reason": signed.reason if signed else ""}
        print_json(answer | {"sessions": guard_json(guard)})
        return
    _say(found, proof, guard)
    _say_version(version, signed)


def _show(access: Access, name: str, shown: Mapping[Verdict, Sequence[SourceImage]], by: str) -> None:
    for known, images in shown.items():
        if images:
            GoldenSets(access.storage, access).add_shown(name, images, known, by)


def _show_session(
    access: Access, name: str, called: str, images: Sequence[SourceImage], by: str, *, joins: bool
) -> None:
    sessions = SessionParts(access.storage, access)
    if images:
        sessions.show(name, called, images, by)
    if joins:
        sessions.join(name, by=by)


def _say_version(version: RecipeVersion | None, signed: SignedProof | None) -> None:
    if version is None:
        say("These limits are in the draft. Sign it off to put them in force, or prove with --sign-off.")
    else:
        say(f"Recipe version {version.version} is in force.")
        if signed is not None and signed.reason:
            say(f"Signed anyway: {signed.reason}")


def _found(
    catalogue: Catalogue, name: str, alpha: float, eyes: typed.EyesWish | None, device: str, models: Path | None
) -> Calibrated:
    from filo_core.engine import load_engine

    engine = load_engine(catalogue.draft(name).profile, device, models)
    if eyes is not None and eyes.eyes is not None:
        catalogue.set_eyes(name, eyes.eyes)
    if eyes is not None and eyes.tries:
        last_of(eyes_steps(catalogue, name)(engine), "Trying how to look")
    found = last_of(calibration_steps(catalogue, name, alpha)(engine), "Judging known parts")
    assert isinstance(found, Calibrated), "calibration ends with its result"
    return found


def _say(found: Calibrated, proof: Proof, guard: Guard | None) -> None:
    say(proof.sentence)
    table = Table("Part", "Known to be", "Verdict")
    table.add_column("Score", justify="right")
    for part, known, verdict in _rows(proof):
        add_row(table, part.name, known.value, verdict.value, f"{part.score:.4f}")
    console.print(table)
    say(f"OK up to {found.limits.ok:.4f}, NG above {found.limits.ng:.4f}. {found.sentence}")
    if guard is not None and guard.sentence:
        say(guard.sentence)
    if not found.trained:
        say(UNTRAINED_NOTE)


def _rows(proof: Proof) -> list[tuple[JudgedPart, Verdict, Verdict]]:
    """Missed bad parts first, then what else is wrong or doubtful."""
    missed = set(proof.missed)
    rest = [part for part in proof.bad if part not in missed]
    known = [(part, Verdict.NG) for part in (*proof.missed, *sorted(rest, key=_score))]
    known += [(part, Verdict.OK) for part in sorted(proof.good, key=_score, reverse=True)]
    return [(part, expected, proof.limits.verdict(part.score)) for part, expected in known]


def _score(part: JudgedPart) -> float:
    return part.score


def _proof_json(name: str, found: Calibrated, proof: Proof, version: RecipeVersion | None) -> dict[str, Any]:
    counts = proof.counts
    return {
        "product": name,
        "colour": counts.standing.colour.value,
        "standing": counts.standing.value,
        "sentence": proof.sentence,
        "good": counts.good,
        "bad": counts.bad,
        "missed": counts.missed,
        "doubtful_good": counts.doubtful,
        "refused_good": len(proof.refused),
        "missed_when_left_out": proof.missed_unseen if proof.bad else None,
        "most_missed": proof.most_missed,
        "most_missed_of_10": of_ten(proof.most_missed) if proof.most_missed is not None else None,
        "promise": found.promise,
        "guarantee": found.guarantee or None,
        "limit_ok": found.limits.ok,
        "limit_ng": found.limits.ng,
        "calibration": found.sentence,
        "trained": found.trained,
        "parts": [
            {"name": part.name, "known": known.value, "verdict": verdict.value, "score": part.score}
            for part, known, verdict in _rows(proof)
        ],
        "recipe_version": version.version if version else None,
    }
