"""What a picture must be like to be judged at all: numbers of its focus and its light. Nothing here computes."""

from __future__ import annotations

from dataclasses import dataclass

from filo_core.sentence import Sentence


@dataclass(frozen=True, slots=True)
class PictureQuality:
    """Measured on one picture."""

    focus: float
    """Fine detail as a share of the picture's contrast; 0 for a picture without any."""
    brightness: float
    """Mean grey level in [0, 1]."""


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """Taught from good pictures; outside of them a verdict is withheld. Part of a recipe."""

    least_focus: float
    darkest: float
    brightest: float

    def __post_init__(self) -> None:
        if not (self.least_focus >= 0.0 and 0.0 <= self.darkest <= self.brightest <= 1.0):
            raise ValueError(f"limits of a picture must be in order, got {self}")

    def problem(self, quality: PictureQuality) -> str:
        """Why a picture cannot be judged, as a sentence with what to do; empty where it can."""
        if quality.brightness < self.darkest:
            return Sentence(
                "The picture is too dark to be judged ({brightness} of full brightness, good pictures "
                "have {darkest} or more). Look at the light.",
                brightness=_percent(quality.brightness),
                darkest=_percent(self.darkest),
            )
        if quality.brightness > self.brightest:
            return Sentence(
                "The picture is too bright to be judged ({brightness} of full brightness, good pictures "
                "have {brightest} at most). Look at the light.",
                brightness=_percent(quality.brightness),
                brightest=_percent(self.brightest),
            )
        if quality.focus < self.least_focus:
            share = quality.focus / self.least_focus
            return Sentence(
                "The picture is too blurred to be judged ({share} of the fine detail that is needed). "
                "Focus the camera, clean its lens, or hold the part still.",
                share=_percent(share),
            )
        return ""

    def focus_share(self, quality: PictureQuality) -> float:
        """Focus as a multiple of what is needed; 1 where nothing is."""
        return quality.focus / self.least_focus if self.least_focus else 1.0


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %"
