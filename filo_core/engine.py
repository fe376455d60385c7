"""The engine: one loaded profile, set up for recipes on demand. Lives on the thread that made it."""

from __future__ import annotations

import logging
from collections import OrderedDict
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from filo_core.calibration.evidence import GOAL
from filo_core.calibration.known_parts import judge_known_parts
from filo_core.calibration.parts_found import check_all_found, lost_sentence, parts_not_found
from filo_core.calibration.reference_checks import stranger_sentence
from filo_core.calibration.zone_limits import calibrated_parts
from filo_core.errors import PartNotFoundError, ProfileError, RecipeError
from filo_core.events import (
    Calibrated,
    EyesChosen,
    MapsTried,
    PartJudged,
    PhraseLight,
    PhrasesLit,
    StepDone,
    UnsortedRanked,
)
from filo_core.method.sighting import seen_of
from filo_core.profiles.eyes_manifest import EyesProfile
from filo_core.profiles.folders import profile_folder
from filo_core.profiles.manifest import read_any_manifest
from filo_core.sentence import Sentence
from filo_core.types import ANY_LIMITS, Pose, ProductKind
from filo_core.views import view_product
from filo_core.zones import without_ease

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from filo_core.calibration.evidence import ConfirmedPart
    from filo_core.eyes.map_trial import MarkedPart
    from filo_core.loaded_model import LoadedModel, RecipeDetector
    from filo_core.types import (
        Eyes,
        Prediction,
        ProductDraft,
        Recipe,
        RecipeView,
        Sight,
        SourceImage,
        TaughtPatch,
        View,
    )

logger = logging.getLogger(__name__)

NO_ROOM = Sentence("The graphics card has too little memory: the model runs on the CPU now, and is slower.")
_KEPT_DETECTORS = 4


