"""What a run reports, one frozen event at a time.

The command line prints them, the recorder stores them, the window shows them. A run is an iterator of these; it is
cancelled by not asking for the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.golden_set import GoldenChecked
from filo_core.learned_map import LearnedMap, MapKind
from filo_core.proof import JudgedPart, Proof
from filo_core.sentence import Sentence, one_or_many
from filo_core.types import (
    Box,
    Eyes,
    Inspection,
    Limits,
    Prediction,
    RecipeVersion,
    SourceImage,
    TaughtPatch,
    TextReasons,
    Verdict,
)
from filo_core.zones import Zone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PROPOSED = 6
"""Good parts that are proposed."""
ODDEST = 6
"""Pictures that are shown first as what may be bad."""
FIRES_ABOVE = 0.5
"""Share of the two-way softmax from which on a patch is nearer to a phrase than to the normal side."""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """First event of a run. ``total`` counts the files that are meant as images."""

    total: int
    recipe_hash: str
    left_out: tuple[str, ...] = ()
    """Names of the files of the folder that are not read, see :class:`filo_core.imaging.FileKind`."""
    limits: Limits | None = None
    """Of the recipe that judges; what scores are shown as multiples of."""


@dataclass(frozen=True, slots=True)
class ImageInspected:
    """One image got its verdict, NOT_INSPECTED included. ``index`` counts from 0 within the run."""

    index: int
    inspection: Inspection
    inspection_id: int | None = None
    """In the record; None before it is kept, and for a trial, which never is."""


@dataclass(frozen=True, slots=True)
class ImageSkipped:
    """This very content was judged before under the same recipe."""

    index: int
    name: str
    image_hash: str
    earlier_id: int | None = None
    """Of the inspection in the record that has the verdict."""


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Totals of one run. ``inspected`` = ``ok + review + ng``; unreadable files are among ``not_inspected``.

    Files that were left out are in no other total.
    """

    ok: int = 0
    review: int = 0
    ng: int = 0
    not_inspected: int = 0
    skipped: int = 0
    unreadable: tuple[str, ...] = field(default=())
    """Names of the files that could not be read."""
    left_out: tuple[str, ...] = field(default=())
    """Names of the files that were not looked at, since their extension is none that is read."""

    @classmethod
    def of(cls, verdicts: Mapping[Verdict, int]) -> RunCounts:
        """Totals from how often each verdict was given; absent ones were not."""
        return cls(
            ok=verdicts.get(Verdict.OK, 0),
            review=verdicts.get(Verdict.REVIEW, 0),
            ng=verdicts.get(Verdict.NG, 0),
            not_inspected=verdicts.get(Verdict.NOT_INSPECTED, 0),
        )

    @property
    def inspected(self) -> int:
        """Images that got OK, REVIEW or NG."""
        return self.ok + self.review + self.ng

    @property
    def done(self) -> int:
        """Images dealt with in any way."""
        return self.inspected + self.not_inspected + self.skipped

    def plus(self, verdict: Verdict) -> RunCounts:
        """These counts and one more verdict."""
        return replace(
            self,
            ok=self.ok + (verdict is Verdict.OK),
            review=self.review + (verdict is Verdict.REVIEW),
            ng=self.ng + (verdict is Verdict.NG),
            not_inspected=self.not_inspected + (verdict is Verdict.NOT_INSPECTED),
        )


@dataclass(frozen=True, slots=True)
class RunFinished:
    """Last event of a run that was not cancelled."""

    counts: RunCounts
    seconds: float


@dataclass(frozen=True, slots=True)
class StepDone:
    """Progress of a job that judges no image: ``done`` of ``total`` steps, and what it is busy with."""

    done: int
    total: int
    what: str


@dataclass(frozen=True, slots=True, eq=False)
class PartJudged:
    """A part of which it is known whether it is good, scored before any limit is there."""

    image: SourceImage
    bad: bool
    prediction: Prediction
    """Of a reference: without itself in the memory bank."""
    apart: bool = False
    """A good part of another session: limits are held against it and not found from it."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Limits proposed from the references of a product, with the evidence behind them.

    ``scores`` are the leave-one-out image scores of the good parts, one a part. ``sentence`` says in words what
    that many parts can promise.
    """

    limits: Limits
    scores: tuple[float, ...]
    lowest_promise: float
    """1 / (n + 1): the lowest false-reject rate that n good parts can promise."""
    sentence: str
    model_hash: str
    trained: bool
    alpha: float | None = None
    """False-reject rate that was asked for."""
    promise: float | None = None
    """Largest share of good parts refused; where ``needed_for_alpha`` is not 0, called NG. None: no promise."""
    needed_for_alpha: int = 0
    """Good parts still missing before ``alpha`` can be promised."""
    guarantee: str = ""
    """Theorem behind the promise; empty where nothing can be promised."""
    promised_at: float | None = None
    """Image score above which the promise lets a good part be refused; None without a promise."""
    refused_as: Verdict = Verdict.NG
    """What the promise is about: NG alone, or REVIEW where it is about all that does not pass as OK."""
    confirmed_scores: tuple[float, ...] = ()
    """Scores of confirmed good parts outside the memory bank, in the order of their inspections."""
    apart: tuple[JudgedPart, ...] = ()
    """Good parts of other sessions, which the limits were not found from."""
    eyes: Eyes | None = None
    """What the parts were looked at with, where the profile has a choice."""
    proof: Proof | None = None
    """The good parts and the bad ones that were shown, held against the limits."""
    strangers: tuple[str, ...] = ()
    """Names of references that do not look like the others; ``sentence`` tells of them as well."""
    zones: tuple[Zone, ...] = ()
    """The drawn zones, each with what moves its own limit to that of all."""


