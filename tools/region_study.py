"""What regions promise and what they find, written into ``docs/regions.md``.

``python -m tools.region_study`` simulates the promise for 1, 3, 5 and 10 regions in two minutes. ``--data CATEGORY
--regions FILE`` measures a category in the layout of MVTec AD besides, with the regions and without them,
over so many ``--draws`` of the parts that are shown. What counting comes to is in ``tools.count_study``.
"""

from __future__ import annotations

import argparse
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filo_core.benchmark.datasets import load_category
from filo_core.calibration.known_parts import ScoredParts
from filo_core.calibration.zone_limits import calibrated_parts
from filo_core.engine import Engine, load_engine
from filo_core.events import Calibrated
from filo_core.imaging import read_image
from filo_core.proof import JudgedPart
from filo_core.types import ProductDescription, ProductDraft, Reference, SourceImage, Verdict, ZoneScore
from filo_core.zones import Zone, on_scale
from tools.calibration_study import Kept
from tools.markdown import markdown_table, percent_number, replace_section, say, this_machine
from workflows.products.region_files import read_regions

Floats = NDArray[np.float64]

COUNTS = (1, 3, 5, 10)
LIKENESSES = (0.0, 0.9)
REFERENCES = 8
CONFIRMED = 220
RATE = 0.05
DIMENSIONS = 4
_SEED = 2027
_PAGE = Path(__file__).resolve().parents[1] / "docs" / "regions.md"