class Engine:
    """A loaded model profile that judges images of any recipe made for it.

    Args:
        loaded: the profile.
        load_on_cpu: loads it there, for when the graphics card has no room; None leaves that to whoever asks.
    """

    def __init__(self, loaded: LoadedModel, load_on_cpu: Callable[[], LoadedModel] | None = None) -> None:
        self._loaded = loaded
        self._load_on_cpu = load_on_cpu
        self._detectors: OrderedDict[str, RecipeDetector] = OrderedDict()
        # Those in use as well, which a job holds.
        self._made: WeakSet[RecipeDetector] = WeakSet()
        self._last_bank: tuple[Hashable, Any] | None = None
        self._last_known: tuple[str, dict[str, Prediction]] = ("", {})
        self.on_note: Callable[[str], None] = logger.warning
        """Told what a person should know, as a sentence: another device."""

    @property
    def profile(self) -> str:
        """Name of the model profile."""
        return str(self._loaded.profile.name)

    @property
    def model_hash(self) -> str:
        """SHA-256 of the profile's numbers and weights, with the usual eyes where there is a choice."""
        return self._loaded.model_hash

    def model_hash_for(self, eyes: Eyes | None) -> str:
        """The same with these eyes; part of every recipe.

        Raises:
            ProfileError: if a trunk they need is not on this machine.
        """
        return self._loaded.model_hash_for(eyes)

    @property
    def usual_eyes(self) -> Eyes | None:
        """What a product is looked at with unless something else was chosen; None where there is one way to look."""
        return self._loaded.usual_eyes()

    @property
    def note(self) -> str:
        """What a person should know about the profile on this machine, as a sentence; empty when all is well."""
        return self._loaded.note

    @property
    def trained(self) -> bool:
        """False while the weights are seeded noise."""
        return bool(self._loaded.profile.trained)

    @property
    def names_types(self) -> bool:
        """False where the profile tells anomaly types no better than chance; then regions are ``unknown``."""
        return bool(self._loaded.profile.trained and self._loaded.profile.names_types)

    @property
    def starts_without_pictures(self) -> bool:
        """Whether it judges parts of a product by words alone, before there is any good image of it (Table I)."""
        profile = self._loaded.profile
        return bool(profile.trained and getattr(profile, "zero_shot", False))

    @property
    def lights_phrases(self) -> bool:
        """Whether a phrase lights up places of a picture: what names regions otherwise has no map."""
        return self.names_types and bool(self._loaded.profile.lights_phrases)

    @property
    def names_note(self) -> str:
        """Why regions have no names from words on this machine, as a sentence; empty where they have."""
        return self._loaded.names_note

    @property
    def device(self) -> str:
        """Where it computes, as torch names it."""
        return self._loaded.device

    @property
    def lanes(self) -> int:
        """How many pictures are judged best at a time; its detectors take so many from as many threads."""
        return self._loaded.lanes

    def detector(self, recipe: Recipe, references: Sequence[SourceImage]) -> RecipeDetector:
        """Detector for one recipe; the last few are kept, since a line switches between few products.

        Raises:
            RecipeError: if the recipe was signed off for another model, a reference is missing, or it is one of a part
                with several views, each of which has a detector.
        """
        key = recipe.content_hash
        if key in self._detectors:
            self._detectors.move_to_end(key)
            return self._detectors[key]
        self._check(recipe, references)
        detector = self._filled(recipe, references)
        self._keep(key, detector)
        return detector

    def is_set_up_for(self, recipe: Recipe) -> bool:
        """Whether :meth:`detector` answers for this recipe without encoding anything."""
        return recipe.content_hash in self._detectors

    def detector_after(self, before: Recipe, recipe: Recipe, images: Sequence[SourceImage]) -> RecipeDetector:
        """Detector for a recipe that differs from another one in taught patches only, from that one's memory bank.

        Takes one forward pass a new patch, where :meth:`detector` encodes every reference anew.

        Args:
            before: the other recipe.
            recipe: the recipe wanted.
            images: those of the new patches; all of both recipes where ``before`` is not set up.

        Raises:
            RecipeError: as :meth:`detector`.
        """
        known = self.detector(before, images)
        detector = self._new_detector(recipe)
        detector.memory_bank = known.memory_bank.copy()
        for gone in set(before.taught_patches) - set(recipe.taught_patches):
            detector.memory_bank.remove(gone.key)
        self._teach(detector, [p for p in recipe.taught_patches if p not in before.taught_patches], images)
        self._keep(recipe.content_hash, detector)
        return detector

    def calibrate(
        self,
        draft: ProductDraft,
        references: Sequence[SourceImage],
        confirmed: Sequence[ConfirmedPart] = (),
        alpha: float = GOAL,
        bad: Sequence[SourceImage] = (),
        apart: Sequence[SourceImage] = (),
    ) -> Iterator[StepDone | PartJudged | Calibrated]:
        """Leave-one-out scores of the references and the limits they suggest; :class:`Calibrated` comes last.

        Each part is scored with itself out of the memory bank. A part that is the only one is scored by the worst
        of its own gentle variations, which still count as one part. Several parts are not varied: on real
        categories that only widened the limits until anomalies passed. What was scored is remembered while the
        set-up is the same, so that one part more costs one part.

        Args:
            draft: the set-up.
            references: its good images, and those of its taught patches; none where the profile needs none.
            confirmed: good parts outside the memory bank, in the order of time.
            alpha: false-reject rate to promise where the parts carry it, in (0, 1).
            bad: bad parts that were shown.
            apart: good parts of other sessions, which the limits are held against and not found from.

        Raises:
            RecipeError: without a reference, where the profile needs one, if the fixture is not found in one, or of a
                part with several views, each of which has limits of its own.
            EvidenceError: if several references all have the very same score, or ``alpha`` is no rate.
        """
        _refuse_part(draft.description.name, draft.views)
        if not references and not self.starts_without_pictures:
            raise RecipeError(
                "{name} has no good image yet. Add at least one, then calibrate.", name=draft.description.name
            )
        check_all_found(draft, references)
        recipe = self._trial(draft, references)
        detector = self._filled(recipe, references)
        own = {reference.image_hash for reference in recipe.references}
        parts = [reference for reference in references if reference.image_hash in own]
        lost = parts_not_found(recipe, [*(part.image for part in confirmed if part.image is not None), *bad, *apart])
        confirmed = [part for part in confirmed if part.image is None or part.image.image_hash not in lost]
        bad, apart = ([image for image in some if image.image_hash not in lost] for some in (bad, apart))
        scored = yield from judge_known_parts(detector, parts, confirmed, bad, self._known_of(recipe), apart)
        sessions = [part.session for part in confirmed]
        found = calibrated_parts(
            scored, recipe.zones, alpha, model_hash=recipe.model_hash, trained=self.trained, sessions=sessions
        )
        names = self._strangers(recipe, parts)
        told = " ".join(filter(None, (found.sentence, stranger_sentence(names), lost_sentence(lost))))
        yield replace(found, eyes=recipe.eyes, strangers=names, sentence=told)

    def _strangers(self, recipe: Recipe, references: Sequence[SourceImage]) -> tuple[str, ...]:
        found = self._loaded.strangers([seen_of(recipe, image.pixels) for image in references])
        return tuple(references[number].name for number in found)

    def _known_of(self, recipe: Recipe) -> dict[str, Prediction]:
        """What known parts came to under this set-up; those of another one are forgotten."""
        if self._last_known[0] != recipe.scoring_hash:
            self._last_known = recipe.scoring_hash, {}
        return self._last_known[1]

    def choose_eyes(
        self,
        draft: ProductDraft,
        references: Sequence[SourceImage],
        bad: Sequence[NDArray[np.uint8]] = (),
        sight: Sight | None = None,
    ) -> Iterator[StepDone | EyesChosen]:
        """Try how the product is best looked at; :class:`EyesChosen` comes last. Nothing is changed.

        Args:
            draft: the set-up.
            references: its good images, two or more.
            bad: pictures of bad parts, where some were shown.
            sight: kind of eyes to choose among; the usual kind unless given.

        Raises:
            ProfileError: if the profile has one way to look.
            EvidenceError: if there are fewer than two references.
            RecipeError: if the fixture is not found in one.
        """
        usual = self.usual_eyes
        if usual is None:
            raise ProfileError(
                "The {profile!r} profile has one way to look at parts. There is nothing to choose.",
                profile=self.profile,
            )
        draft, references, bad = _cut_to_zones(draft, references, bad)
        from filo_core.eyes.choosing import candidates_for, try_eyes

        def detector_of(eyes: Eyes) -> RecipeDetector:
            recipe = self._trial(replace(draft, eyes=eyes, taught_patches=(), learned_map=None))
            detector = self._new_detector(recipe)
            detector.set_references({image.image_hash: image.pixels for image in references})
            return detector

        pose = draft.eyes.pose if draft.eyes else self.pose_of(draft, references)
        kinds = candidates_for(sight or usual.sight, [image.pixels for image in references])
        candidates = [replace(eyes, pose=pose) for eyes in kinds]
        yield from try_eyes(candidates, detector_of, references, bad, draft.description.kind)

    def try_maps(
        self,
        recipe: Recipe,
        images: Sequence[SourceImage],
        good: Sequence[SourceImage],
        bad: Sequence[MarkedPart],
    ) -> Iterator[StepDone | MapsTried]:
        """Try what a recipe's map could learn from confirmed bad parts; :class:`MapsTried` comes last.

        Args:
            recipe: what the parts were judged by; whatever its map learnt before is forgotten.
            images: what its memory bank is made from.
            good: good parts that are not in it.
            bad: bad parts, each picture once.

        Raises:
            ProfileError: if the profile has no maps to choose among.
            RecipeError: if the recipe was signed off for another model.
            EvidenceError: if there are too few parts.
        """
        if self.usual_eyes is None:
            raise ProfileError(
                "The {profile!r} profile has one kind of map. There is nothing to learn for it.", profile=self.profile
            )
        from filo_core.eyes.detector import EyesDetector
        from filo_core.eyes.map_trial import try_maps

        usual = replace(recipe, learned_map=None)
        self._check(usual, images)
        detector = self._filled(usual, images)
        assert isinstance(detector, EyesDetector), "a profile with a choice of eyes"
        own = {reference.image_hash for reference in recipe.references}
        yield from try_maps(detector, [image for image in images if image.image_hash in own], good, bad)

    def rank_unsorted(self, pictures: Iterable[SourceImage], total: int) -> Iterator[StepDone | UnsortedRanked]:
        """How odd each of some unsorted pictures is among the others; :class:`UnsortedRanked` comes last.

        Args:
            pictures: read one after the other, each once.
            total: how many they are, three or more.

        Raises:
            ProfileError: if the profile cannot.
            ValueError: for fewer than three pictures.
        """
        for found in self._loaded.mutual_scores(picture.pixels for picture in pictures):
            if isinstance(found, int):
                yield StepDone(found, total, Sentence("Looked at {count} pictures", count=found))
            else:
                yield UnsortedRanked(tuple(float(score) for score in found))

    def light_phrases(self, draft: ProductDraft, references: Sequence[SourceImage]) -> Iterator[StepDone | PhrasesLit]:
        """What each phrase of the anomaly list lights up on the good images; :class:`PhrasesLit` comes last.

        Args:
            draft: the set-up.
            references: its good images.

        Raises:
            ProfileError: if a phrase lights up nothing in the profile, or nothing but noise.
            RecipeError: without a reference.
        """
        if not self.lights_phrases:
            raise ProfileError(
                "In the {profile!r} profile a phrase lights up nothing: it compares parts with good ones. "
                "Its verdicts do not depend on the phrases. Install the full profile for a preview.",
                profile=self.profile,
            )
        if not references:
            raise RecipeError(
                "{name} has no good image yet. Add at least one, then look again.", name=draft.description.name
            )
        recipe = self._trial(draft)
        phrases = self._loaded.phrase_maps(recipe)
        # A profile that tells types apart has a detector that says where.
        detector: Any = self._new_detector(recipe)
        lights: list[PhraseLight] = []
        for count, image in enumerate(references, start=1):
            for name, lit in detector.phrase_maps(phrases, image.pixels).items():
                lights.append(PhraseLight(name, image.image_hash, lit))
            yield StepDone(count, len(references), image.name)
        yield PhrasesLit(tuple(lights), phrases.unknown)

    def _trial(self, draft: ProductDraft, references: Sequence[SourceImage] = ()) -> Recipe:
        """The draft as a recipe that refuses nothing, with the eyes that would judge."""
        zones = without_ease(draft.zones)
        chosen = replace(draft, eyes=self.eyes_of(draft, references), zones=zones)
        return chosen.recipe(ANY_LIMITS, self.model_hash_for(chosen.eyes))

    def eyes_of(self, draft: ProductDraft, references: Sequence[SourceImage] = ()) -> Eyes | None:
        """What a draft is looked at with: what was chosen for it, as far as the profile has a choice.

        Args:
            draft: the set-up.
            references: its good images; nothing was chosen, they say whether the parts lie anywhere.
        """
        usual = self.usual_eyes
        if usual is None or draft.eyes is not None:
            return None if usual is None else draft.eyes
        return replace(usual, pose=self.pose_of(draft, references)) if references else usual

    def pose_of(self, draft: ProductDraft, references: Sequence[SourceImage]) -> Pose:
        """How the product's parts lie in the picture, found from its good images alone.

        A surface looks much the same from all sides, and is not turned.
        """
        if draft.description.kind is ProductKind.TEXTURE:
            return Pose.FIXED
        own = {reference.image_hash for reference in draft.references}
        seen = [seen_of(draft, image.pixels) for image in references if image.image_hash in own]
        return self._loaded.pose_of(seen)

    def _filled(self, recipe: Recipe, references: Sequence[SourceImage]) -> RecipeDetector:
        """A detector with its memory bank: the last one where it holds the same, as after a change of limits."""
        detector = self._new_detector(recipe)
        own = {reference.image_hash for reference in recipe.references}
        pixels = {image.image_hash: image.pixels for image in references if image.image_hash in own}
        zones = without_ease(recipe.zones)
        seen = (recipe.region_of_interest, zones, recipe.fixture)
        content = (recipe.model_hash, seen, frozenset(pixels), recipe.taught_patches)
        if self._last_bank is not None and self._last_bank[0] == content:
            detector.memory_bank = self._last_bank[1].copy()
            return detector
        detector.set_references(pixels)
        self._teach(detector, recipe.taught_patches, references)
        self._last_bank = content, detector.memory_bank.copy()
        return detector

    @staticmethod
    def _teach(detector: RecipeDetector, patches: Iterable[TaughtPatch], images: Sequence[SourceImage]) -> None:
        by_hash = {image.image_hash: image for image in images}
        for patch in patches:
            detector.teach(patch, by_hash[patch.image_hash].pixels)

    def _keep(self, key: str, detector: RecipeDetector) -> None:
        self._detectors[key] = detector
        if len(self._detectors) > _KEPT_DETECTORS:
            self._detectors.popitem(last=False)

    def _check(self, recipe: Recipe, references: Sequence[SourceImage]) -> None:
        _refuse_part(recipe.product, recipe.views)
        self._loaded.check(recipe)
        given = {reference.image_hash for reference in references}
        missing = [entry.name for entry in recipe.bank_images if entry.image_hash not in given]
        if missing:
            raise RecipeError(
                "Good images of {product} are missing: {missing}. Add them again.",
                product=recipe.product,
                missing=", ".join(missing),
            )

    def _new_detector(self, recipe: Recipe) -> RecipeDetector:
        detector: RecipeDetector = self._loaded.detector(recipe, make_room=self._make_room)
        self._made.add(detector)
        return detector

    def _make_room(self) -> bool:
        """Move everything to the CPU, once; False where it computes already."""
        if self._loaded.device == "cpu" or self._load_on_cpu is None:
            return False
        moving = list(self._made)
        self._last_bank = None
        self._loaded = self._load_on_cpu()
        for detector in moving:
            detector.move_to(self._new_detector(detector.recipe), self._loaded.device)
        self.on_note(NO_ROOM)
        return True


