"""The words of the product as frozen types. Nothing here computes, and nothing here imports torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from filo_core.fixture import Fixture, Placement
from filo_core.identity import NOBODY, Identity, SeenBefore
from filo_core.learned_map import LearnedMap
from filo_core.picture_limits import PictureLimits
from filo_core.sentence import Sentence
from filo_core.zones import Zone, as_hashed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filo_core.whole_part import WordsFound

UNKNOWN_TYPE = "unknown"
"""Anomaly type of a region that no description explains better than the generic states."""


class ProductKind(StrEnum):
    """Chooses the domains of the fixed template (III-B): a thing in a picture, or a surface that fills it."""

    OBJECT = "object"
    TEXTURE = "texture"


class Verdict(StrEnum):
    """The recipe's decision on one image. A missing answer is ``NOT_INSPECTED``, never ``OK``."""

    OK = "OK"
    REVIEW = "REVIEW"
    NG = "NG"
    NOT_INSPECTED = "NOT_INSPECTED"


class Severity(StrEnum):
    """How bad an anomaly type is for the product's user."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


class Provenance(StrEnum):
    """Who put an anomaly type on the list."""

    LIBRARY = "library"
    LANGUAGE_MODEL = "language model"
    PERSON = "person"
    IMPORTED = "imported"


class Position(StrEnum):
    """The nine cells of an image (III-C2), row by row."""

    TOP_LEFT = "top left"
    TOP = "top"
    TOP_RIGHT = "top right"
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"
    BOTTOM_LEFT = "bottom left"
    BOTTOM = "bottom"
    BOTTOM_RIGHT = "bottom right"


class Role(StrEnum):
    """What a person may do: each role may do all that the one before may."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class KeptJobState(StrEnum):
    """How a piece of work ended. ``INTERRUPTED``: its program was ended before it."""

    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class EventKind(StrEnum):
    """What happens to the record besides verdicts and reviews."""

    USER_CHANGED = "user changed"
    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"
    SIGN_IN_REFUSED = "sign-in refused"
    PRODUCT_REMOVED = "product removed"
    CLOCK_MOVED_BACK = "clock moved back"
    RECOVERED = "recovered"
    RESTORED = "restored"
    CHAIN_BEGUN = "chain begun"
    IMAGES_REMOVED = "images removed"
    DISK_FULL = "disk full"
    RECIPE_IN_FORCE = "recipe in force"
    GOLDEN_SET_CHANGED = "golden set changed"
    ROWS_ARRIVED = "rows arrived"
    VERDICTS_DISCARDED = "verdicts discarded"
    INSTALLATION_TOLD = "installation told"
    BEGUN_ANEW = "begun anew"
    ALARM_RAISED = "alarm raised"
    ALARM_SETTLED = "alarm settled"
    SETTINGS_CHANGED = "settings changed"
    SECRET_CHANGED = "secret changed"  # noqa: S105 the kind of an event
    DRAFT_CHANGED = "draft changed"
    PRODUCT_IMPORTED = "product imported"
    EXPORTED = "exported"
    BACKED_UP = "backed up"
    FORWARDING_ALLOWED = "forwarding allowed"
    MODEL_INSTALLED = "model installed"
    STUDY_CREATED = "study created"
    STUDY_PRESENTED = "study presented"
    STUDY_REPORTED = "study reported"
    PARTS_JUDGED = "known parts judged"
    RECIPE_PROVEN = "recipe proven"
    NAMES_READ = "names read"
    SESSION_CHANGED = "session changed"
    SERIAL_REPEATED = "serial repeated"
    SERVICE_TOKEN_CHANGED = "service token changed"  # noqa: S105 the kind of an event
    SERVICE_CALLED = "service called"
    PROCESS_ALARM_RAISED = "process alarm raised"
    PROCESS_ALARM_CLEARED = "process alarm cleared"
    ALARM_ACKNOWLEDGED = "alarm acknowledged"


class Origin(StrEnum):
    """Where an inspected image came from."""

    FOLDER = "folder"
    LIVE = "live"
    SINGLE = "single"


