"""What the engine asks of a profile in memory, whichever kind it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filo_core.method.nearest_patch import NearestPatch
    from filo_core.types import Box, Eyes, Pose, Prediction, Recipe, TaughtPatch


class RecipeDetector(Protocol):
    """A detector of one recipe. Its memory bank belongs to its kind and is only handed on."""

    make_room: Callable[[], bool]
    memory_bank: Any

    @property
    def recipe(self) -> Recipe:
        """What it looks for."""
        ...

    def move_to(self, other: Any, device: str) -> None:
        """Compute with the parts of another detector of the same kind and recipe from now on."""
        ...

    def set_references(self, references: Mapping[str, NDArray[np.uint8]]) -> None:
        """Fill the memory bank anew: image hash → ``(H, W, 3)`` uint8 RGB."""
        ...

    def teach(self, patch: TaughtPatch, pixels: NDArray[np.uint8]) -> None:
        """Let the patches of one place join the memory bank."""
        ...

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """Image score, anomaly map and regions of ``(H, W, 3)`` uint8 RGB of any size."""
        ...

    def predict_against(self, pixels: NDArray[np.uint8], memory_bank: Any) -> Prediction:
        """The same with another memory bank of its kind."""
        ...

    def nearest(self, pixels: NDArray[np.uint8], box: Box) -> NearestPatch:
        """The patch of a box that stands out most, and the stored patch nearest to it."""
        ...


@runtime_checkable
class ExplainingDetector(Protocol):
    """A detector with a text side, which can say what it goes by."""

    def explained(self, pixels: NDArray[np.uint8]) -> Prediction | None:
        """A prediction with its reasons; None where the text side takes no part in a verdict."""
        ...


class LoadedModel(Protocol):
    """A profile ready to compute."""

    @property
    def profile(self) -> Any:
        """Its manifest: has a name, and says whether it is trained and names anomaly types."""
        ...

    @property
    def device(self) -> str:
        """Where it computes."""
        ...

    @property
    def lanes(self) -> int:
        """How many pictures are judged best at a time."""
        ...

    @property
    def model_hash(self) -> str:
        """Identity of the model, with its usual eyes."""
        ...

    @property
    def note(self) -> str:
        """What a person should know about it on this machine; empty when all is well."""
        ...

    @property
    def names_note(self) -> str:
        """Why regions have no names from words on this machine; empty where they have."""
        ...

    def usual_eyes(self) -> Eyes | None:
        """What a product is looked at with; None where there is one way to look."""
        ...

    def mutual_scores(self, pictures: Iterable[NDArray[np.uint8]]) -> Iterator[int | NDArray[np.float64]]:
        """How odd each picture is among the others: how many were looked at so far, then the scores."""
        ...

    def strangers(self, pictures: Sequence[NDArray[np.uint8]]) -> tuple[int, ...]:
        """Which good parts do not look like the others, as another product does."""
        ...

    def pose_of(self, pictures: Sequence[NDArray[np.uint8]]) -> Pose:
        """How a product lies, from pictures of its good parts."""
        ...

    def model_hash_for(self, eyes: Eyes | None) -> str:
        """Identity of the model with these eyes."""
        ...

    def check(self, recipe: Recipe) -> None:
        """Refuse a recipe of another model with a RecipeError that says what to do."""
        ...

    def detector(self, recipe: Recipe, *, make_room: Callable[[], bool] = ...) -> Any:
        """Set up for one recipe; its memory bank is empty."""
        ...

    def phrase_maps(self, recipe: Recipe) -> Any:
        """What lights up each phrase of a recipe, where the profile tells them apart."""
        ...
