"""Where a product stands in the wizard. No Qt widget, no database."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from filo_core.types import ProductDescription, ProductDraft, WizardStep

STEPS = tuple(WizardStep)


@dataclass(frozen=True, slots=True)
class StepInfo:
    """One step as the step bar shows it."""

    step: WizardStep
    number: int
    complete: bool
    reachable: bool
    missing: str
    """What it lacks, as a sentence; empty when complete."""


def step_infos(draft: ProductDraft | None) -> tuple[StepInfo, ...]:
    """All five steps of ``draft``; None is a product that has no name yet, so only the first can be reached."""
    shown = draft or ProductDraft(ProductDescription(name="", class_name=""))
    return tuple(
        StepInfo(
            step=step,
            number=number,
            complete=not shown.missing(step),
            reachable=draft is not None or step is WizardStep.DESCRIBE,
            missing=shown.missing(step),
        )
        for number, step in enumerate(STEPS, start=1)
    )


def resume_at(draft: ProductDraft | None) -> WizardStep:
    """The step to open a product at: the first that lacks something, or the last when nothing does."""
    if draft is None:
        return WizardStep.DESCRIBE
    return draft.next_step or WizardStep.SIGN_OFF


def neighbour(step: WizardStep, offset: int) -> WizardStep | None:
    """The step ``offset`` places further on, None beyond the ends."""
    index = STEPS.index(step) + offset
    return STEPS[index] if 0 <= index < len(STEPS) else None


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
            return QCoreApplication.translate("WizardStep", "Calibrate")
        case WizardStep.SIGN_OFF:
            return QCoreApplication.translate("WizardStep", "Sign off")


def step_purpose(step: WizardStep) -> str:
    """One sentence that says what the step is for."""
    match step:
        case WizardStep.DESCRIBE:
            return QCoreApplication.translate("WizardStep", "Say what is to be inspected.")
        case WizardStep.ANOMALIES:
            return QCoreApplication.translate("WizardStep", "List what can go wrong with it, as it would look.")
        case WizardStep.REFERENCES:
            return QCoreApplication.translate("WizardStep", "Show it good parts: one is enough, four are better.")
        case WizardStep.CALIBRATE:
            return QCoreApplication.translate("WizardStep", "Let it find out from which score on a part is doubtful.")
        case WizardStep.SIGN_OFF:
            return QCoreApplication.translate("WizardStep", "Look over the recipe and put a name to it.")