def _cut_to_zones(
    draft: ProductDraft, references: Sequence[SourceImage], bad: Sequence[NDArray[np.uint8]]
) -> tuple[ProductDraft, Sequence[SourceImage], Sequence[NDArray[np.uint8]]]:
    """The same with pictures that show what drawn regions span, and no regions: a trial draws anywhere on them.

    Bad parts that the fixture is not found in are left out, as limits do.

    Raises:
        RecipeError: if it is not found in a good image.
    """
    if not draft.zones:
        return draft, references, bad
    check_all_found(draft, references)
    cut = [replace(image, pixels=seen_of(draft, image.pixels)) for image in references]
    seen = []
    for pixels in bad:
        with suppress(PartNotFoundError):
            seen.append(seen_of(draft, pixels))
    return replace(draft, zones=(), fixture=None, region_of_interest=None), cut, seen


def _refuse_part(product: str, views: Sequence[View | RecipeView]) -> None:
    """A part with views has no picture of its own: without this it would be held against no good image at all."""
    if views:
        raise RecipeError(
            "{product} is looked at in several views, and each is judged by a recipe of its own. Choose {view!r}, or "
            "inspect whole parts in a folder or on a line.",
            product=product,
            view=view_product(product, views[0].name),
        )


def load_engine(
    profile: str = "compact", device: str = "auto", installed: Path | None = None, *, falls_back: bool = True
) -> Engine:
    """Load a profile. Takes seconds; call it on the thread that will compute.

    Args:
        profile: its name.
        device: ``auto``, ``cpu`` or ``cuda``.
        installed: where profiles lie that did not ship with the program.
        falls_back: move to the CPU when a graphics card has no room; else that error is raised.

    Raises:
        ProfileError: if the profile is unknown, incomplete or damaged, or the device is not there.
    """
    folder = profile_folder(profile, installed)
    load = partial(load_model, folder, installed=installed)
    return Engine(load(device), partial(load, "cpu") if falls_back else None)


def load_model(folder: Path, device: str = "auto", installed: Path | None = None) -> LoadedModel:
    """Whatever kind of profile lies in ``folder``; torch is imported for those that need it alone.

    Raises:
        ProfileError: if it is incomplete or damaged, its packages are not installed, or the device is not there.
    """
    profile = read_any_manifest(folder)
    if isinstance(profile, EyesProfile):
        from filo_core.eyes.loaded import load_eyes

        return load_eyes(folder, profile, device, installed)
    try:
        from filo_core.profiles.builder import load_profile
    except ImportError as error:
        raise ProfileError(
            "The {name!r} profile needs {error_name}, which a station does without. Run 'make setup' "
            "for it, or choose the compact profile.",
            name=profile.name,
            error_name=error.name or "torch",
        ) from error
    return load_profile(folder, device)