class KnownAs(StrEnum):
    """What an inspected picture is known to be: its verdict is no news of the line, and counts in no figure."""

    REFERENCE = "reference"
    """One of the good images that its recipe compares with."""
    GOOD = "known good"
    """A good part of the golden set, or of a session that was shown."""
    BAD = "known bad"
    """A bad part of the golden set."""


class Sight(StrEnum):
    """What a product is looked at with: both trunks, or the light one alone, which is quicker and finds less."""

    SHARP = "sharp"
    FAST = "fast"


class Pose(StrEnum):
    """How parts come to lie in the picture."""

    FIXED = "fixed"
    """As the good parts lie."""
    FREE = "free"
    """Turned by any angle."""
    FLIPPED = "flipped"
    """Turned by any angle, and on either side: their mirror images are good as well."""


_POSE_WORDS = {Pose.FIXED: "", Pose.FREE: " turned", Pose.FLIPPED: " turned and flipped"}

LIGHT_SIZES = (256, 384, 512, 768, 1536)
"""Of the light trunk."""
WHOLE_PX = 768
"""Size up to which a picture is looked at in one; larger ones in tiles of this size."""
DEEP_SIZES = (224, 308, 336, 448)
_USUAL_DEEP_PX = 308


@dataclass(frozen=True, slots=True)
class Eyes:
    """How a product is looked at. Part of its recipe.

    Sizes are the side in pixels of a square picture; another one gets as many pixels in its own aspect ratio.
    """

    sight: Sight = Sight.SHARP
    light_px: int = 512
    deep_px: int = _USUAL_DEEP_PX
    pose: Pose = Pose.FIXED

    def __post_init__(self) -> None:
        if self.sight is Sight.FAST:
            # What is not looked at must not make another recipe of it.
            object.__setattr__(self, "deep_px", _USUAL_DEEP_PX)
        if self.light_px not in LIGHT_SIZES or self.deep_px not in DEEP_SIZES:
            raise ValueError(
                f"eyes look at {', '.join(map(str, LIGHT_SIZES))} px with the light trunk and at "
                f"{', '.join(map(str, DEEP_SIZES))} px with the deep one, got {self.light_px} and {self.deep_px}"
            )

    @property
    def in_tiles(self) -> bool:
        """Whether the light trunk looks at a picture piece by piece."""
        return self.light_px > WHOLE_PX

    @property
    def words(self) -> str:
        """As people write it and :func:`eyes_from` reads it: ``sharp 512+308``, ``fast 256 turned``."""
        sizes = f"{self.light_px}" + (f"+{self.deep_px}" if self.sight is Sight.SHARP else "")
        return Sentence("{sight} {sizes}{pose_words}", sight=self.sight, sizes=sizes, pose_words=_POSE_WORDS[self.pose])


def eyes_from(words: str) -> Eyes:
    """Eyes from their words; sizes that are left out are the usual ones.

    Raises:
        ValueError: if they are none.
    """
    plain = " ".join(words.lower().split())
    # What one pose is called may end in what another one is.
    pose = max((pose for pose, word in _POSE_WORDS.items() if plain.endswith(word)), key=lambda p: len(_POSE_WORDS[p]))
    kind, _, sizes = plain.removesuffix(_POSE_WORDS[pose]).partition(" ")
    light, _, deep = sizes.strip().partition("+")
    usual = Eyes()
    if kind not in set(Sight) or not all(size.isdecimal() for size in (light, deep) if size):
        raise ValueError(f"{words[:40]!r} are no eyes: write sharp, fast, or with sizes such as 'sharp 512+308'")
    sight = Sight(kind)
    if sight is Sight.FAST and deep:
        raise ValueError(f"{words[:40]!r}: fast eyes have no deep trunk, so they have one size")
    return Eyes(sight, int(light or usual.light_px), int(deep or usual.deep_px), pose)


@dataclass(frozen=True, slots=True)
class AnomalyType:
    """An entry of a product's anomaly list: a short visible noun phrase such as ``"missing screw"``."""

    name: str
    severity: Severity = Severity.MAJOR
    enabled: bool = True
    provenance: Provenance = Provenance.PERSON