def main(arguments_given: Sequence[str] | None = None) -> int:
    """Run the study; the exit code is 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a category in the layout of MVTec AD, measured besides")
    parser.add_argument("--regions", type=Path, help="file of its regions")
    parser.add_argument("--draws", type=int, default=1, help="of the parts that are shown")
    parser.add_argument("--good", type=int, default=8)
    parser.add_argument("--bad", type=int, default=3)
    parser.add_argument("--repetitions", type=int, default=2000, help="of the simulation; 0 leaves it out")
    parser.add_argument("--out", type=Path, default=_PAGE)
    given = parser.parse_args(arguments_given)
    held = True
    if given.repetitions:
        text, held = promised_table(given.repetitions)
        replace_section(given.out, "The promise, simulated", text)
    if given.data is not None:
        if given.regions is None:
            parser.error("--data needs --regions")
        shown = given.good, given.bad, given.draws
        zones = read_regions(given.regions)
        setups = {"whole picture": (), f"{len(zones)} regions": zones}
        replace_section(given.out, f"Measured: {given.data.name}", measured(given.data, setups, *shown))
    return 0 if held else 1


def promised_table(repetitions: int) -> tuple[str, bool]:
    """Promised against realised rates by number of regions, and whether all promises were kept."""
    rows, held = [], True
    for count in COUNTS:
        for likeness in LIKENESSES:
            say(f"{count} regions, likeness {likeness}")
            few = _tried(count, likeness, 0, 0.01, repetitions)
            many = _tried(count, likeness, CONFIRMED, RATE, repetitions // 2)
            held = held and few.holds and many.holds
            rows.append((count, likeness, *_cells(few), *_cells(many)))
    head = (
        "regions",
        "likeness",
        f"{REFERENCES} references: promised, % called NG",
        "realised",
        f"{CONFIRMED} confirmed parts: promised, % refused",
        "realised",
    )
    text = (
        f"Parts with {DIMENSIONS} features a region, drawn at random; a region's score is the distance to the nearest "
        "reference. *Likeness* is the correlation of a part's features between regions. Each repetition draws all "
        f"parts anew, sets limits by the program's own code, and judges a new good part: {repetitions} times with "
        f"references alone, {repetitions // 2} times with confirmed parts; in brackets the exact 95 % interval "
        f"(`python -m tools.region_study`).\n\n{markdown_table(head, rows)}\n\n"
        f"{'Every promise was kept.' if held else 'A PROMISE WAS BROKEN.'}"
    )
    return text, held


def _cells(kept: Kept) -> tuple[str, str]:
    return percent_number(kept.promise), kept.realised


def _tried(count: int, likeness: float, confirmed: int, alpha: float, repetitions: int) -> Kept:
    zones = tuple(Zone(f"{n}", ((n / count, 0.0), ((n + 1) / count, 1.0))) for n in range(count))
    rng = np.random.default_rng((_SEED, count, int(10 * likeness), confirmed))
    refused, promise = 0, 0.0
    for _ in range(repetitions):
        features = drawn(rng, REFERENCES + confirmed + 1, count, likeness)
        scored, new = scored_by_place(features, confirmed)
        found = calibrated_parts(scored, zones, alpha, model_hash="", trained=True)
        score = max(on_scale(zone, value) for value, zone in zip(new, found.zones, strict=True))
        verdict = found.limits.verdict(score)
        refused += verdict is Verdict.NG or (found.refused_as is Verdict.REVIEW and verdict is Verdict.REVIEW)
        promise = found.promise or 1.0
    return Kept(promise, refused, repetitions)


def drawn(rng: np.random.Generator, parts: int, count: int, likeness: float) -> Floats:
    """``(parts, places, dimensions)``; regions, or views, differ in how much their parts vary."""
    common = rng.normal(size=(parts, 1, DIMENSIONS))
    own = rng.normal(size=(parts, count, DIMENSIONS))
    spread = np.linspace(0.3, 3.0, count)[None, :, None]
    return np.asarray(spread * (np.sqrt(likeness) * common + np.sqrt(1.0 - likeness) * own))


def scored_by_place(features: Floats, confirmed: int) -> tuple[ScoredParts, Floats]:
    """The parts' scores by region or view, and those of the new part, which is the last."""
    bank = features[:REFERENCES]
    own = np.linalg.norm(bank[:, None] - bank[None], axis=-1)
    own[np.arange(REFERENCES), np.arange(REFERENCES)] = np.inf
    others = np.linalg.norm(features[REFERENCES:, None] - bank[None], axis=-1).min(axis=1)
    scores = np.concatenate([own.min(axis=1), others])
    scores = scores / (1.0 + scores)
    parts = [JudgedPart(str(n), str(n), float(row.max())) for n, row in enumerate(scores[:-1])]
    zones = {
        part.image_hash: tuple(ZoneScore(str(z), float(v), float(v)) for z, v in enumerate(scores[n]))
        for n, part in enumerate(parts)
    }
    references = tuple(parts[:REFERENCES])
    peaks = tuple(part.score for part in references)
    outside = tuple(parts[REFERENCES : REFERENCES + confirmed])
    return ScoredParts(references, peaks, outside, (), zones=zones), scores[-1]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a set-up came to on the parts of one draw that it had not seen."""

    escapes: int
    bad: int
    refused: int
    called_ng: int
    good: int
    seconds: float


def measured(root: Path, setups: dict[str, tuple[Zone, ...]], good: int, bad: int, draws: int) -> str:
    """Escapes and refusals of a category in several set-ups, over several draws of the parts that are shown."""
    category, engine = load_category(root), load_engine("compact", "cpu")
    goods = [read_image(path) for path in category.references]
    goods += [read_image(test.path) for test in category.tests if not test.anomalous]
    bads = [read_image(test.path) for test in category.tests if test.anomalous]
    found: dict[str, list[Measured]] = {what: [] for what in setups}
    for draw in range(draws):
        rng = np.random.default_rng((_SEED, draw))
        some_good = [goods[index] for index in rng.permutation(len(goods))]
        some_bad = [bads[index] for index in rng.permutation(len(bads))]
        for what, zones in setups.items():
            say(f"{root.name}, draw {draw + 1} of {draws}: {what}")
            found[what].append(_judged(engine, what, zones, some_good, some_bad, (good, bad)))
    head = ("looked at", "bad parts passed as OK", "good parts not OK", "of those NG", "ms a picture")
    rows = [(what, *_row(of_draws)) for what, of_draws in found.items()]
    times = "once" if draws == 1 else f"{draws} times; in brackets the best and the worst draw"
    return (
        f"{good} good parts as references and {bad} bad ones shown, drawn at random {times}. All others are judged, "
        "and what does not pass as OK is refused (`python -m tools.region_study --repetitions 0 --data DIR "
        f"--regions FILE --draws {draws}`).\n\n"
        f"{markdown_table(head, rows)}\n\nOn {this_machine()}."
    )


def _row(draws: Sequence[Measured]) -> tuple[str, ...]:
    return (
        shares([one.escapes for one in draws], [one.bad for one in draws]),
        shares([one.refused for one in draws], [one.good for one in draws]),
        shares([one.called_ng for one in draws], [one.good for one in draws]),
        f"{1000 * sum(one.seconds for one in draws) / len(draws):.0f}",
    )


def shares(counts: Sequence[int], of: Sequence[int]) -> str:
    """So many of so many over all draws, in per cent, and of the best and the worst one."""
    each = [100 * count / max(total, 1) for count, total in zip(counts, of, strict=True)]
    spread = f" ({min(each):.1f}–{max(each):.1f})" if len(each) > 1 else ""
    return f"{sum(counts)} of {sum(of)}, {sum(each) / len(each):.1f} %{spread}"


def _judged(
    engine: Engine,
    what: str,
    zones: tuple[Zone, ...],
    goods: Sequence[SourceImage],
    bads: Sequence[SourceImage],
    shown: tuple[int, int],
) -> Measured:
    references = goods[: shown[0]]
    named = tuple(Reference(image.image_hash, image.name) for image in references)
    draft = ProductDraft(ProductDescription(what, "part"), references=named, zones=zones)
    (last,) = deque(engine.calibrate(draft, references, bad=bads[: shown[1]]), maxlen=1)
    assert isinstance(last, Calibrated)
    say(last.sentence)
    ready = replace(draft, zones=last.zones, eyes=last.eyes)
    recipe = ready.recipe(last.limits, last.model_hash)
    detector = engine.detector(recipe, references)
    started = time.perf_counter()
    verdicts = {
        kind: [last.limits.verdict(detector.predict(image.pixels).image_score) for image in images]
        for kind, images in (("good", goods[shown[0] :]), ("bad", bads[shown[1] :]))
    }
    seconds = (time.perf_counter() - started) / sum(map(len, verdicts.values()))
    return Measured(
        escapes=verdicts["bad"].count(Verdict.OK),
        bad=len(verdicts["bad"]),
        refused=sum(verdict is not Verdict.OK for verdict in verdicts["good"]),
        called_ng=verdicts["good"].count(Verdict.NG),
        good=len(verdicts["good"]),
        seconds=seconds,
    )


if __name__ == "__main__":
    raise SystemExit(main())
