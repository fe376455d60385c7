"""A model profile in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filo_core.errors import ProfileError
from filo_core.method.detector import FiLoDetector
from filo_core.method.grounding import suppress_outside

if TYPE_CHECKING:
    from collections.abc import Callable

    from filo_core.method.grounding import Suppress
    from filo_core.method.interfaces import Backbone, Localizer, TextEncoder, VisionLanguage
    from filo_core.method.trained_heads import TrainedHeads
    from filo_core.profiles.manifest import ModelProfile
    from filo_core.types import Recipe


@dataclass(frozen=True, slots=True, eq=False)
class LoadedProfile:
    """A profile ready to compute."""

    profile: ModelProfile
    backbone: Backbone
    text_encoder: TextEncoder
    localizer: Localizer
    device: str
    model_hash: str
    """SHA-256 over the manifest's numbers, the hash of its weights, and the architecture."""
    model: Any = None
    """The ``open_clip.CLIP`` all of it reads."""
    heads: TrainedHeads | None = None
    new_text_side: Callable[[Recipe], VisionLanguage] | None = None
    """In place of the fixed templates alone."""
    suppress: Suppress = suppress_outside

    def detector(self, recipe: Recipe, *, make_room: Callable[[], bool] = lambda: False) -> FiLoDetector:
        """Set up for one recipe; its memory bank is empty. ``make_room`` as in :class:`FiLoDetector`."""
        return FiLoDetector(
            recipe,
            self.profile,
            self.backbone,
            self.text_encoder,
            self.localizer,
            text_side=None if self.new_text_side is None else self.new_text_side(recipe),
            suppress=self.suppress,
            make_room=make_room,
        )


def require_plain_clip(loaded: LoadedProfile) -> None:
    """Training and the paper's tables put parts beside a plain CLIP.

    Raises:
        ProfileError: if the profile is FiLo's released network, whose parts belong together.
    """
    if loaded.profile.method == "filo":
        raise ProfileError(
            f"{loaded.profile.name} is FiLo's released network, not a CLIP that parts of FiLo++ can stand beside. "
            "Choose another profile, such as full or compact."
        )