@dataclass(frozen=True, slots=True)
class Box:
    """Axis-aligned box in pixels of the original image; ``x, y`` is its top left corner."""

    x: int
    y: int
    width: int
    height: int

    def shared_with(self, other: Box) -> int:
        """Pixels that lie in both."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(across, 0) * max(down, 0)


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds of a recipe, in units of the image score and the anomaly map, both in [0, 1].

    An image scores OK up to ``ok``, NG above ``ng``, REVIEW between them. Pixels of the anomaly map above
    ``region`` form regions.
    """

    ok: float
    ng: float
    region: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.ok <= self.ng:
            raise ValueError(f"limits must satisfy 0 <= ok <= ng, got ok={self.ok}, ng={self.ng}")
        if self.region < 0.0:
            raise ValueError(f"the region limit must not be negative, got {self.region}")

    def verdict(self, image_score: float) -> Verdict:
        """Verdict for one image score; a score exactly on a limit gets the milder verdict."""
        if image_score <= self.ok:
            return Verdict.OK
        return Verdict.REVIEW if image_score <= self.ng else Verdict.NG

    def relative(self, image_score: float) -> float | None:
        """An image score as a multiple of the OK limit, so that it means the same for every product.

        None where the limit is 0, which nothing can be a multiple of.
        """
        return image_score / self.ok if self.ok > 0.0 else None


ANY_LIMITS = Limits(ok=1.0, ng=1.0, region=1.0)
"""Of a recipe that only scores: scores do not depend on its limits."""
LONGEST_REASON = 1_000
"""Characters of the reason that a person gives for a decision."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A good image of a product: SHA-256 of its encoded bytes, and the file name it came with."""

    image_hash: str
    name: str


@dataclass(frozen=True, slots=True)
class TaughtPatch:
    """A place in an inspected image that a person called good: its patches are in the memory bank as well."""

    image_hash: str
    name: str
    box: Box
    """In pixels of the original image."""

    @property
    def key(self) -> str:
        """Its name in the memory bank: the image, then the place."""
        box = self.box
        return f"{self.image_hash}@{box.x},{box.y},{box.width},{box.height}"


USUAL_NOUN = "part"
"""What a product is while nobody has said anything better: it stands in the prompts of the profiles that read it."""


@dataclass(frozen=True, slots=True)
class ProductDescription:
    """Step *Describe* of the wizard.

    ``class_name`` is the noun that stands in the prompts ("metal nut"), ``domain`` one adjective for the fixed
    template or empty for the method's own domains (III-B).
    """

    name: str
    class_name: str
    kind: ProductKind = ProductKind.OBJECT
    domain: str = ""


@dataclass(frozen=True, slots=True)
class RecipeView:
    """A view in the recipe of a part: its name, and the hash of the signed recipe that it is judged by."""

    name: str
    recipe_hash: str


