"""The detector of the compact profile: a product's good parts, and whatever is not like them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.calibration.variations import gentle_variations
from filo_core.eyes.bank import PatchBank
from filo_core.eyes.bank_store import BankStore
from filo_core.eyes.counted_zones import ZoneCounter
from filo_core.eyes.foreground import Foreground, foreground_of
from filo_core.eyes.frames import frame_of, on_picture
from filo_core.eyes.known_defects import TrunkView, answers_at, heads_of
from filo_core.eyes.scoring import kept_on_part, weighed
from filo_core.eyes.tiles import numbers_in_tiles
from filo_core.eyes.turning import turned
from filo_core.eyes.zoned import counted_cells, counted_scores, map_found, zone_scores
from filo_core.learned_map import MapKind
from filo_core.method.nearest_patch import NearestPatch
from filo_core.method.regions import find_regions
from filo_core.method.sighting import Sighting, seen_of, sighting_of
from filo_core.method.view import cells_of
from filo_core.method.zone_maps import zone_around
from filo_core.naming.part_types import image_types
from filo_core.naming.region_features import TrunkLook, region_features, space_of
from filo_core.naming.region_look import look_at
from filo_core.naming.zero_shot import UNNAMED, Named
from filo_core.types import Box, Pose, Prediction, Recipe, Region, TaughtPatch
from filo_core.zones import Zone, without_map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from filo_core.eyes.features import Eye, Features
    from filo_core.eyes.residual_head import ResidualHead
    from filo_core.naming.region_features import Nearest
    from filo_core.naming.zero_shot import ZeroShotNames
    from filo_core.profiles.eyes_manifest import EyesProfile

    Picture = NDArray[np.uint8]


_NO_NAMES: Mapping[str, ZeroShotNames | None] = MappingProxyType({})
_PEAK_SHARE = 0.8
"""Of the map's largest value: what is above it around the peak is the place that is looked at without a region."""


