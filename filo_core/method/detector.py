"""FiLoDetector: the parts of FiLo++ in their order (III-A), set up for one recipe."""

from __future__ import annotations

import itertools
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from filo_core.errors import RecipeError
from filo_core.method.grids import grid_of, shifted
from filo_core.method.grounding import suppress_outside
from filo_core.method.memory_bank import MemoryBank
from filo_core.method.nearest_patch import NearestPatch
from filo_core.method.positions import positions_of
from filo_core.method.regions import find_regions
from filo_core.method.room import with_room
from filo_core.method.scoring import blended_score, combine_maps, few_shot_map, image_score, smooth
from filo_core.method.sighting import Sighting, sighting_of
from filo_core.method.text_side import TextSide
from filo_core.method.type_ranking import TypeRanking
from filo_core.method.view import cells_of
from filo_core.method.zone_maps import zone_around, zoned_map
from filo_core.types import (
    UNKNOWN_TYPE,
    Box,
    LocatedBox,
    Prediction,
    Recipe,
    Region,
    TaughtPatch,
    TextReasons,
    ZoneScore,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from filo_core.method.grounding import Suppress
    from filo_core.method.interfaces import (
        Backbone,
        GroundingBox,
        ImageFeatures,
        Localizer,
        TextAnswer,
        TextEncoder,
        VisionLanguage,
    )
    from filo_core.method.numbers import MethodNumbers
    from filo_core.method.phrase_maps import PhraseMaps
    from filo_core.zones import Zone

    FewShotPeak = Callable[[MemoryBank, Sequence[Tensor], Sequence[Tensor]], float]


@dataclass(frozen=True, slots=True, eq=False)
class _TextAnswer:
    """What the text side says of one image; None where it was not asked."""

    map: Tensor | None = None
    probability: float | None = None
    said: TextAnswer | None = None

    @property
    def unfiltered(self) -> tuple[str, ...]:
        return () if self.said is None else self.said.unfiltered


class FiLoDetector:
    """Predicts images of one recipe: set the references once, ask often.

    Args:
        recipe: what to look for, and where.
        profile: numbers of the method (λ, σ, weights) that belong to the weights.
        backbone: image encoder of that profile.
        text_encoder: text encoder of that profile.
        localizer: initial localisation of that profile.
        text_side: in place of the recipe's own prompts, for methods that are compared with this one.
        new_bank: in place of the memory bank of eq. (5), for the same.
        suppress: in place of λ outside the boxes (III-C1), for the same.
        peak_share: of max M in the image score of eq. (1).
        few_shot_peak: in place of max M once there are references, from the memory bank, the stages of an image and
            their patch distances, for methods that score an image otherwise.
        make_room: called when its graphics card has no room, to move it by :meth:`move_to`; False when it cannot.
    """

    def __init__(
        self,
        recipe: Recipe,
        profile: MethodNumbers,
        backbone: Backbone,
        text_encoder: TextEncoder,
        localizer: Localizer,
        *,
        text_side: VisionLanguage | None = None,
        new_bank: Callable[[], MemoryBank] = MemoryBank,
        suppress: Suppress = suppress_outside,
        peak_share: float = 0.5,
        few_shot_peak: FewShotPeak | None = None,
        make_room: Callable[[], bool] = lambda: False,
    ) -> None:
        self._recipe = recipe
        self._profile = profile
        self._backbone = backbone
        self._localizer = localizer
        self._phrases = tuple(anomaly.name for anomaly in recipe.anomaly_types if anomaly.enabled)
        # An untrained text side would put noise into the scores and random names on regions.
        uses_text = profile.trained and (profile.vision_language_weight > 0 or profile.text_score or profile.zero_shot)
        self._text_side = text_side or (TextSide(recipe, text_encoder) if uses_text else None)
        names = profile.trained and profile.names_types
        self._type_ranking = TypeRanking(recipe, text_encoder) if names else None
        listing = [zone for zone in recipe.zones if zone.anomalies] if names else []
        self._ranking_in = {zone.name: TypeRanking(_listing(recipe, zone), text_encoder) for zone in listing}
        # With all of eq. (7) given to M_vl, references set the limits and nothing else.
        self._matches = self._text_side is None or profile.vision_language_weight < 1.0
        self._new_bank = new_bank
        self._suppress = suppress
        self._peak_share = peak_share
        self._few_shot_peak = few_shot_peak
        self.make_room = make_room
        self.memory_bank = new_bank()

    @property
    def recipe(self) -> Recipe:
        """What it looks for."""
        return self._recipe

    def move_to(self, other: FiLoDetector, device: str) -> None:
        """Compute with the parts of another detector of the same recipe and profile, on its device, from now on."""
        self._backbone, self._localizer = other._backbone, other._localizer
        self._text_side, self._type_ranking = other._text_side, other._type_ranking
        self._ranking_in = other._ranking_in
        self.memory_bank.move_to(device)

    def set_references(self, references: Mapping[str, NDArray[np.uint8]]) -> None:
        """Fill the memory bank anew: image hash → ``(H, W, 3)`` uint8 RGB."""
        self.memory_bank = self._new_bank()
        for key, pixels in references.items():
            self.add_reference(key, pixels)

    @with_room
    def add_reference(self, key: str, pixels: NDArray[np.uint8]) -> None:
        """Add one good image without touching the others."""
        if not self._matches:
            self.memory_bank.add(key, ())
            return
        batch = self._backbone.prepare(self._sighting(pixels).view)
        offsets = self._profile.reference_offsets_px
        passes = [
            self._backbone.encode(shifted(batch, dx, dy)).matched for dy, dx in itertools.product(offsets, repeat=2)
        ]
        self.memory_bank.add(key, [torch.cat([stage[0] for stage in stages]) for stages in zip(*passes, strict=True)])

    @with_room
    @torch.inference_mode()
    def teach(self, patch: TaughtPatch, pixels: NDArray[np.uint8]) -> None:
        """Let the patches of one place join the memory bank ("this is good"), under the patch's own key.

        A patch belongs to the place when its cell of the grid touches the box, so it is at least one.

        Args:
            patch: the place.
            pixels: its whole image, ``(H, W, 3)`` uint8 RGB.
        """
        if not self._matches:
            self.memory_bank.add(patch.key, ())
            return
        sight = self._sighting(pixels)
        view = sight.view
        features = self._backbone.encode(self._backbone.prepare(view))
        box = sight.to_view(patch.box)
        self.memory_bank.add(
            patch.key,
            [
                stage[0][cells_of(box, view.shape[1], view.shape[0], grid_of(stage[0], features.grid))]
                for stage in features.matched
            ],
        )

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """Image score, anomaly map and regions of ``(H, W, 3)`` uint8 RGB of any size.

        Raises:
            RecipeError: if no reference is set and the profile has no trained text side.
        """
        return self.predict_against(pixels, self.memory_bank)

    def explained(self, pixels: NDArray[np.uint8]) -> Prediction | None:
        """:meth:`predict` where the text side takes part, with its reasons (III-B3, III-C1, III-C2); None otherwise."""
        return None if self._text_side is None else self.predict(pixels)

    @with_room
    @torch.inference_mode()
    def predict_against(self, pixels: NDArray[np.uint8], memory_bank: MemoryBank) -> Prediction:
        """:meth:`predict` with another memory bank, for leave-one-out scores."""
        seconds: dict[str, float] = {}
        with _timed(seconds, "place"):
            sight = self._sighting(pixels)
            view = sight.view
        with _timed(seconds, "encode"):
            features = self._backbone.encode(self._backbone.prepare(view))
        with _timed(seconds, "localise"):
            boxes = self._localizer.locate(view, self._phrases)
        with _timed(seconds, "match"):
            distances = self._distances(features, memory_bank)
            text = self._ask_text(features, boxes, alone=distances is None)
            side = self._backbone.image_size
            few_shot = None if distances is None else few_shot_map(distances, features.grid, side)
            view_map, score, zones = self._scored(few_shot, text, boxes)
            if distances is not None and self._few_shot_peak is not None and not zones:
                peak = self._few_shot_peak(memory_bank, features.matched, distances)
                score = blended_score(peak, text.probability, self._peak_share)
        with _timed(seconds, "regions"):
            regions = self._regions(view_map, features, sight)
            anomaly_map = sight.map_on_picture(view_map)
            ranking = self._type_ranking
            ranked = () if ranking is None else ranking.rank(features, positions_of(boxes))
        reasons = None if text.said is None else _reasons(boxes, text.said, sight)
        return Prediction(
            score,
            anomaly_map,
            regions,
            seconds,
            self._profile.trained,
            ranked,
            text.unfiltered,
            reasons=reasons,
            zones=zones,
            placement=sight.placement,
        )

    def _distances(self, features: ImageFeatures, memory_bank: MemoryBank) -> tuple[Tensor, ...] | None:
        """Patch distances a stage, eq. (5); None where nothing is matched."""
        if not self._matches or (self._text_side is not None and not len(memory_bank)):
            return None
        return memory_bank.distances([s[0] for s in features.matched], self._profile.match_windows)

    def _ask_text(self, features: ImageFeatures, boxes: tuple[GroundingBox, ...], *, alone: bool) -> _TextAnswer:
        """M_vl and p as far as they count; both where there is nothing else."""
        side, profile = self._text_side, self._profile
        if side is None:
            return _TextAnswer()
        mapped, scored = alone or profile.vision_language_weight > 0, alone or profile.text_score
        if not (mapped or scored):
            return _TextAnswer()
        answer = side.answer(features, boxes)
        return _TextAnswer(
            answer.map(self._backbone.image_size) if mapped else None,
            answer.probability() if scored else None,
            answer,
        )

    def _scored(
        self, few_shot: Tensor | None, text: _TextAnswer, boxes: tuple[GroundingBox, ...]
    ) -> tuple[NDArray[np.float32], float, tuple[ZoneScore, ...]]:
        """M of eq. (7), the image score of eq. (1), and what each drawn zone came to.

        A zone is scored by its map alone: p of eq. (1) is about all that is seen, and no mask keeps it to a place.
        """
        profile = self._profile
        fused = combine_maps(text.map, few_shot, profile.vision_language_weight)
        kept = self._suppress(fused, boxes, profile.suppression)
        # Zero-shot scores take the maximum before suppression, few-shot ones after it (Tables IV, V).
        if self._recipe.zones:
            scored = fused if few_shot is None else kept
            view_map, zones = zoned_map(_array(scored), _array(kept), self._recipe.zones, self._blur)
            return view_map, max(zone.score for zone in zones), zones
        final = smooth(kept, profile.gaussian_sigma_px)
        scored = smooth(fused, profile.gaussian_sigma_px) if few_shot is None else final
        return _array(final), image_score(scored, text.probability, self._peak_share), ()

    def _blur(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        return _array(smooth(torch.from_numpy(values), self._profile.gaussian_sigma_px))

    @torch.inference_mode()
    def phrase_maps(self, phrases: PhraseMaps, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Phrase → map in [0, 1] over the whole of ``(H, W, 3)`` uint8 RGB; zero outside the region of interest."""
        sight = self._sighting(pixels)
        features = self._backbone.encode(self._backbone.prepare(sight.view))
        return {
            name: sight.map_on_picture(_array(lit))
            for name, lit in phrases.maps(features, self._backbone.image_size).items()
        }

    @torch.inference_mode()
    def nearest(self, pixels: NDArray[np.uint8], box: Box) -> NearestPatch:
        """The patch of a box that is farthest from the memory bank, and the stored patch that is nearest to it.

        Args:
            pixels: the whole image, ``(H, W, 3)`` uint8 RGB.
            box: a region of it, in its pixels.

        Raises:
            RecipeError: if the memory bank is empty, or nothing is compared with it.
        """
        if not self._matches:
            raise RecipeError("This profile judges by its text side alone, so no good part is compared.")
        sight = self._sighting(pixels)
        view = sight.view
        features = self._backbone.encode(self._backbone.prepare(view))
        inside = sight.to_view(box)
        cells = cells_of(inside, view.shape[1], view.shape[0], features.grid)
        stages = [stage[0] for stage in features.stages]
        distances = self.memory_bank.distances([s[0] for s in features.matched], self._profile.match_windows)
        # Neighbourhoods lie on a coarser grid; a single patch is what can be shown.
        far = torch.stack(distances[: len(stages)]).mean(dim=0)
        cell = int(cells[int(far[torch.from_numpy(cells).to(far.device)].argmax())])
        found = self.memory_bank.nearest(stages, cell, max(self._profile.match_windows))
        rows, columns = features.grid
        row, column = divmod(found.index % (rows * columns), columns)
        dy, dx = self._offset(found.index // (rows * columns)) if found.gridded else (0, 0)
        side = self._backbone.image_size
        return NearestPatch(
            key=found.key,
            distance=found.distance,
            part=((cell % columns + 0.5) / columns, (cell // columns + 0.5) / rows),
            stored=((column + 0.5) / columns - dx / side, (row + 0.5) / rows - dy / side) if found.gridded else None,
            patch=(1.0 / columns, 1.0 / rows),
        )

    def _offset(self, passed: int) -> tuple[int, int]:
        """How far the picture had been moved down and right in one of the passes of a reference."""
        offsets = self._profile.reference_offsets_px
        return offsets[passed // len(offsets)], offsets[passed % len(offsets)]

    def _sighting(self, pixels: NDArray[np.uint8]) -> Sighting:
        """What the recipe looks at of a picture."""
        return sighting_of(self._recipe, pixels)

    def _regions(self, view_map: NDArray[np.float32], features: ImageFeatures, sight: Sighting) -> tuple[Region, ...]:
        regions = []
        for shape in find_regions(view_map, self._recipe.limits.region, sight.seen.width, sight.seen.height):
            around = zone_around(self._recipe.zones, shape.mask) if self._recipe.zones else None
            own = around is not None and around.anomalies
            ranking = self._ranking_in.get(around.name) if around is not None and own else self._type_ranking
            name, confidence = UNKNOWN_TYPE, 0.0
            if ranking is not None:
                name, confidence = ranking.name(features, shape.mask, shape.position)
            box, area = sight.to_picture(shape.box), round(shape.area_px * sight.area_factor)
            regions.append(Region(box, area, shape.score, name, confidence, shape.position))
        return tuple(regions)


def _array(values: Tensor) -> NDArray[np.float32]:
    return np.asarray(values.float().cpu().numpy(), np.float32)


def _listing(recipe: Recipe, zone: Zone) -> Recipe:
    """A recipe with a zone's own anomaly list in place of the product's."""
    return replace(recipe, anomaly_types=tuple(one for one in recipe.anomaly_types if one.name in zone.anomalies))


def _reasons(boxes: Sequence[GroundingBox], said: TextAnswer, sight: Sighting) -> TextReasons:
    """What the text side went by, its boxes in pixels of the whole image."""
    seen = sight.seen
    located = tuple(
        LocatedBox(
            sight.to_picture(
                Box(
                    round(box.left * seen.width),
                    round(box.top * seen.height),
                    max(1, round((box.right - box.left) * seen.width)),
                    max(1, round((box.bottom - box.top) * seen.height)),
                )
            ),
            round(float(box.score), 4),
            box.phrase,
        )
        for box in boxes
    )
    return TextReasons(located, said.positions, said.dropped)


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds[stage] = time.perf_counter() - started