@dataclass(frozen=True)
class Recipe:
    """A frozen, hashed set-up of a product. What is in here decides every verdict; nothing else does.

    Without slots, so that its hashes are computed once: they are asked for with every image.
    """

    product: str
    class_name: str
    kind: ProductKind
    domain: str
    anomaly_types: tuple[AnomalyType, ...]
    references: tuple[Reference, ...]
    region_of_interest: Box | None
    """Of recipes from before there were zones, in pixels; a draft that has one gets a zone when it is drawn in."""
    limits: Limits
    profile: str
    model_hash: str
    taught_patches: tuple[TaughtPatch, ...] = ()
    eyes: Eyes | None = None
    """None with a profile that has one way to look, and in recipes from before there were several."""
    learned_map: LearnedMap | None = None
    """What its map learnt from confirmed bad parts; None while nothing was."""
    zones: tuple[Zone, ...] = ()
    """Regions and ignore masks that were drawn; none looks at the whole picture, with one limit."""
    picture_limits: PictureLimits | None = None
    """What a picture must be like to be judged; None judges every picture."""
    fixture: Fixture | None = None
    """What the zones move with, as it was taught; None where they stay where they were drawn."""
    views: tuple[RecipeView, ...] = ()
    """Of a part that is looked at in several pictures, each judged by its own recipe; none where there is one picture.
    """

    @property
    def bank_images(self) -> tuple[Reference, ...]:
        """Every image that the memory bank is made from, each once: the good ones, then those it was taught from."""
        return bank_images(self.references, self.taught_patches)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over the canonical JSON of the whole content; the order of references does not matter."""
        return _sha256(self._content())

    @cached_property
    def scoring_hash(self) -> str:
        """SHA-256 over what decides the image score: everything but the product's name and the limits.

        Scores under recipes that share it can be compared.
        """
        content = self._content()
        del content["product"], content["limits"]
        # Whether a picture is judged at all changes no score, nor does what a place is called.
        content.pop("picture_limits", None)
        for zone in content.get("zones", ()):
            zone.pop("anomalies", None)
        return _sha256(content)

    def _content(self) -> dict[str, Any]:
        content = asdict(self)
        content["references"] = sorted(reference.image_hash for reference in self.references)
        content["taught_patches"] = sorted(patch.key for patch in self.taught_patches)
        if not self.taught_patches:
            # Recipes from before there were any keep their hash.
            del content["taught_patches"]
        if self.learned_map is None:
            del content["learned_map"]
        if self.eyes is None:
            del content["eyes"]
        else:
            content["eyes"] = self.eyes.words
        if not self.zones:
            # As above.
            del content["zones"]
        else:
            content["zones"] = [as_hashed(zone) for zone in content["zones"]]
        if self.fixture is None:
            del content["fixture"]
        if self.picture_limits is None:
            del content["picture_limits"]
        if not self.views:
            del content["views"]
        return content


def bank_images(references: Sequence[Reference], taught: Sequence[TaughtPatch]) -> tuple[Reference, ...]:
    """The references, then the images of taught patches that are none, each once."""
    good = {reference.image_hash for reference in references}
    others = {patch.image_hash: Reference(patch.image_hash, patch.name) for patch in taught}
    return (*references, *(other for image_hash, other in others.items() if image_hash not in good))


def _sha256(content: dict[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class TypeShare:
    """An anomaly type and its softmax share among the types compared and "none of these", in [0, 1]."""

    name: str
    share: float


TOP_SHARES = 3
"""Types that are kept of a region's ranking."""


@dataclass(frozen=True, slots=True)
class Region:
    """A connected part of the anomaly map above the recipe's region limit."""

    box: Box
    area_px: int
    score: float
    """Largest anomaly map value inside, in [0, 1]."""
    anomaly_type: str
    """Name from the recipe's list, or :data:`UNKNOWN_TYPE`."""
    type_confidence: float
    """Softmax share of that type among the types compared, in [0, 1]; 0 where the type is unknown."""
    position: Position
    type_shares: tuple[TypeShare, ...] = ()
    """The :data:`TOP_SHARES` types that it may be, best first; what is left of 1 is others and none of these."""
    embedding: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    """Unit vector of what it looks like, to be held against those of the same space; None without one."""
    broad: TypeShare | None = None
    """Broad kind of one whose type is unknown, where that much is clear: crack-like, stain-like, missing …"""
    listed: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """Names that it may have where the drawn region that it lies in lists its own; empty for all."""


@dataclass(frozen=True, slots=True)
class LocatedBox:
    """A box that the localizer found, in pixels of the image, and the phrase of its caption that it goes with."""

    box: Box
    score: float
    """In [0, 1]."""
    phrase: str


@dataclass(frozen=True, slots=True)
class TextReasons:
    """What the text side of a profile went by in one image (III-B3, III-C1, III-C2)."""

    boxes: tuple[LocatedBox, ...]
    """Those that count, best first; none means that nothing was suppressed."""
    positions: tuple[Position, ...]
    """That the boxes chose, so that anomalies were asked about there; all nine without a box."""
    dropped: int | None
    """Prompts that runtime filtering left out; None where the profile does not filter."""

    def phrase_at(self, box: Box) -> str:
        """Phrase of the best box that shares at least half of a region's box with it; empty where there is none."""
        return next((one.phrase for one in self.boxes if 2 * one.box.shared_with(box) >= box.width * box.height), "")