class EyesDetector:
    """Predicts images of one recipe: set the references once, ask often.

    Args:
        recipe: what to look at, and where.
        profile: numbers of the method.
        eyes: the recipe's trunks, each at its size; the light one first.
        make_room: there for a detector that computes on a graphics card with torch; never called here.
        banks: where memory banks are kept between starts; nowhere without one.
        names: from words, of the recipe's list; without them regions are unknown.
        names_in: the same by the name of a drawn region that has a list of its own.
        head: trained on residuals of the light trunk; without it distances alone decide.
    """

    def __init__(
        self,
        recipe: Recipe,
        profile: EyesProfile,
        eyes: Sequence[Eye],
        *,
        make_room: Callable[[], bool] = lambda: False,
        banks: BankStore | None = None,
        names: ZeroShotNames | None = None,
        names_in: Mapping[str, ZeroShotNames | None] = _NO_NAMES,
        head: ResidualHead | None = None,
    ) -> None:
        self._names, self._names_in = names, names_in
        self._residual_head = head
        self._banks = banks or BankStore(None)
        self._recipe = recipe
        chosen = recipe.eyes
        self._profile = numbers_in_tiles(profile, chosen.light_px) if chosen and chosen.in_tiles else profile
        self._eyes = tuple(eyes)
        self._pose = chosen.pose if chosen is not None else Pose.FIXED
        self._map_kind = recipe.learned_map.kind if recipe.learned_map is not None else MapKind.USUAL
        self._heads = heads_of(recipe.learned_map)
        self._counter = ZoneCounter(recipe)
        self.make_room = make_room
        self.memory_bank = PatchBank()

    @property
    def recipe(self) -> Recipe:
        """What it looks for."""
        return self._recipe

    def move_to(self, other: EyesDetector, device: str) -> None:
        """Look through the trunks of another detector of the same recipe from now on; patches are in memory anyway."""
        del device
        self._eyes = other._eyes

    def set_references(self, references: Mapping[str, Picture]) -> None:
        """Fill the memory bank anew: image hash → ``(H, W, 3)`` uint8 RGB; then hold them against each other.

        What was seen of the very same parts before is taken from disk, where there is a place for it.
        """
        kept_as = self._bank_key(references)
        kept = self._banks.load(kept_as)
        if kept is not None:
            self.memory_bank = kept
            return
        self.memory_bank = PatchBank()
        views = {key: self._view(pixels) for key, pixels in references.items()}
        seen = [(key, self._look(view)) for key, view in views.items()]
        for key, features in seen:
            self.memory_bank.add(key, [one.patches for one in features])
        for key, view in views.items():
            self._add_turned(key, view)
        if len(seen) == 1:
            # It has no like: what the line does to it anyway stands in for that.
            key, view = next(iter(views.items()))
            varied = gentle_variations(view)[1:]
            seen += [(f"{key}~{number}", self._look(picture)) for number, picture in enumerate(varied)]
        if seen:
            self.memory_bank.measure(seen, self._residual_head, self._counted_cells)
            self.memory_bank.foreground = self._foreground_of([features for _, features in seen])
            self.memory_bank.items = self._counter.items_of(seen, references)
            self.memory_bank.words = self._counter.words_of(seen, self._eyes)
            self._banks.save(kept_as, self.memory_bank)

    def _foreground_of(self, seen: Sequence[Sequence[Features]]) -> Foreground | None:
        """What tells parts that lie anywhere from their ground; where a part lies as it does, its ground counts."""
        if self._pose is Pose.FIXED:
            return None
        deep = next((number for number, eye in enumerate(self._eyes) if eye.is_deep), None)
        return None if deep is None else foreground_of([one[deep] for one in seen])

    def _add_turned(self, key: str, view: Picture) -> None:
        found = []
        for picture in turned(view, self._pose):
            looked = self._look(picture.pixels)
            found.append([one.patches[picture.cells(one)] for one in looked])
        if found:
            self.memory_bank.add_turned(key, [np.concatenate(patches) for patches in zip(*found, strict=True)])

    def _counted_cells(self, features: Features) -> NDArray[np.bool_] | None:
        """Which cells of a part's grid are looked at: what lies under a mask says nothing of good parts."""
        zones = self._recipe.zones
        if not zones:
            return None
        # A grid covers whole patches, the picture a little less: what is shown is what outlines are laid over.
        rows, columns = features.frame.shown(features.stride)
        counted = np.zeros(features.grid.shape[:2], np.bool_)
        counted[:rows, :columns] = counted_cells(zones, rows, columns)
        return counted

    def _bank_key(self, references: Iterable[str]) -> str:
        """What decides the content of the memory bank: the model, what is looked at, and of which parts."""
        box = self._recipe.region_of_interest
        content = (self._recipe.model_hash, box and (box.x, box.y, box.width, box.height), sorted(references))
        drawn = [(zone.kind.value, zone.shape.value, zone.points) for zone in self._recipe.zones]
        # Without zones, a fixture or counts it is what it was before there were any.
        more = [part for part in (drawn, self._recipe.fixture, self._counter.content) if part]
        return hashlib.sha256((repr(content) + "".join(repr(part) for part in more)).encode()).hexdigest()

    def teach(self, patch: TaughtPatch, pixels: Picture) -> None:
        """Let the patches of one place join the memory bank ("this is good"), under the patch's own key.

        A patch belongs to the place when its cell of the grid touches the box, so it is at least one, or lies right
        beside one that does: what is there is seen from there as well.

        Args:
            patch: the place.
            pixels: its whole image, ``(H, W, 3)`` uint8 RGB.
        """
        sight = self._sighting(pixels)
        box, view = sight.to_view(patch.box), sight.view
        self.memory_bank.add(patch.key, [one.patches[_cells(box, view, one, beside=1)] for one in self._look(view)])

    def predict(self, pixels: Picture) -> Prediction:
        """Image score, anomaly map and regions of ``(H, W, 3)`` uint8 RGB of any size.

        Raises:
            RecipeError: if no reference is set.
        """
        return self.predict_against(pixels, self.memory_bank)

    def predict_against(self, pixels: Picture, memory_bank: PatchBank) -> Prediction:
        """:meth:`predict` with another memory bank, for leave-one-out scores."""
        seconds: dict[str, float] = {}
        with _timed(seconds, "place"):
            sight = self._sighting(pixels)
            view = sight.view
        with _timed(seconds, "encode"):
            features = self._look(view)
        if without_map(self._recipe.zones):
            with _timed(seconds, "map"):
                return self._only_counted(features, memory_bank, sight, seconds)
        with _timed(seconds, "match"):
            matched = [memory_bank.matched(trunk, one.patches) for trunk, one in enumerate(features)]
            looks = [TrunkLook(one.grid, found) for (_, found), one in zip(matched, features, strict=True)]
            distances = [away.reshape(one.grid.shape[:2]) for (away, _), one in zip(matched, features, strict=True)]
            learned = self._learned(features[0], matched[0], memory_bank)
        with _timed(seconds, "map"):
            standard = self._on_one_grid(view, features, distances, learned, looks)
            standard = self._on_the_part(standard, features, memory_bank.foreground)
            counted = self._counter.counted(features, memory_bank, sight)
            mapped = map_found(standard, self._profile, self._recipe.zones, counted)
            score, view_map = mapped.score, mapped.view_map
        with _timed(seconds, "regions"):
            regions = self._regions(view_map, sight, looks, memory_bank)
            peak = None if regions or not view_map.any() else _peak_embedding(view_map, looks)
            anomaly_map = sight.map_on_picture(view_map)
        space = space_of(self._recipe.model_hash)
        types = image_types(regions)
        by = self._names.named_by if self._names is not None else ""
        return Prediction(
            score,
            anomaly_map,
            regions,
            seconds,
            True,
            types,
            embedding_space=space,
            named_by=by,
            peak_embedding=peak,
            zones=mapped.zones,
            placement=sight.placement,
        )

    def _only_counted(
        self, features: Sequence[Features], memory_bank: PatchBank, sight: Sighting, seconds: dict[str, float]
    ) -> Prediction:
        """What a picture comes to of which nothing is compared with good parts: a map of nothing, and no region."""
        counted = self._counter.counted(features, memory_bank, sight)
        side, scores = self._profile.map_side, counted_scores(self._recipe.zones, counted)
        return Prediction(
            max(score.score for score in scores),
            np.zeros((side, side), np.float32),
            (),
            seconds,
            True,
            embedding_space=space_of(self._recipe.model_hash),
            zones=scores,
            placement=sight.placement,
        )

    def nearest(self, pixels: Picture, box: Box) -> NearestPatch:
        """The patch of a box that stands out most, and the stored patch that is nearest to it.

        Args:
            pixels: the whole image, ``(H, W, 3)`` uint8 RGB.
            box: a region of it, in its pixels.

        Raises:
            RecipeError: if the memory bank is empty.
        """
        sight = self._sighting(pixels)
        inside, view = sight.to_view(box), sight.view
        candidates = []
        for trunk, one in enumerate(self._look(view)):
            cells = _cells(inside, view, one)
            away = self.memory_bank.standard_distances(trunk, one.patches[cells])
            at = int(away.argmax())
            candidates.append((float(away[at]), trunk, one, int(cells[at])))
        _, trunk, features, cell = max(candidates, key=lambda candidate: candidate[0])
        found = self.memory_bank.nearest(trunk, features.patches[cell])
        rows, columns = features.grid.shape[:2]
        # What is stored of a part in another pose lies nowhere in its picture.
        nowhere = "@" in found.key or (self._pose is not Pose.FIXED and found.index >= rows * columns)
        return NearestPatch(
            key=found.key,
            distance=found.distance,
            part=_center(cell, features),
            # References of other sizes have other grids; what is stored of them counts through their own.
            stored=None if nowhere else _center(min(found.index, rows * columns - 1), features),
            patch=(features.stride / features.frame.width, features.stride / features.frame.height),
        )

    def embedding(self, pixels: Picture, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        """What the place under a mask looks like, as for a region that was found there.

        Args:
            pixels: the whole image, ``(H, W, 3)`` uint8 RGB.
            mask: ``(H, W)``, true somewhere in the region of interest.

        Raises:
            RecipeError: if no reference is set.
            ValueError: if the mask is empty there.
        """
        return region_features(*self._under(pixels, mask)).embedding()

    def named(self, pixels: Picture, mask: NDArray[np.bool_]) -> Named:
        """What the place under a mask is called from words, as for a region that was found there.

        Args:
            pixels: the whole image, ``(H, W, 3)`` uint8 RGB.
            mask: ``(H, W)``, true somewhere in the region of interest.

        Raises:
            RecipeError: if no reference is set.
            ValueError: if the mask is empty there.
        """
        covered, looks = self._under(pixels, mask)
        around = zone_around(self._recipe.zones, covered) if self._recipe.zones else None
        return self._named(covered, looks[0], self.memory_bank, around)

    def _under(self, pixels: Picture, mask: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], list[TrunkLook]]:
        """A mask on the anomaly map's grid, and what the trunks see of the picture."""
        side, sight = self._profile.map_side, self._sighting(pixels)
        covered = cv2.resize(sight.mask_in_view(mask), (side, side), interpolation=cv2.INTER_AREA)
        if not covered.any():
            raise ValueError("nothing is marked in the region of interest")
        looks = [
            TrunkLook(one.grid, self.memory_bank.matched(trunk, one.patches)[1])
            for trunk, one in enumerate(self._look(sight.view))
        ]
        # What is smaller than a cell of the map is the cell that most of it is in.
        return np.asarray(covered >= min(0.5, float(covered.max()))), looks

    def features(self, pixels: Picture) -> list[Features]:
        """What each trunk sees of what is looked at in ``(H, W, 3)`` uint8 RGB, the light one first."""
        return self._look(self._view(pixels))

    def _look(self, view: Picture) -> list[Features]:
        return [eye.features(view) for eye in self._eyes]

    def trunk_views(
        self, pixels: Picture, boxes: Sequence[Box] = (), memory_bank: PatchBank | None = None
    ) -> list[TrunkView]:
        """What each trunk sees of a picture, held against good parts: what a map can be learnt from.

        Args:
            pixels: the whole image, ``(H, W, 3)`` uint8 RGB.
            boxes: what is marked in it, in its pixels.
            memory_bank: of the good parts; the detector's own unless given.
        """
        bank = self.memory_bank if memory_bank is None else memory_bank
        sight = self._sighting(pixels)
        view = sight.view
        grid, features = self._grid_of(view), self._look(view)
        weights = self._part_weights(features, bank.foreground, grid)
        found = []
        for trunk, one in enumerate(features):
            away, nearest = matched = bank.matched(trunk, one.patches)
            found.append(
                TrunkView(
                    standard=away.reshape(one.grid.shape[:2]),
                    residual=one.grid - nearest.at(np.arange(len(one.patches))).reshape(one.grid.shape),
                    marked=tuple(_cells(sight.to_view(box), view, one) for box in boxes),
                    frame=one.frame,
                    stride=one.stride,
                    grid=grid,
                    learned=None if trunk else self._learned(one, matched, bank),
                    on_part=None if trunk else weights,
                )
            )
        return found

    def _learned(
        self, light: Features, matched: tuple[NDArray[np.float32], Nearest], memory_bank: PatchBank
    ) -> NDArray[np.float32] | None:
        """What the trained head says of each cell of the light trunk; None without a head."""
        if self._residual_head is None:
            return None
        found = memory_bank.learned(self._residual_head, light.patches, *matched)
        return found.reshape(light.grid.shape[:2])

    def score_of(self, standard: NDArray[np.float32]) -> float:
        """The image score of a map in deviations, as :meth:`predict` gives it; in [0, 1]."""
        return max(zone_scores(standard, self._profile, self._recipe.zones))

    def _grid_of(self, view: Picture) -> tuple[int, int]:
        frame = frame_of(view.shape[1], view.shape[0], self._profile.cells)
        return frame.height, frame.width

    def _on_one_grid(
        self,
        view: Picture,
        features: Sequence[Features],
        distances: Sequence[NDArray[np.float32]],
        learned: NDArray[np.float32] | None,
        looks: Sequence[TrunkLook],
    ) -> NDArray[np.float32]:
        """One map of the trunks' standardised distances and of what the head says, in the picture's aspect ratio."""
        rows, columns = self._grid_of(view)

        def placed(values: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
            own = zip(values, features, strict=True)
            return [on_picture(value, one.frame, one.stride, rows, columns) for value, one in own]

        answers = answers_at(self._heads, [one.patches for one in looks], [one.nearest for one in looks])
        # The light trunk is the first: what is one map alone lies on its cells.
        own = [] if learned is None else [on_picture(learned, features[0].frame, features[0].stride, rows, columns)]
        return weighed(self._map_kind, placed(distances), own, placed(answers) if answers else ())

    def _on_the_part(
        self, standard: NDArray[np.float32], features: Sequence[Features], foreground: Foreground | None
    ) -> NDArray[np.float32]:
        """The fused map with next to nothing of what stands out beside the part."""
        rows, columns = standard.shape
        return kept_on_part(standard, self._part_weights(features, foreground, (rows, columns)))

    def _part_weights(
        self, features: Sequence[Features], foreground: Foreground | None, grid: tuple[int, int]
    ) -> NDArray[np.float32] | None:
        """How much each cell of the common grid lies on the part; None where everything counts."""
        if foreground is None:
            return None
        deep = next(one for one, eye in zip(features, self._eyes, strict=True) if eye.is_deep)
        return on_picture(foreground.weights(deep), deep.frame, deep.stride, *grid)

    def _view(self, pixels: Picture) -> Picture:
        """What the recipe looks at of this image."""
        return seen_of(self._recipe, pixels)

    def _sighting(self, pixels: Picture) -> Sighting:
        return sighting_of(self._recipe, pixels)

    def _regions(
        self, view_map: NDArray[np.float32], sight: Sighting, looks: Sequence[TrunkLook], memory_bank: PatchBank
    ) -> tuple[Region, ...]:
        regions = []
        for shape in find_regions(view_map, self._recipe.limits.region, sight.seen.width, sight.seen.height):
            embedding = region_features(shape.mask, looks).embedding()
            around = zone_around(self._recipe.zones, shape.mask) if self._recipe.zones else None
            named = self._named(shape.mask, looks[0], memory_bank, around)
            regions.append(
                Region(
                    sight.to_picture(shape.box),
                    round(shape.area_px * sight.area_factor),
                    shape.score,
                    named.name,
                    named.share,
                    shape.position,
                    type_shares=named.shares,
                    broad=named.broad,
                    embedding=embedding,
                    listed=around.anomalies if around is not None else (),
                )
            )
        return tuple(regions)

    def _named(self, mask: NDArray[np.bool_], light: TrunkLook, memory_bank: PatchBank, around: Zone | None) -> Named:
        own = around is not None and around.anomalies
        names = self._names_in.get(around.name) if around is not None and own else self._names
        if names is None:
            return UNNAMED
        rows, columns = light.patches.shape[:2]
        return names.name(look_at(mask, light, memory_bank.place(0, rows, columns)))


def _cells(box: Box, view: Picture, features: Features, beside: int = 0) -> NDArray[np.int64]:
    """Cells of the features' grid that a box of the view touches, and so many beside them on every side."""
    # The grid covers whole patches, the picture a little less: the box is laid over what is shown of it.
    frame, stride = features.frame, features.stride
    across, down = frame.width / view.shape[1], frame.height / view.shape[0]
    more = beside * stride
    left, top = int(box.x * across) - more, int(box.y * down) - more
    right = int(np.ceil((box.x + box.width) * across)) + more
    bottom = int(np.ceil((box.y + box.height) * down)) + more
    rows, columns = features.grid.shape[:2]
    scaled = Box(left, top, max(right - left, 1), max(bottom - top, 1))
    return cells_of(scaled, columns * stride, rows * stride, (rows, columns))


def _peak_embedding(view_map: NDArray[np.float32], looks: Sequence[TrunkLook]) -> NDArray[np.float32]:
    """What the highest place of a map looks like where no region is: a refused part has a type anyway."""
    top = find_regions(view_map, _PEAK_SHARE * float(view_map.max()), *view_map.shape[::-1])[0]
    return region_features(top.mask, looks).embedding()


def _center(cell: int, features: Features) -> tuple[float, float]:
    """Centre of a cell in fractions of the picture's view."""
    row, column = divmod(cell, features.grid.shape[1])
    x = (column + 0.5) * features.stride / features.frame.width
    y = (row + 0.5) * features.stride / features.frame.height
    return min(x, 1.0), min(y, 1.0)


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds[stage] = time.perf_counter() - started
