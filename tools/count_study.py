"""What counting comes to, written into ``docs/regions.md``: ``python -m tools.count_study CATEGORY REGIONS``.

Each picture of a category in the layout of MVTec AD is looked at once; then good and bad parts to show are drawn again
and again. The file has one region that counts, and an example on every good picture: of those drawn the first shows it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from filo_core.benchmark.datasets import load_category
from filo_core.calibration.known_parts import ScoredParts
from filo_core.calibration.zone_limits import calibrated_parts
from filo_core.engine import load_model
from filo_core.eyes.counting import KnownItems, known_items, zone_counted
from filo_core.eyes.features import Features
from filo_core.eyes.loaded import LoadedEyes
from filo_core.imaging import read_image
from filo_core.method.sighting import Sighting, sighting_of
from filo_core.method.zone_masks import zone_mask
from filo_core.profiles.folders import profile_folder
from filo_core.proof import JudgedPart
from filo_core.types import ANY_LIMITS, ProductDescription, ProductDraft, Verdict, ZoneScore
from filo_core.zones import ItemCount, Zone, on_scale
from tools.markdown import markdown_table, replace_section, say, this_machine
from tools.region_study import shares
from workflows.products.region_files import read_regions

_SEED = 2027
_PAGE = Path(__file__).resolve().parents[1] / "docs" / "regions.md"
Part = tuple[str, Sequence[Features], Sighting]
"""Name, what the trunks see, and where."""


def main(arguments_given: Sequence[str] | None = None) -> int:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="a category in the layout of MVTec AD")
    parser.add_argument("regions", type=Path, help="file of a region that counts, with an example on each good picture")
    parser.add_argument("--good", type=int, default=8)
    parser.add_argument("--bad", type=int, nargs="+", default=[0, 3])
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--out", type=Path, default=_PAGE)
    given = parser.parse_args(arguments_given)
    (zone,) = read_regions(given.regions)
    good, bad = _looked_at(given.data, zone)
    rows = []
    for shown in given.bad:
        found = []
        for draw in range(given.draws):
            rng = np.random.default_rng((_SEED, draw))
            some_good, some_bad = ([parts[n] for n in rng.permutation(len(parts))] for parts in (good, bad))
            found.append(_judged(zone, some_good, some_bad, given.good, shown))
            say(f"{shown} bad parts shown, draw {draw + 1} of {given.draws}: {found[-1]}")
        rows.append((shown, *(shares(*zip(*column, strict=True)) for column in zip(*found, strict=True))))
    head = ("bad parts shown", "bad parts passed as OK", "good parts not OK")
    text = (
        f"{given.good} good parts as references, one item marked on one of them, and so many bad parts shown; drawn at "
        f"random {given.draws} times, all others judged (mean, and in brackets the best and the worst draw; "
        f"`python -m tools.count_study DIR docs/counts-{given.data.name}.json`).\n\n"
        f"{markdown_table(head, rows)}\n\nOn {this_machine()}."
    )
    replace_section(given.out, f"Counted: {given.data.name}", text)
    return 0


def _looked_at(root: Path, zone: Zone) -> tuple[list[Part], list[Part]]:
    category, loaded = load_category(root), load_model(profile_folder("compact"), "cpu")
    assert isinstance(loaded, LoadedEyes), "the compact profile"
    draft = ProductDraft(ProductDescription(root.name, "part"), zones=(zone,), eyes=loaded.usual_eyes())
    recipe = draft.recipe(ANY_LIMITS, loaded.model_hash)
    detector = loaded.detector(recipe)
    good, bad = [], []
    tests = [(test.path, bad if test.anomalous else good) for test in category.tests]
    for path, into in [*((path, good) for path in category.references), *tests]:
        image = read_image(path)
        into.append((image.name, detector.features(image.pixels), sighting_of(recipe, image.pixels)))
    return good, bad


def _judged(
    zone: Zone, good: Sequence[Part], bad: Sequence[Part], references: int, shown: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Bad parts passed of all, and good parts refused of all, that were not shown."""
    count = _with_one_example(zone, good[:references])
    mask = partial(zone_mask, (zone,), zone)
    ((left, top), (right, bottom)) = count.examples[0].points
    marked = {count.examples[0].picture: [(top, left, bottom - top, right - left)]}
    items = known_items(count, [(name, seen) for name, seen, _ in good[:references]], marked, mask)

    def counted(part: Part, known: KnownItems, by: ItemCount) -> ZoneScore:
        return zone_counted(zone.name, by, known, part[1], mask, part[2])

    scores = {part[0]: (counted(part, items.without(part[0]), count),) for part in good[:references]}
    scores |= {part[0]: (counted(part, items, count),) for part in bad[:shown]}
    own, others = (
        tuple(JudgedPart(part[0], part[0], scores[part[0]][0].score) for part in parts)
        for parts in (good[:references], bad[:shown])
    )
    parts = ScoredParts(own, (0.0,) * len(own), (), others, zones=scores)
    found = calibrated_parts(parts, (replace(zone, count=count),), 0.01, model_hash="", trained=True)
    (drawn,) = found.zones
    assert drawn.count is not None, "a region that counts"

    def passes(part: Part) -> bool:
        score = on_scale(drawn, counted(part, items, drawn.count or count).score)
        return found.limits.verdict(score) is Verdict.OK

    passed, refused = sum(map(passes, bad[shown:])), sum(not passes(part) for part in good[references:])
    return (passed, len(bad) - shown), (refused, len(good) - references)


def _with_one_example(zone: Zone, references: Sequence[Part]) -> ItemCount:
    assert zone.count is not None, "a region that counts"
    names = [name for name, _, _ in references]
    shown = [example for example in zone.count.examples if example.picture in names]
    return replace(zone.count, examples=(min(shown, key=lambda example: names.index(example.picture)),))


if __name__ == "__main__":
    raise SystemExit(main())