@dataclass(frozen=True, slots=True)
class ItemPlace:
    """A place that may show an item that is counted."""

    box: Box
    """In pixels of the image, inside it."""
    likeness: float
    """To the nearest known item, in [-1, 1]."""


@dataclass(frozen=True, slots=True)
class ItemsFound:
    """What was counted in a zone of one image."""

    region: str
    """Name of the zone."""
    what: str
    expected: int
    least: float
    """Likeness from which on a place is an item."""
    places: tuple[ItemPlace, ...]
    """The likest first, none upon another; those that are no items too, as far as one more than expected needs."""

    @property
    def found(self) -> tuple[ItemPlace, ...]:
        """Those that are items."""
        return tuple(place for place in self.places if place.likeness >= self.least)

    @property
    def sentence(self) -> Sentence:
        """How many there are of how many: "3 of 4 screws found"."""
        count = len(self.found)
        return Sentence("{found} of {expected} {what} found", found=count, expected=self.expected, what=self.what)


@dataclass(frozen=True, slots=True)
class ZoneScore:
    """What one drawn zone of an image came to, on the scale that all zones share."""

    name: str
    """Empty for the whole picture."""
    score: float
    """In [0, 1]."""
    peak: float
    """Largest value of the anomaly map in it, in [0, 1]; 0 where items are counted."""
    counted: ItemsFound | None = None
    """Where items are counted."""
    words: WordsFound | None = None
    """Where a part is looked at as a whole."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the detector says about one image, before any limit is applied."""

    image_score: float
    """In [0, 1]; higher is more anomalous."""
    anomaly_map: NDArray[np.float32]
    """``(H, W)`` at the profile's map resolution, in [0, 1], comparable across images."""
    regions: tuple[Region, ...]
    stage_seconds: Mapping[str, float]
    """Seconds per stage of the computation, in order."""
    trained: bool
    """False when the weights are seeded only; then the anomaly types mean nothing."""
    anomaly_types: tuple[TypeShare, ...] = ()
    """Ranking for the whole image, best first; empty where no description beats the generic states."""
    unfiltered_sides: tuple[str, ...] = ()
    """Sides of the prompts that runtime filtering would have emptied, so that it was not applied to them."""
    embedding_space: str = ""
    """What embeddings of two predictions must share to be compared; empty where there are none."""
    examples: int = 0
    """Decided regions of the product that the names were learnt from; 0 for names from words alone, or none."""
    peak_embedding: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    """What the highest place of the map looks like where no region was found, as for a region; None otherwise."""
    named_by: str = ""
    """Which head and sentence encoder named its regions from words, by their SHA-256; empty where none did."""
    reasons: TextReasons | None = None
    """None where the profile has no text side, or did not ask it."""
    zones: tuple[ZoneScore, ...] = ()
    """Of each zone that is looked at; empty where none was drawn. The image score is the highest of theirs."""
    placement: Placement | None = None
    """Where the part was found; None without a fixture."""

    @property
    def counts(self) -> tuple[ItemsFound | WordsFound, ...]:
        """What was counted in its zones: items, and words of those that are looked at as a whole."""
        found = (zone.counted or zone.words for zone in self.zones)
        return tuple(one for one in found if one is not None)