@dataclass(frozen=True, slots=True)
class Taught:
    """A recipe with other taught patches is in force."""

    version: RecipeVersion
    patches: tuple[TaughtPatch, ...]
    """What was added, or taken back."""
    undone: bool
    seconds: float
    """From the request until the new memory bank was in use."""

    @property
    def sentence(self) -> str:
        """What happened, in words."""
        places = one_or_many(len(self.patches), "1 place", "{count} places")
        what = (
            Sentence("{places} no longer taught", places=places)
            if self.undone
            else Sentence("{places} taught as good", places=places)
        )
        return Sentence(
            "{what} in {seconds:.2f} s; recipe version {version} is in force.",
            what=what,
            seconds=self.seconds,
            version=self.version.version,
        )


@dataclass(frozen=True, slots=True)
class TriedMap:
    """One map of a product that was tried on confirmed bad parts, each judged without what it taught itself."""

    kind: MapKind
    told_apart: float
    """Share of pairs of a good and a bad part in which the bad one scores higher, in [0, 1]."""
    missed: int
    """Bad parts that score below where doubt begins."""
    weakest: float
    """How far the weakest quarter of the bad parts stands above that, in log-odds of the score."""
    higher: int
    """Bad parts that stand higher than under the usual map."""
    clear: bool
    """Whether it is better beyond chance, and worse in nothing."""


@dataclass(frozen=True, slots=True)
class MapsTried:
    """Which map tells confirmed bad parts apart best; comes last. Nothing is changed by it."""

    tried: tuple[TriedMap, ...]
    """The usual one first."""
    learned: LearnedMap | None
    """What would be kept; None where no map is clearly better."""
    bad: int
    good: int

    @property
    def chosen(self) -> TriedMap | None:
        """The one that is better; None without."""
        kind = self.learned.kind if self.learned is not None else None
        return next((one for one in self.tried if one.kind is kind), None)

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        shown = Sentence("{bad} confirmed bad parts and {good} good ones", bad=self.bad, good=self.good)
        best, usual = self.chosen, self.tried[0]
        if best is None:
            return Sentence("No other map tells {shown} apart clearly better. The map stays as it is.", shown=shown)
        return Sentence(
            "A better map for {shown}: {value}. {higher} of the bad parts stand farther above the "
            "good ones, each judged without what it taught itself; pairs told apart {told_apart:.1f} "
            "% ({usual_told_apart:.1f} % before), missed {missed} ({usual_missed} before).",
            shown=shown,
            value=best.kind.value,
            higher=best.higher,
            told_apart=100 * best.told_apart,
            usual_told_apart=100 * usual.told_apart,
            missed=best.missed,
            usual_missed=usual.missed,
        )


@dataclass(frozen=True, slots=True)
class MapPutInForce:
    """A recipe with another learnt map is in force."""

    version: RecipeVersion
    undone: bool
    calibration: str
    """What its limits promise, in words; empty where a former recipe came back with its own."""

    @property
    def sentence(self) -> str:
        """What happened, in words."""
        learned = self.version.recipe.learned_map
        now = learned.words if learned is not None else Sentence("all trunks alike, as before anything was learnt")
        what = Sentence("Taken back") if self.undone else Sentence("Learnt from confirmed defects")
        return Sentence(
            "{what}: the map is {now}. Recipe version {version} is in force. {calibration}",
            what=what,
            now=now,
            version=self.version.version,
            calibration=self.calibration,
        ).strip()


@dataclass(frozen=True, slots=True, eq=False)
class PhraseLight:
    """What one phrase lights up on one good image."""

    phrase: str
    image_hash: str
    share_map: NDArray[np.float32]
    """``(rows, rows)`` in [0, 1] over the whole image."""

    @property
    def fires(self) -> bool:
        """True where some patch of the good image is nearer to the phrase than to the normal side."""
        return float(self.share_map.max()) > FIRES_ABOVE


