"""What the Live screen says about a verdict, and while there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from filo_core.line.sources.base import SourceState
from filo_core.line.triggers.base import TriggerKind
from filo_core.line.triggers.spec import TRIGGERS
from filo_core.naming.part_types import part_broad, part_called
from filo_core.types import Verdict
from gui import wording
from gui.live.display import Hold
from gui.state import ModelState
from gui.translation import in_language

if TYPE_CHECKING:
    from gui.live.results import LiveResult
    from workflows.line.delivery import DeliveryState


def caption_of(result: LiveResult, hold: Hold, ng_meanwhile: int) -> str:
    """The line under the verdict: what was found, and why the screen stands still."""
    parts = [result.identity.words, _finding(result)]
    if result.seen_before is not None:
        parts.append(in_language(result.seen_before.sentence))
    if hold is not Hold.NONE and ng_meanwhile:
        parts.append(_tr("%1 more NG meanwhile").replace("%1", str(ng_meanwhile)))
    if hold is Hold.LOOKING_BACK:
        clock = wording.clock(result.inspected_at.astimezone(), seconds=True)
        parts.append(_tr("earlier picture, %1").replace("%1", clock))
    return "  ·  ".join(part for part in parts if part)


def score_text(result: LiveResult | None) -> str:
    """The score as a multiple of what is still OK."""
    return "–" if result is None else wording.times_limit(result.score, result.limits)


def score_tip(result: LiveResult | None) -> str:
    """The numbers behind :func:`score_text`; empty where there are none."""
    return "" if result is None else wording.raw_score(result.score, result.limits)


def _finding(result: LiveResult) -> str:
    if result.verdict is Verdict.NOT_INSPECTED:
        return result.reason
    if result.verdict is Verdict.OK:
        return _tr("nothing stands out") if not result.regions else ""
    name = wording.called(*part_called(result.verdict, result.regions, result.anomaly_types))
    broad = part_broad(result.regions)
    if broad is not None:
        name = f"{name}, {wording.called(wording.broad_word(broad.name), broad.share)}"
    if result.decided:
        name = _tr("%1 in region %2").replace("%1", name).replace("%2", result.decided)
    if not result.regions:
        return f"{name}  ·  {wording.times_limit(result.score, result.limits)}"
    first, more = result.regions[0], len(result.regions) - 1
    found = f"{name} – {wording.position_name(first.position)}"
    return found + (", " + _tr("and %1 more").replace("%1", str(more)) if more else "")


def waiting_text(
    running: bool, camera: SourceState, model: ModelState, trigger: TriggerKind = TriggerKind.CONTINUOUS
) -> str:
    """What the screen waits for while there is no verdict."""
    if not running:
        return _tr("Choose a product and a camera, then press Start.")
    if model is ModelState.LOADING:
        return _tr("The model is loading…")
    if model is ModelState.FAILED:
        return _tr("The model could not be loaded: nothing can be judged.")
    if camera is SourceState.OPENING:
        return _tr("Opening the camera…")
    return trigger_text(trigger)


def trigger_text(trigger: TriggerKind) -> str:
    """What has to happen for the next verdict."""
    return in_language(TRIGGERS[trigger].waiting)


def camera_text(state: SourceState) -> str:
    """The camera's state in a word."""
    match state:
        case SourceState.OPENING:
            return _tr("opening")
        case SourceState.RUNNING:
            return _tr("running")
        case SourceState.LOST:
            return _tr("LOST")
        case SourceState.STOPPED:
            return _tr("stopped")


def outputs_text(state: DeliveryState) -> str:
    """How many outputs there are, and how many verdicts wait for them."""
    match state.waiting:
        case 0:
            return str(state.outputs)
        case 1:
            text = _tr("%1  (1 verdict waiting)")
        case _:
            text = _tr("%1  (%2 verdicts waiting)")
    return text.replace("%1", str(state.outputs)).replace("%2", str(state.waiting))


def delivery_problem_text(state: DeliveryState, *, running: bool) -> str:
    """Why verdicts are not where they should be, and what becomes of them; empty when all is well."""
    if running:
        return (
            f"{in_language(state.problem)} {_tr('Verdicts are kept on disk until it accepts them.')}"
            if state.problem
            else ""
        )
    if not state.waiting:
        return ""
    later = _tr("What was not delivered is kept on disk and sent when Live or a line starts.")
    return f"{in_language(state.problem)} {later}".strip()


def _tr(text: str) -> str:
    return QCoreApplication.translate("Live", text)