@dataclass(frozen=True, slots=True, eq=False)
class SourceImage:
    """An image as it was captured: its encoded bytes, kept as they came, and its decoded pixels.

    ``pixels`` is ``(H, W, 3)`` uint8 RGB, upright (EXIF applied). ``image_hash`` is the SHA-256 of ``encoded``.
    """

    name: str
    encoded: bytes = field(repr=False)
    image_hash: str
    pixels: NDArray[np.uint8] = field(repr=False)
    captured_at: datetime
    """UTC."""
    frame_id: int | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return int(self.pixels.shape[1]), int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """One image judged once under one recipe.

    ``prediction`` is None exactly when the verdict is NOT_INSPECTED; then ``reason`` is the sentence that says why,
    ``image`` is there only where a picture came and its verdict did not, and ``image_hash`` is empty where not even
    the bytes could be read. Of a part that was judged, ``reason`` says which drawn region decided, where one did.
    """

    name: str
    image_hash: str
    recipe_hash: str
    verdict: Verdict
    origin: Origin
    inspected_at: datetime
    """UTC."""
    seconds: float
    """From the start of decoding to the verdict."""
    image: SourceImage | None = None
    prediction: Prediction | None = None
    reason: str = ""
    frame_age_ms: float | None = None
    """Live only: from capture to verdict."""
    known_as: KnownAs | None = None
    """Where its picture is one of the product's known parts; the record finds out."""
    views: tuple[ViewInspection, ...] = ()
    """Of a part with several views: what each came to. Image and prediction above are then those of the view that
    decided, with the score on the scale that all views share (:mod:`filo_core.views`)."""
    identity: Identity = NOBODY
    """Which part it was."""
    seen_before: SeenBefore | None = None
    """Where its serial is in the record already; the record finds out."""


@dataclass(frozen=True, slots=True, eq=False)
class ViewInspection:
    """What one view of a part came to, by its own recipe and limits."""

    name: str
    limits: Limits
    inspection: Inspection


READS_NO_LIST = "compact"
"""The profile whose verdicts do not depend on the anomaly list: a product is complete without one."""


class WizardStep(StrEnum):
    """The five named steps from a product's name to a frozen recipe."""

    DESCRIBE = "Describe"
    ANOMALIES = "Anomalies"
    REFERENCES = "References"
    CALIBRATE = "Calibrate"
    SIGN_OFF = "Sign off"


@dataclass(frozen=True, slots=True)
class ProductDraft:
    """The set-up of a product as it stands now; signing it off freezes it into a recipe version."""

    description: ProductDescription
    anomaly_types: tuple[AnomalyType, ...] = ()
    references: tuple[Reference, ...] = ()
    region_of_interest: Box | None = None
    profile: str = "compact"
    limits: Limits | None = None
    """None until calibrated, and again whenever the references change."""
    calibration_note: str = ""
    """What the references can promise, in words; empty until calibrated."""
    model_hash: str = ""
    """Model the limits were found with; empty until calibrated."""
    signed_version: int | None = None
    """Latest frozen recipe version, None before the first."""
    changed_since_signing: bool = True
    taught_patches: tuple[TaughtPatch, ...] = ()
    eyes: Eyes | None = None
    """None until chosen: then the profile's usual ones."""
    learned_map: LearnedMap | None = None
    """What its map learnt from confirmed bad parts; a recipe gets it with the model it was learnt in."""
    zones: tuple[Zone, ...] = ()
    """Regions and ignore masks that were drawn."""
    picture_limits: PictureLimits | None = None
    """What a picture must be like to be judged; None judges every picture."""
    fixture: Fixture | None = None
    """Taught from the zone of that kind among :attr:`zones`; None without one."""
    views: tuple[View, ...] = ()
    """Of a part that is looked at in several pictures; then good images, regions and limits are each view's own."""

    def missing(self, step: WizardStep) -> str:
        """What ``step`` still lacks, as a sentence; empty when the step is complete."""
        if self.views and step in {WizardStep.REFERENCES, WizardStep.CALIBRATE}:
            lacking = ((view.name, view.draft.missing(step)) for view in self.views)
            return next((f"{name}: {sentence}" for name, sentence in lacking if sentence), "")
        match step:
            case WizardStep.DESCRIBE:
                named = bool(self.description.name.strip())
                complete = named and bool(self.description.class_name.strip())
                sentence = (
                    Sentence("Say what the part is, as a noun.") if named else Sentence("Give the product a name.")
                )
            case WizardStep.ANOMALIES:
                complete = self.profile == READS_NO_LIST or any(entry.enabled for entry in self.anomaly_types)
                sentence = Sentence("List at least one thing that can go wrong.")
            case WizardStep.REFERENCES:
                # Limits without a good image were found by a profile that judges by words alone.
                complete = bool(self.references) or self.limits is not None
                sentence = Sentence("Add at least one good image; four are better.")
            case WizardStep.CALIBRATE:
                complete = self.limits is not None
                sentence = Sentence("Set the limits from the good images.")
            case WizardStep.SIGN_OFF:
                complete = not self.changed_since_signing
                sentence = Sentence("Sign off to freeze this recipe.")
        return "" if complete else sentence

    @property
    def next_step(self) -> WizardStep | None:
        """First step that lacks something, None when the product is ready to inspect."""
        return next((step for step in WizardStep if self.missing(step)), None)

    def recipe(self, limits: Limits, model_hash: str) -> Recipe:
        """This set-up as a recipe under the given limits and model."""
        learned = self.learned_map
        return Recipe(
            product=self.description.name,
            class_name=self.description.class_name,
            kind=self.description.kind,
            domain=self.description.domain,
            anomaly_types=self.anomaly_types,
            references=self.references,
            region_of_interest=self.region_of_interest,
            limits=limits,
            profile=self.profile,
            model_hash=model_hash,
            taught_patches=self.taught_patches,
            eyes=self.eyes,
            learned_map=learned if learned is not None and learned.model_hash == model_hash else None,
            zones=self.zones,
            picture_limits=self.picture_limits,
            fixture=self.fixture,
            views=tuple(view.in_recipe for view in self.views),
        )