@dataclass(frozen=True, slots=True)
class PhrasesLit:
    """What every phrase of an anomaly list lights up on the good images."""

    lights: tuple[PhraseLight, ...]
    unknown: tuple[str, ...]
    """Phrases whose words the text encoder has never seen; they light up nothing."""

    def fires_on(self, phrase: str) -> tuple[str, ...]:
        """Hashes of the good images that a phrase fires on."""
        return tuple(light.image_hash for light in self.lights if light.phrase == phrase and light.fires)


@dataclass(frozen=True, slots=True, eq=False)
class NearestFound:
    """The strongest place of a region beside the stored patch that is nearest to it ("why")."""

    inspection_id: int
    region: int
    distance: float
    """Cosine distance of the two, the mean over the stages, in [0, 2]."""
    reference_name: str
    part_crop: NDArray[np.uint8]
    """``(h, w, 3)`` uint8 RGB around the place."""
    reference_crop: NDArray[np.uint8]
    """The same extent around the nearest patch, so both are at the same scale."""
    part_patch: Box
    """The patch within ``part_crop``."""
    reference_patch: Box
    """The patch within ``reference_crop``."""


@dataclass(frozen=True, slots=True)
class ReasonsFound:
    """What the text side went by in the image of an inspection ("why")."""

    inspection_id: int
    region: int
    reasons: TextReasons
    unfiltered_sides: tuple[str, ...]
    phrase: str
    """Of the anomaly list or the caption, that lit the region; empty where none did."""


RunEvent = RunStarted | ImageInspected | ImageSkipped | RunFinished


@dataclass(frozen=True, slots=True)
class UnsortedRanked:
    """Pictures that nobody has sorted, by how odd each is among the others; comes last."""

    scores: tuple[float, ...]
    """In the order of the pictures; higher is odder. They mean nothing beyond these pictures."""


@dataclass(frozen=True, slots=True)
class UnsortedPicture:
    """One picture of the folder, and how odd it is among the others: higher is odder."""

    path: Path
    score: float


@dataclass(frozen=True, slots=True)
class UnsortedProposal:
    """What a person confirms or corrects. Nothing is created by it."""

    ranked: tuple[UnsortedPicture, ...]
    """All pictures, the most ordinary one first."""
    repeated: tuple[Path, ...] = ()
    """Files whose content another one has; held against it they would look perfect."""
    unreadable: tuple[Path, ...] = ()

    @property
    def references(self) -> tuple[UnsortedPicture, ...]:
        """Proposed as good parts: the most ordinary ones."""
        return self.ranked[:PROPOSED]

    @property
    def oddest(self) -> tuple[UnsortedPicture, ...]:
        """To be looked at first: they may be bad. None of them is proposed as good."""
        return self.ranked[PROPOSED:][-ODDEST:][::-1]

    @property
    def sentence(self) -> str:
        """What this is worth, in words."""
        return Sentence(
            "The {count} most ordinary of {ranked} pictures are proposed as good parts. That holds "
            "where most of the pictures show good parts, taken alike: look at each of them before you "
            "trust it, and at the oddest ones first.",
            count=len(self.references),
            ranked=len(self.ranked),
        )


@dataclass(frozen=True, slots=True)
class TriedEyes:
    """Eyes that were tried."""

    eyes: Eyes
    separation: float
    """Share of the places of good parts that look better than what was drawn or seen there, in [0, 1)."""
    seconds: float
    """A picture, on this machine."""


@dataclass(frozen=True, slots=True)
class EyesChosen:
    """What a trial came to; comes last."""

    candidates: tuple[TriedEyes, ...]
    """In the order of their cost."""
    chosen: Eyes
    bad_parts: int
    """Bad parts that were shown; the rest was drawn."""

    @property
    def sentence(self) -> str:
        """What was chosen and why, in words."""
        best = next(one for one in self.candidates if one.eyes == self.chosen)
        seen = (
            Sentence("drawings and {bad_parts} bad parts", bad_parts=self.bad_parts)
            if self.bad_parts
            else Sentence("drawings alone")
        )
        return Sentence(
            "Chosen: {words}, {seconds:.0f} ms a picture. Anomalies stand out from {separation:.1f} % "
            "of the places of good parts ({seen}; real ones may be harder to find).",
            words=self.chosen.words,
            seconds=1000 * best.seconds,
            separation=100 * best.separation,
            seen=seen,
        )


JobEvent = (
    RunEvent
    | StepDone
    | PartJudged
    | Calibrated
    | GoldenChecked
    | Taught
    | PhrasesLit
    | NearestFound
    | ReasonsFound
    | EyesChosen
    | MapsTried
    | MapPutInForce
    | UnsortedProposal
)
