"""What looking at a part as a whole adds, into ``docs/regions.md``: ``python -m tools.whole_part_study DIR ...``.

Each picture of a category in the layout of MVTec AD is looked at once by each trunk; then good and bad parts to show
are drawn again and again. One set-up has a zone of every kind; the others are judged from what the same zones came to,
each with limits of its own. ``--regions`` and ``--counts`` are files of regions of the one category given with them.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from filo_core.benchmark.datasets import load_category
from filo_core.calibration.counting import recounted
from filo_core.calibration.known_parts import ScoredParts
from filo_core.calibration.zone_limits import calibrated_parts
from filo_core.engine import load_model
from filo_core.eyes.detector import EyesDetector
from filo_core.eyes.features import Eye
from filo_core.eyes.loaded import LoadedEyes
from filo_core.imaging import read_image
from filo_core.profiles.folders import profile_folder
from filo_core.proof import JudgedPart
from filo_core.types import (
    ANY_LIMITS,
    Prediction,
    ProductDescription,
    ProductDraft,
    Reference,
    SourceImage,
    Verdict,
    ZoneScore,
)
from filo_core.zones import Zone, ZoneKind, on_scale
from tools.markdown import markdown_table, replace_section, say, this_machine
from tools.region_study import shares
from workflows.products.region_files import read_regions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.eyes.features import Features

_SEED = 2027
_PAGE = Path(__file__).resolve().parents[1] / "docs" / "regions.md"
_ALL = ((0.0, 0.0), (1.0, 1.0))
PICTURE = Zone("whole picture", _ALL)
WHOLE = Zone("whole part", _ALL, kind=ZoneKind.WHOLE)
_ALPHA = 0.01


class Remembering(Eye):
    """An eye that looks at the same pixels once.

    Args:
        eye: what looks.
    """

    def __init__(self, eye: Eye) -> None:
        self.__dict__.update(eye.__dict__)
        self._eye = eye
        self._seen: dict[int, tuple[NDArray[np.uint8], Features]] = {}

    def features(self, pixels: NDArray[np.uint8]) -> Features:
        """As :meth:`Eye.features`; what was looked at is held, so that nothing else takes its place in memory."""
        at = int(pixels.ctypes.data)
        if at not in self._seen:
            self._seen[at] = pixels, self._eye.features(pixels)
        return self._seen[at][1]


@dataclass(frozen=True, slots=True)
class Came:
    """What a set-up came to in one draw, on parts that it had not seen."""

    passed: int
    bad: int
    refused: int
    good: int


def main(arguments_given: Sequence[str] | None = None) -> int:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="+", help="categories in the layout of MVTec AD")
    parser.add_argument("--regions", type=Path, help="file of regions to inspect")
    parser.add_argument("--counts", type=Path, help="file of a region that counts, an example on each good picture")
    parser.add_argument("--good", type=int, default=8)
    parser.add_argument("--bad", type=int, default=3)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--most", type=int, default=100, help="bad parts of a category, and good ones")
    parser.add_argument("--out", type=Path, default=_PAGE)
    given = parser.parse_args(arguments_given)
    regions = read_regions(given.regions) if given.regions else ()
    counts = read_regions(given.counts) if given.counts else ()
    each = tuple(replace(zone, name=f"{zone.name} as a whole", kind=ZoneKind.WHOLE) for zone in regions)
    rows: list[tuple[str, ...]] = []
    for root in given.data:
        for what, came in _category(root, (*regions, *counts, *each), given).items():
            passed = shares([one.passed for one in came], [one.bad for one in came])
            refused = shares([one.refused for one in came], [one.good for one in came])
            rows.append((root.name, what, passed, refused))
    text = (
        f"{given.good} good parts as references and {given.bad} bad ones shown, drawn at random {given.draws} times, "
        f"all others judged, at most {given.most} of a kind (in brackets the best and the worst draw; "
        f"`python -m tools.whole_part_study {' '.join(['DIR ...', *_options(given)])}`).\n\n"
        + markdown_table(("category", "looked at", "bad parts passed as OK", "good parts not OK"), rows)
        + f"\n\nOn {this_machine()}."
    )
    title = f"As a whole: {given.data[0].name}" if regions or counts else "As a whole: other categories"
    replace_section(given.out, title, text)
    return 0


def _options(given: argparse.Namespace) -> list[str]:
    named = [f"--{name} FILE" for name in ("regions", "counts") if getattr(given, name)]
    return [*named, f"--draws {given.draws}", f"--most {given.most}"]


def setups(zones: Sequence[Zone]) -> dict[str, tuple[str, ...]]:
    """Names of the zones of each set-up that is compared.

    Args:
        zones: regions and counts that were drawn.
    """
    regions = tuple(zone.name for zone in zones if zone.kind is ZoneKind.INSPECT)
    counts = tuple(zone.name for zone in zones if zone.kind is ZoneKind.COUNT)
    found: dict[str, tuple[str, ...]] = {"whole picture": (PICTURE.name,)}
    if regions:
        found[f"{len(regions)} regions"] = regions
    if counts:
        found["count"] = counts
    if regions and counts:
        found[f"{len(regions)} regions, count"] = (*regions, *counts)
    with_it = {f"{what}, whole part": (*names, WHOLE.name) for what, names in found.items()}
    each = tuple(zone.name for zone in zones if zone.kind is ZoneKind.WHOLE)
    alone = {"whole part alone": (WHOLE.name,)} | ({f"{len(each)} regions, each as a whole": each} if each else {})
    return found | alone | with_it


def _category(root: Path, drawn: tuple[Zone, ...], given: argparse.Namespace) -> dict[str, list[Came]]:
    category, loaded = load_category(root), load_model(profile_folder("compact"), "cpu")
    assert isinstance(loaded, LoadedEyes), "the compact profile"
    good_paths = [*category.references, *(test.path for test in category.tests if not test.anomalous)]
    bad_paths = [test.path for test in category.tests if test.anomalous]
    rng = np.random.default_rng(_SEED)
    goods, bads = (
        [read_image(paths[n]) for n in rng.permutation(len(paths))[: given.most]] for paths in (good_paths, bad_paths)
    )
    eyes: list[Eye] = []
    found: dict[str, list[Came]] = {}
    for draw in range(given.draws):
        rng = np.random.default_rng((_SEED, draw))
        some_good, some_bad = ([images[n] for n in rng.permutation(len(images))] for images in (goods, bads))
        zones = tuple(_with_one_example(zone, some_good[: given.good]) for zone in (PICTURE, *drawn, WHOLE))
        references = tuple(Reference(image.image_hash, image.name) for image in some_good[: given.good])
        description = ProductDescription(root.name, "part")
        draft = ProductDraft(description, references=references, zones=zones, eyes=loaded.usual_eyes())
        recipe = draft.recipe(ANY_LIMITS, loaded.model_hash)
        if not eyes:
            eyes = [Remembering(eye) for eye in loaded.detector(recipe)._eyes]
        detector = EyesDetector(recipe, loaded.profile, eyes)
        for what, came in _drawn(detector, zones, some_good, some_bad, (given.good, given.bad)).items():
            found.setdefault(what, []).append(came)
        say(f"{root.name}, draw {draw + 1} of {given.draws}: " + str({what: came[-1] for what, came in found.items()}))
    return found


def _with_one_example(zone: Zone, references: Sequence[SourceImage]) -> Zone:
    if zone.count is None:
        return zone
    names = {image.name: image.image_hash for image in references}
    shown = next(example for name in names for example in zone.count.examples if example.picture == name)
    return replace(zone, count=replace(zone.count, examples=(replace(shown, picture=names[shown.picture]),)))


def _drawn(
    detector: EyesDetector,
    zones: Sequence[Zone],
    goods: Sequence[SourceImage],
    bads: Sequence[SourceImage],
    shown: tuple[int, int],
) -> dict[str, Came]:
    references = goods[: shown[0]]
    detector.set_references({image.image_hash: image.pixels for image in references})
    bank = detector.memory_bank
    own = {image.image_hash: bank.without(image.image_hash) for image in references}
    found = {
        image.image_hash: detector.predict_against(image.pixels, own.get(image.image_hash, bank))
        for image in (*goods, *bads)
    }
    return {
        what: _came([zone for zone in zones if zone.name in names], found, goods, bads, shown)
        for what, names in setups([zone for zone in zones if zone not in (PICTURE, WHOLE)]).items()
    }


def _came(
    zones: Sequence[Zone],
    found: Mapping[str, Prediction],
    goods: Sequence[SourceImage],
    bads: Sequence[SourceImage],
    shown: tuple[int, int],
) -> Came:
    names = [zone.name for zone in zones]
    scores = {key: tuple(z for z in prediction.zones if z.name in names) for key, prediction in found.items()}

    def judged(images: Sequence[SourceImage]) -> tuple[JudgedPart, ...]:
        return tuple(
            JudgedPart(image.image_hash, image.name, max(z.score for z in scores[image.image_hash])) for image in images
        )

    own = judged(goods[: shown[0]])
    peaks = tuple(max(z.peak for z in scores[part.image_hash]) for part in own)
    parts = ScoredParts(own, peaks, (), judged(bads[: shown[1]]), zones=scores)
    limits = calibrated_parts(parts, zones, _ALPHA, model_hash="", trained=True)
    by_name = {zone.name: zone for zone in limits.zones}
    least = {zone.name: zone.count.least for zone in limits.zones if zone.count is not None}

    def passes(image: SourceImage) -> bool:
        of_zones = [_recounted(score, least.get(score.name)) for score in scores[image.image_hash]]
        score = max(on_scale(by_name[one.name], one.score) for one in of_zones)
        return limits.limits.verdict(score) is Verdict.OK

    left = goods[shown[0] :], bads[shown[1] :]
    refused, passed = sum(not passes(image) for image in left[0]), sum(map(passes, left[1]))
    return Came(passed, len(left[1]), refused, len(left[0]))


def _recounted(score: ZoneScore, least: float | None) -> ZoneScore:
    return score if least is None else recounted(score, least)


if __name__ == "__main__":
    raise SystemExit(main())