@dataclass(frozen=True, slots=True)
class View:
    """One of the pictures that a part is looked at in: a set-up of its own, and where its pictures come from."""

    name: str
    draft: ProductDraft
    suffix: str = ""
    """What the names of its files end in, before the extension; empty where it is no file."""
    source: str = ""
    """Where a line takes its pictures from, as a person types it; empty until chosen."""

    @property
    def in_recipe(self) -> RecipeView:
        """As the part's recipe names it."""
        limits = self.draft.limits or ANY_LIMITS
        return RecipeView(self.name, self.draft.recipe(limits, self.draft.model_hash).content_hash)


@dataclass(frozen=True, slots=True)
class RecipeVersion:
    """A recipe that somebody signed off. ``recipe.content_hash`` is what every verdict refers to."""

    recipe: Recipe
    version: int
    signed_by: str
    signed_at: datetime
    """UTC."""


class ReviewDecision(StrEnum):
    """What a supervisor did with a verdict."""

    CONFIRM = "confirm"
    OVERRULE = "overrule"
    RETYPE = "retype"


class Withdrawal(StrEnum):
    """Stands in place of a decision where the one before is taken back; what was decided before that counts again."""

    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Review:
    """A person's decision on an inspection. Reviews are only ever added; the newest one counts."""

    decision: ReviewDecision | Withdrawal
    verdict: Verdict | None
    """The verdict after this review: OK or NG; None after a withdrawal that leaves nothing decided."""
    reviewer: str
    reviewed_at: datetime
    """UTC."""
    reason: str = ""
    anomaly_type: str = ""
    regions: tuple[int, ...] = ()
    """Those that the type is for, by their place in the inspection; empty for all of them."""


def standing_review(reviews: Iterable[Review]) -> Review | None:
    """The decision that counts among all on one inspection, oldest first; None where none is left.

    Each withdrawal takes back the newest decision that is not taken back yet.
    """
    standing = standing_reviews(reviews)
    return standing[-1] if standing else None


def standing_reviews(reviews: Iterable[Review]) -> list[Review]:
    """Decisions on one inspection that were not taken back, oldest first, as the reviews are."""
    standing: list[Review] = []
    for review in reviews:
        if isinstance(review.decision, ReviewDecision):
            standing.append(review)
        elif standing:
            standing.pop()
    return standing


def retyped_regions(count: int, reviews: Iterable[Review]) -> tuple[str, ...]:
    """What people call each of ``count`` regions: the newest retyping that is for it and stands; empty without one."""
    names = [""] * count
    for review in standing_reviews(reviews):
        if review.decision is ReviewDecision.RETYPE:
            for ordinal in review.regions or range(count):
                if ordinal < count:
                    names[ordinal] = review.anomaly_type
    return tuple(names) if any(names) else ()


