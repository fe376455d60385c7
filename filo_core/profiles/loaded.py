"""A model profile in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filo_core.errors import ProfileError, RecipeError
from filo_core.method.detector import FiLoDetector
from filo_core.method.grounding import suppress_outside
from filo_core.types import Pose
from filo_core.zones import inspected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from filo_core.method.grounding import Suppress
    from filo_core.method.interfaces import Backbone, Localizer, TextEncoder, VisionLanguage
    from filo_core.method.phrase_maps import PhraseMaps
    from filo_core.method.trained_heads import TrainedHeads
    from filo_core.profiles.manifest import ModelProfile
    from filo_core.types import Eyes, Recipe


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
    note: str = ""
    """What a person should know about the profile on this machine; nothing."""
    names_note: str = ""
    """Why regions have no names from words; nothing is missing on this machine."""

    @property
    def lanes(self) -> int:
        """One picture after another: torch spreads each over the cores."""
        return 1

    def usual_eyes(self) -> None:
        """There is one way to look."""
        return

    def mutual_scores(self, pictures: Iterable[NDArray[np.uint8]]) -> Iterator[int | NDArray[np.float64]]:
        """None: it looks at parts one at a time.

        Raises:
            ProfileError: always.
        """
        del pictures
        raise ProfileError(
            "The {name!r} profile cannot sort pictures that nobody has sorted. The compact one can.",
            name=self.profile.name,
        )

    def strangers(self, pictures: Sequence[NDArray[np.uint8]]) -> tuple[int, ...]:
        """Nobody: such a profile is not asked."""
        del pictures
        return ()

    def pose_of(self, pictures: Sequence[NDArray[np.uint8]]) -> Pose:
        """As its good parts, always: parts are not turned for a network that matches near home."""
        del pictures
        return Pose.FIXED

    def model_hash_for(self, eyes: Eyes | None) -> str:
        """Identity of the model, whatever the eyes."""
        del eyes
        return self.model_hash

    def check(self, recipe: Recipe) -> None:
        """Whether a recipe was signed off for this very model.

        Raises:
            RecipeError: if not; the message says what to do.
        """
        if recipe.model_hash != self.model_hash:
            raise RecipeError(
                "{product} was signed off for another model than the {name!r} profile loaded now. "
                "Calibrate it and sign it off again.",
                product=recipe.product,
                name=self.profile.name,
            )

    def phrase_maps(self, recipe: Recipe) -> PhraseMaps:
        """What lights up each phrase of a recipe."""
        from filo_core.method.phrase_maps import PhraseMaps

        return PhraseMaps(recipe, self.text_encoder, self.heads, self.profile.gaussian_sigma_px)

    def detector(self, recipe: Recipe, *, make_room: Callable[[], bool] = lambda: False) -> FiLoDetector:
        """Set up for one recipe; its memory bank is empty. ``make_room`` as in :class:`FiLoDetector`.

        Raises:
            RecipeError: if a drawn region counts or is seen as a whole, which takes the trunks of the compact profile.
        """
        strange = next((zone for zone in inspected(recipe.zones) if not zone.has_map), None)
        if strange is not None:
            raise RecipeError(
                "Region {region} of {product} counts, or is seen as a whole, and the {name!r} profile only compares "
                "regions with good parts. Remove that region, or choose the compact profile.",
                region=strange.name,
                product=recipe.product,
                name=self.profile.name,
            )
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
            "{name} is FiLo's released network, not a CLIP that parts of FiLo++ can stand beside. "
            "Choose another profile, such as full or compact.",
            name=loaded.profile.name,
        )
