"""A profile of pretrained trunks in memory: opens each trunk once, and makes detectors for recipes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import ProfileError, RecipeError
from filo_core.eyes.bank_store import BankStore
from filo_core.eyes.detector import EyesDetector
from filo_core.eyes.features import Eye
from filo_core.eyes.foreground import FOREGROUND_METHOD
from filo_core.eyes.mutual import DEEP_PX, LIGHT_PX, mutual_scores, strangers
from filo_core.eyes.naming import Naming
from filo_core.eyes.residual_head import ResidualHead, read_residual_head
from filo_core.eyes.scoring import METHOD
from filo_core.eyes.turning import pose_of
from filo_core.sentence import Sentence
from filo_core.trunks.listed import read_trunks
from filo_core.trunks.providers import device_of, providers_for
from filo_core.trunks.session import cores, open_trunk
from filo_core.trunks.specs import Slot, TrunkSpec
from filo_core.trunks.store import TrunkStore, missing_sentence
from filo_core.types import LIGHT_SIZES, Eyes, Pose, Sight

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.profiles.eyes_manifest import EyesProfile
    from filo_core.trunks.session import TrunkSession
    from filo_core.types import Recipe

_MOST_LANES = 4
"""Each holds a picture and what the trunks make of it, some 100 MB."""
OLD_MODEL = Sentence(
    "{product} was signed off for another model than the {profile!r} profile now is: its "
    "recipe stays as it was, and no score of it is changed. Set its limits again ('main.py "
    "calibrate' or the step Calibrate) and sign it off."
)


class LoadedEyes:
    """A profile of trunks, ready to compute.

    Args:
        profile: numbers of the method.
        trunks: all that the profile names, the preferred one of each slot first.
        store: where prepared trunks lie.
        device: ``auto``, ``cpu`` or ``cuda``, which is any graphics card.
        banks: folder in which memory banks are kept between starts; None keeps none.
        naming: names regions from words; None leaves them unknown.
        head: trained on residuals of the light trunk; None where the profile names none.
        opened_by: opens a trunk.

    Raises:
        ProfileError: if not even the light trunk is on this machine, or the device is not there.
    """

    def __init__(
        self,
        profile: EyesProfile,
        trunks: tuple[TrunkSpec, ...],
        store: TrunkStore,
        device: str,
        banks: Path | None = None,
        naming: Naming | None = None,
        head: ResidualHead | None = None,
        opened_by: Callable[[TrunkStore, TrunkSpec, str], TrunkSession] = open_trunk,
    ) -> None:
        self._opened_by = opened_by
        self._naming = naming
        self._head = head
        self._banks = BankStore(banks)
        self.profile = profile
        self._trunks = trunks
        self._store = store
        self._wish = device
        self._first_device = device_of(providers_for(device)[0])
        self._sessions: dict[str, TrunkSession] = {}
        if not self._here(Slot.LIGHT):
            raise ProfileError(missing_sentence(next(spec for spec in trunks if spec.slot is Slot.LIGHT)))

    @property
    def note(self) -> str:
        """What a person should know about the trunks that are here, as a sentence; empty when all is well."""
        if self._here(Slot.DEEP):
            return ""
        missing = next(spec for spec in self._trunks if spec.slot is Slot.DEEP and spec.wheel is not None)
        return Sentence(
            "Products are looked at with the light trunk alone ('fast'). {missing}", missing=missing_sentence(missing)
        )

    @property
    def names_note(self) -> str:
        """Why regions have no names from words on this machine, as a sentence; empty where they have."""
        return "" if self._naming is None else self._naming.note

    @property
    def device(self) -> str:
        """Where it computes; what is tried first until a trunk was opened."""
        return next((session.device for session in self._sessions.values()), self._first_device)

    @property
    def lanes(self) -> int:
        """Pictures that are judged best at a time: what a trunk does not spread over the cores, others fill."""
        return min(cores(), _MOST_LANES) if self.device == "cpu" else 1

    def tried_device(self) -> str:
        """:attr:`device`, once the light trunk was opened there and has looked at a picture.

        Raises:
            ProfileError: if it is damaged, or the device that was asked for does not work.
        """
        spec = next(spec for spec in self._store.present(self._trunks) if spec.slot is Slot.LIGHT)
        session = self._session(spec)
        session.stages(np.zeros((64, 64, 3), np.float32), session.shape.outputs[:1])
        return session.device

    def usual_eyes(self) -> Eyes:
        """What a product is looked at with unless something else was chosen: sharp where the deep trunk is here."""
        return Eyes(Sight.SHARP if self._here(Slot.DEEP) else Sight.FAST)

    def pose_of(self, pictures: Sequence[NDArray[np.uint8]]) -> Pose:
        """How a product lies, from pictures of its good parts; found with the light trunk at its smallest.

        Raises:
            ProfileError: if a trunk is damaged.
        """
        return pose_of(self.light_eye(LIGHT_SIZES[0]), pictures)

    def mutual_scores(self, pictures: Iterable[NDArray[np.uint8]]) -> Iterator[int | NDArray[np.float64]]:
        """How odd each picture is among the others; see :func:`filo_core.eyes.mutual.mutual_scores`.

        Raises:
            ProfileError: if a trunk is damaged.
        """
        sides = {Slot.LIGHT: LIGHT_PX, Slot.DEEP: DEEP_PX}
        here = self._chosen(self.usual_eyes())
        return mutual_scores([Eye(self._session(spec), sides[spec.slot]) for spec in here], pictures, self.lanes)

    def strangers(self, pictures: Sequence[NDArray[np.uint8]]) -> tuple[int, ...]:
        """Which good parts do not look like the others; seen with the light trunk at its smallest.

        Raises:
            ProfileError: if a trunk is damaged.
        """
        return strangers(self.light_eye(LIGHT_SIZES[0]), pictures)

    def light_eye(self, side: int) -> Eye:
        """The light trunk alone, at a size of a square picture in pixels.

        Raises:
            ProfileError: if the trunk is damaged.
        """
        light = next(spec for spec in self._store.present(self._trunks) if spec.slot is Slot.LIGHT)
        return Eye(self._session(light), side)

    @property
    def model_hash(self) -> str:
        """Identity of the usual eyes."""
        return self.model_hash_for(self.usual_eyes())

    def model_hash_for(self, eyes: Eyes | None) -> str:
        """Identity of what a product is looked at with: the profile's numbers, the eyes, and their trunks' hashes.

        Raises:
            ProfileError: if a trunk they need is not on this machine.
        """
        chosen = eyes or self.usual_eyes()
        return self._hash(chosen, self._chosen(chosen))

    def check(self, recipe: Recipe) -> None:
        """Whether a recipe's eyes are here, the very ones.

        Raises:
            RecipeError: if not; the message says what to do.
        """
        self._of_recipe(recipe)

    def detector(self, recipe: Recipe, *, make_room: Callable[[], bool] = lambda: False) -> EyesDetector:
        """Set up for one recipe; its memory bank is empty.

        Raises:
            RecipeError: if the recipe was signed off with other trunks than are here.
            ProfileError: if a trunk is damaged.
        """
        eyes = recipe.eyes or self.usual_eyes()
        opened = [Eye(self._session(spec), _side(eyes, spec.slot)) for spec in self._of_recipe(recipe)]
        naming = self._naming
        names = None if naming is None else naming.of_recipe(recipe)
        listing = [(zone.name, zone.anomalies) for zone in recipe.zones if zone.anomalies]
        listing = [(zone.name, zone.anomalies) for zone in recipe.zones if zone.anomalies]
        own = {} if naming is None else {name: naming.of_recipe(recipe, listed) for name, listed in listing}
        return EyesDetector(
            recipe,
            self.profile,
            opened,
            make_room=make_room,
            banks=self._banks,
            names=names,
            names_in=own,
            head=self._head,
        )

    def phrase_maps(self, recipe: Recipe) -> None:
        """There are none: what names its regions says nothing of places.

        Raises:
            ProfileError: always.
        """
        raise ProfileError(
            "{name} has no maps of phrases, for {product} or any other.", name=self.profile.name, product=recipe.product
        )

    def _of_recipe(self, recipe: Recipe) -> tuple[TrunkSpec, ...]:
        """The trunks that a recipe was made with."""
        eyes = recipe.eyes or self.usual_eyes()
        for combined in _combinations(eyes, self._trunks):
            if self._hash(eyes, combined) == recipe.model_hash:
                absent = next((spec for spec in combined if self._store.folder(spec) is None), None)
                if absent is not None:
                    raise RecipeError(
                        "{product} was signed off with it: {absent}",
                        product=recipe.product,
                        absent=missing_sentence(absent),
                    )
                return combined
        raise RecipeError(OLD_MODEL, product=recipe.product, profile=self.profile.name)

    def _chosen(self, eyes: Eyes) -> tuple[TrunkSpec, ...]:
        """The preferred trunks of these eyes that are here."""
        for combined in _combinations(eyes, self._trunks):
            if all(self._store.folder(spec) is not None for spec in combined):
                return combined
        # What set-up could have brought is what is said.
        missing = next(s for s in self._trunks if s.slot is Slot.DEEP and s.wheel is not None)
        raise ProfileError(
            "Eyes of this kind ({sight}) need more. {missing}", sight=eyes.sight, missing=missing_sentence(missing)
        )

    def _here(self, slot: Slot) -> bool:
        return any(spec.slot is slot for spec in self._store.present(self._trunks))

    def _session(self, spec: TrunkSpec) -> TrunkSession:
        if spec.name not in self._sessions:
            self._sessions[spec.name] = self._opened_by(self._store, spec, self._wish)
        return self._sessions[spec.name]

    def _hash(self, eyes: Eyes, trunks: tuple[TrunkSpec, ...]) -> str:
        # What a region is called changes no score and no verdict, so another head for names voids no recipe.
        # The head for residuals does change them: its hash is among the profile's numbers.
        left_out = {"licence", "trained_on", "trained_by", "trunks", "names"}
        numbers = self.profile.model_dump(mode="json", exclude=left_out)
        identities = [spec.identity for spec in trunks]
        # Words do not name what a later program brings while it is at its default: that voids no recipe.
        content = {"method": METHOD, "profile": numbers, "eyes": eyes.words, "trunks": identities}
        if eyes.pose is not Pose.FIXED and eyes.sight is Sight.SHARP:
            content["foreground"] = FOREGROUND_METHOD
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def load_eyes(
    folder: Path,
    profile: EyesProfile,
    device: str,
    installed: Path | None = None,
    opened_by: Callable[[TrunkStore, TrunkSpec, str], TrunkSession] = open_trunk,
) -> LoadedEyes:
    """The profile in ``folder`` with the trunks of this machine.

    Raises:
        ProfileError: if its list of trunks or its trained head is damaged, the light trunk is not here, or the device
            is not there.
    """
    kept = None if installed is None else installed.parent / "cache"
    banks, meanings = (None, None) if kept is None else (kept / "banks", kept / "meanings")
    store, trunks = TrunkStore(installed), read_trunks(folder, profile.trunks)
    trained = profile.residuals
    head = None if trained is None else read_residual_head(folder / trained.file, trained.sha256)
    return LoadedEyes(profile, trunks, store, device, banks, Naming(folder, profile, store, meanings), head, opened_by)


def _combinations(eyes: Eyes, trunks: tuple[TrunkSpec, ...]) -> list[tuple[TrunkSpec, ...]]:
    """All trunks that these eyes could look through, the preferred ones first; the light one stands first in each."""
    light = [spec for spec in trunks if spec.slot is Slot.LIGHT]
    if eyes.sight is Sight.FAST:
        return [(one,) for one in light]
    return [(one, deep) for one in light for deep in trunks if deep.slot is Slot.DEEP]


def _side(eyes: Eyes, slot: Slot) -> int:
    return eyes.light_px if slot is Slot.LIGHT else eyes.deep_px