@dataclass(frozen=True, slots=True)
class ViewRecord:
    """What one view of an inspected part came to, as the record keeps it."""

    name: str
    recipe_version: int
    recipe_hash: str
    image_hash: str
    """Empty where no picture came."""
    map_hash: str
    width: int
    height: int
    verdict: Verdict
    reason: str
    image_score: float | None
    """In [0, 1], beside the view's own ``limits``."""
    limits: Limits
    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class InspectionRecord:
    """An inspection as the record keeps it, with its newest review."""

    inspection_id: int
    product: str
    recipe_version: int
    recipe_hash: str
    name: str
    image_hash: str
    """Key of the image in the image store; empty where nothing could be read."""
    map_hash: str
    """Key of the 16-bit anomaly map in the image store; empty when NOT_INSPECTED."""
    width: int
    height: int
    verdict: Verdict
    reason: str
    image_score: float | None
    limits: Limits
    trained: bool
    origin: Origin
    inspected_at: datetime
    seconds: float
    regions: tuple[Region, ...]
    review: Review | None
    anomaly_types: tuple[TypeShare, ...] = ()
    """Of the whole image, best first; empty where none fits, and in records from before they were kept."""
    unfiltered_sides: tuple[str, ...] = ()
    """Sides of the prompts to which runtime filtering was not applied."""
    embedding_space: str = ""
    """Empty where its regions have no embeddings."""
    examples: int = 0
    """Decided regions of the product that the names were learnt from."""
    retyped: tuple[str, ...] = ()
    """What people call each region, empty for one that nobody retyped; nothing where nobody retyped any."""
    decisions: tuple[Review, ...] = ()
    """All that people decided, oldest first, with what was taken back and who took it back."""
    known_as: KnownAs | None = None
    """Where its picture is one of the product's known parts: then it counts in no figure."""
    counts: tuple[ItemsFound | WordsFound, ...] = ()
    """What was counted, and where each item was found; what there was too much of in parts looked at as a whole."""
    placement: Placement | None = None
    """Where its fixture was found; None without one, where nothing was judged, and of inspections from before."""
    views: tuple[ViewRecord, ...] = ()
    """Of a part with several views, all of them; picture, map and regions above are those of the one that decided."""
    identity: Identity = NOBODY
    """Which part it was."""

    def with_decision(self, review: Review) -> InspectionRecord:
        """As the record keeps it once this decision is added."""
        said = (*self.decisions, review)
        standing, named = standing_review(said), retyped_regions(len(self.regions), said)
        return replace(self, decisions=said, review=standing, retyped=named)

    @property
    def final_verdict(self) -> Verdict:
        """The newest review's verdict, or the system's where nobody has decided."""
        return (self.review.verdict if self.review else None) or self.verdict


class PageOrder(StrEnum):
    """In which order inspections are listed."""

    NEWEST = "newest"
    HIGHEST = "highest"
    """By the score as a multiple of the limit of OK, largest first."""
    NEAREST = "nearest"
    """By how far the score is from the limit of OK, nearest first: where the limit is in question."""


@dataclass(frozen=True, slots=True)
class InspectionFilter:
    """Which inspections to show; an empty field does not restrict."""

    product: str = ""
    verdicts: frozenset[Verdict] = frozenset()
    anomaly_type: str = ""
    undecided: bool = False
    since: datetime | None = None
    until: datetime | None = None
    station: str = ""
    line_only: bool = False
    """Without inspections of known parts, which say nothing of the line."""
    final: frozenset[Verdict] = frozenset()
    """What counts now: the newest decision, or the system's verdict where nobody has decided."""
    decided: bool = False
    name: str = ""
    """A part of the image's name or of the serial, in any case of letters."""
    identity: Identity = NOBODY
    """Fields that have to be exactly so."""
    job: str = ""
    """What was inspected in jobs of this name, which began at ``job_since`` or later."""
    job_since: datetime | None = None
