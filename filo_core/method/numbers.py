"""The numbers of the method that belong to a set of weights."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class MethodNumbers(BaseModel):
    """What the detector asks of a profile: λ, σ and which of its parts are worth anything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trained: bool
    """False: the weights are seeded noise, and every result must say "untrained"."""
    reference_offsets_px: tuple[int, ...] = Field(default=(0,), min_length=1)
    """Shifts in pixels of the input, in x and in y, under which each reference enters the memory bank.

    A part never lies on the patch grid as its reference did; shifts below the patch size make up for that.
    """
    match_windows: tuple[float, ...] = Field(default=(1.0,), min_length=1)
    """How far from its own place a patch may find its match in eq. (5), in shares of the picture; averaged over.

    1 is the paper's whole picture. A part in the wrong place shows only where its match may not be anywhere.
    """
    gaussian_sigma_px: float = Field(ge=0.0)
    """σ of eq. (7) in pixels of the anomaly map."""
    suppression: float = Field(default=0.7, ge=0.0, le=1.0)
    """λ of III-C1."""
    vision_language_weight: float = Field(default=0.5, ge=0.0, le=1.0)
    """Share of M_vl in eq. (7); at 1 nothing is matched, and references only set the limits."""
    names_types: bool = True
    """Whether regions get the name of an anomaly; false where the text side is no better than chance."""
    text_score: bool = True
    """Whether p of eq. (1) is half of the image score where there are references."""
    zero_shot: bool = True
    """Whether it may judge without references; false where the text side is no better than chance."""
