"""Where a product stands in the wizard. No Qt widget, no database."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from filo_core.types import ProductDescription, ProductDraft, WizardStep
from gui.translation import in_language

STEPS = (WizardStep.DESCRIBE, WizardStep.ANOMALIES, WizardStep.REFERENCES, WizardStep.CALIBRATE)
"""Pages of the wizard; the last one finds the limits and takes the signature."""


@dataclass(frozen=True, slots=True)
class StepInfo:
    """One step as the step bar shows it."""

    step: WizardStep
    number: int
    complete: bool
    reachable: bool
    missing: str
    """What it lacks, as a sentence; empty when complete."""


def shown_steps(*, lists: bool) -> tuple[WizardStep, ...]:
    """The steps that are walked; a list of what can go wrong only where the profile reads it."""
    return tuple(step for step in STEPS if lists or step is not WizardStep.ANOMALIES)


def step_infos(draft: ProductDraft | None, *, lists: bool = True, by_words: bool = False) -> tuple[StepInfo, ...]:
    """The steps of ``draft``; None is a product that has no name yet, so only the first can be reached.

    Args:
        draft: the set-up.
        lists: whether a list of what can go wrong is a step of its own.
        by_words: whether the profile in use judges without any good image.
    """
    shown = draft or ProductDraft(ProductDescription(name="", class_name=""))
    return tuple(
        StepInfo(
            step=step,
            number=number,
            complete=not _missing(shown, step, by_words),
            reachable=draft is not None or step is WizardStep.DESCRIBE,
            missing=_missing(shown, step, by_words),
        )
        for number, step in enumerate(shown_steps(lists=lists), start=1)
    )


def _missing(draft: ProductDraft, step: WizardStep, by_words: bool) -> str:
    if by_words and step is WizardStep.REFERENCES:
        return ""
    return in_language(
        draft.missing(step) or (draft.missing(WizardStep.SIGN_OFF) if step is WizardStep.CALIBRATE else "")
    )


def resume_at(draft: ProductDraft | None) -> WizardStep:
    """The step to open a product at: the first that lacks something, or the last when nothing does."""
    following = WizardStep.DESCRIBE if draft is None else draft.next_step
    return following if following in STEPS else STEPS[-1]


def neighbour(step: WizardStep, offset: int, *, lists: bool = True) -> WizardStep | None:
    """The step that is walked to next in the direction of ``offset``, 1 or -1; None beyond the ends."""
    shown, index = shown_steps(lists=lists), STEPS.index(step) + offset
    while 0 <= index < len(STEPS):
        if STEPS[index] in shown:
            return STEPS[index]
        index += offset
    return None


def step_title(step: WizardStep) -> str:
    """The step's name in the language of the window."""
    match step:
        case WizardStep.DESCRIBE:
            return QCoreApplication.translate("WizardStep", "Describe")
        case WizardStep.ANOMALIES:
            return QCoreApplication.translate("WizardStep", "Anomalies")
        case WizardStep.REFERENCES:
            return QCoreApplication.translate("WizardStep", "References")
        case WizardStep.CALIBRATE:
            return QCoreApplication.translate("WizardStep", "Prove it")
        case WizardStep.SIGN_OFF:
            return QCoreApplication.translate("WizardStep", "Sign off")


def step_purpose(step: WizardStep) -> str:
    """One sentence that says what the step is for."""
    match step:
        case WizardStep.DESCRIBE:
            return QCoreApplication.translate("WizardStep", "Say what you want to inspect.")
        case WizardStep.ANOMALIES:
            return QCoreApplication.translate("WizardStep", "List what can go wrong with it, as it would look.")
        case WizardStep.REFERENCES:
            return QCoreApplication.translate("WizardStep", "Show it good parts: one is enough, four are better.")
        case WizardStep.CALIBRATE:
            return QCoreApplication.translate("WizardStep", "Show it bad parts too, see what it tells apart, and sign.")
        case WizardStep.SIGN_OFF:
            return QCoreApplication.translate("WizardStep", "Check the recipe and sign it.")
