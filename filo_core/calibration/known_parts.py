"""Scores of parts of which it is known whether they are good: what every calibration begins with."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from filo_core.calibration.variations import gentle_variations
from filo_core.events import PartJudged, StepDone
from filo_core.proof import JudgedPart
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, MutableMapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from filo_core.calibration.evidence import ConfirmedPart
    from filo_core.types import Prediction, SourceImage, ZoneScore

MOST_REMEMBERED = 64
"""Predictions that are kept for the next time; a map each, of a megabyte or so."""


class KnowingDetector(Protocol):
    """A detector whose memory bank can do without one of its parts."""

    @property
    def memory_bank(self) -> Any:
        """What it knows; of a kind of its own."""
        ...

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """Prediction of ``(H, W, 3)`` uint8 RGB."""
        ...

    def predict_against(self, pixels: NDArray[np.uint8], memory_bank: Any) -> Prediction:
        """The same with another memory bank."""
        ...


@dataclass(frozen=True, slots=True)
class ScoredParts:
    """What the parts came to."""

    references: tuple[JudgedPart, ...]
    """Each without itself in the memory bank."""
    peaks: tuple[float, ...]
    """Largest map value a reference, in [0, 1]."""
    outside: tuple[JudgedPart, ...]
    """Good parts that are no references."""
    bad: tuple[JudgedPart, ...]
    apart: tuple[JudgedPart, ...] = ()
    """Good parts of other sessions, which limits are not found from."""
    zones: Mapping[str, tuple[ZoneScore, ...]] = field(default_factory=dict)
    """By image hash: what each drawn zone of a part came to; nothing of parts whose score was known before."""


def judge_known_parts(
    detector: KnowingDetector,
    references: Sequence[SourceImage],
    confirmed: Sequence[ConfirmedPart],
    bad: Sequence[SourceImage],
    remembered: MutableMapping[str, Prediction],
    apart: Sequence[SourceImage] = (),
) -> Generator[StepDone | PartJudged, None, ScoredParts]:
    """A step a part; what they came to is what the generator returns.

    Args:
        detector: whose memory bank holds the references.
        references: a single one is scored by the worst of its own gentle variations; none where the detector needs
            none.
        confirmed: good parts outside the memory bank, in the order of time.
        bad: bad parts.
        remembered: by image hash, what was found before under the very same set-up; added to.
        apart: good parts of other sessions.
    """
    total, done = len(references) + len(confirmed) + len(bad) + len(apart) + 1, 1
    yield StepDone(done, total, Sentence("Memory bank filled"))
    own, outside, peaks = [], [], []
    known: dict[bool, list[JudgedPart]] = {True: [], False: []}
    zones: dict[str, tuple[ZoneScore, ...]] = {}
    for image in references:
        found = _known(image, remembered, partial(_without_itself, detector, image, alone=len(references) == 1))
        own.append(_judged(image, found))
        zones[image.image_hash] = found.zones
        peaks.append(float(found.anomaly_map.max()))
        yield PartJudged(image, bad=False, prediction=found)
        yield StepDone(done := done + 1, total, Sentence("{name} scored against the others", name=image.name))
    for part in confirmed:
        score = part.score
        if part.image is not None:
            found = _known(part.image, remembered, partial(detector.predict, part.image.pixels))
            score, zones[part.image_hash or part.image.image_hash] = found.image_score, found.zones
            yield PartJudged(part.image, bad=False, prediction=found)
        outside.append(JudgedPart(part.image_hash, part.name, score))
        yield StepDone(done := done + 1, total, Sentence("{name} scored", name=part.name))
    for image, is_bad in (*((one, True) for one in bad), *((one, False) for one in apart)):
        found = _known(image, remembered, partial(detector.predict, image.pixels))
        known[is_bad].append(_judged(image, found))
        zones[image.image_hash] = found.zones
        yield PartJudged(image, bad=is_bad, prediction=found, apart=not is_bad)
        yield StepDone(done := done + 1, total, Sentence("{name} scored", name=image.name))
    return ScoredParts(tuple(own), tuple(peaks), tuple(outside), tuple(known[True]), tuple(known[False]), zones)


def _known(
    image: SourceImage, remembered: MutableMapping[str, Prediction], judge: Callable[[], Prediction]
) -> Prediction:
    found = remembered.get(image.image_hash)
    if found is None:
        found = judge()
        if len(remembered) < MOST_REMEMBERED:
            remembered[image.image_hash] = found
    return found


def _without_itself(detector: KnowingDetector, image: SourceImage, *, alone: bool) -> Prediction:
    if not alone:
        return detector.predict_against(image.pixels, detector.memory_bank.without(image.image_hash))
    views = [detector.predict_against(view, detector.memory_bank) for view in gentle_variations(image.pixels)]
    return max(views, key=lambda view: view.image_score)


def _judged(image: SourceImage, found: Prediction) -> JudgedPart:
    return JudgedPart(image.image_hash, image.name, found.image_score)
