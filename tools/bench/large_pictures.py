"""Small anomalies in large pictures, whole and in tiles: ``python -m tools.bench.large_pictures``.

A picture is a tray of 64 rendered parts, 2,000 px a side; on the bad ones one anomaly of 8 px is drawn.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from filo_core.benchmark.datasets import load_category
from filo_core.calibration.synthetic import SyntheticKind, draw
from filo_core.engine import load_engine
from filo_core.imaging import read_image
from filo_core.resources import resource_path
from filo_core.types import AnomalyType, Eyes, Limits, ProductDescription, ProductDraft, Reference, Sight, SourceImage
from tools.bench.page import PAGE
from tools.markdown import markdown_table, replace_section, say, this_machine

TITLE = "Small anomalies in large pictures"
_SIDE, _PARTS = 2000, 8
_ANOMALY_PX, _CONTRAST = 8, 0.4
_REFERENCES = 4
_LIMITS = Limits(0.3, 0.4, 0.3)
_EYES = (
    Eyes(Sight.FAST, 512),
    Eyes(Sight.FAST, 768),
    Eyes(Sight.FAST, 1536),
    Eyes(Sight.SHARP, 512),
    Eyes(Sight.SHARP, 1536),
)

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Outcome:
    good: Sequence[float]
    bad: Sequence[float]
    hits: Sequence[bool]
    seconds: float

    @property
    def cells(self) -> list[str]:
        """AUROC, found above every good picture, the map's highest place at the anomaly, time."""
        higher = np.subtract.outer(self.bad, self.good)
        auroc = float((higher > 0).mean() + 0.5 * (higher == 0).mean())
        above = statistics.mean(score > max(self.good) for score in self.bad)
        return [
            f"{100 * auroc:.1f}",
            f"{100 * above:.0f} %",
            f"{100 * statistics.mean(self.hits):.0f} %",
            f"{1000 * self.seconds:.0f}",
        ]


def main(pictures: int) -> None:
    """Measure and rewrite the section."""
    trays = [_tray(number) for number in range(_REFERENCES + pictures)]
    good = trays[_REFERENCES:]
    bad = [_spoiled(tray, number) for number, tray in enumerate(good)]
    rows = []
    for eyes in _EYES:
        outcome = _outcome(eyes, trays[:_REFERENCES], good, bad)
        rows.append([f"`{eyes.words}`" + (", in tiles" if eyes.in_tiles else ""), *outcome.cells])
        say(" ".join(rows[-1]))
    header = ["eyes", "image AUROC", "found above every good picture", "highest place is the anomaly", "ms"]
    how = (
        f"Trays of {_PARTS * _PARTS} rendered parts, {_SIDE} px a side, {_REFERENCES} references, {pictures} good "
        f"pictures and the same with one drawn anomaly of {_ANOMALY_PX} px (contrast {_CONTRAST:g}) each. Milliseconds "
        f"of a processor a picture, decoding left out. `python -m tools.bench.large_pictures`, {this_machine()}."
    )
    replace_section(PAGE, TITLE, f"{how}\n\n{markdown_table(header, rows)}")


def _tray(number: int) -> Picture:
    rng = np.random.default_rng((7, number))
    category = load_category(resource_path("demo", "bracket"))
    parts = [*category.references, *(test.path for test in category.tests if not test.anomalous)]
    side = _SIDE // _PARTS
    small = [cv2.resize(read_image(path).pixels, (side, side), interpolation=cv2.INTER_AREA) for path in parts]
    rows = [np.concatenate([small[at] for at in rng.integers(0, len(small), _PARTS)], axis=1) for _ in range(_PARTS)]
    light = rng.normal(0.0, 1.5, (_SIDE, _SIDE, 3)) + rng.uniform(-3.0, 3.0)
    return np.clip(np.rint(np.concatenate(rows, axis=0) + light), 0, 255).astype(np.uint8)


def _spoiled(tray: Picture, number: int) -> tuple[Picture, NDArray[np.bool_]]:
    kinds = list(SyntheticKind)
    drawn = draw(tray, kinds[number % len(kinds)], _ANOMALY_PX, _CONTRAST, np.random.default_rng((8, number)))
    return drawn.pixels, drawn.mask


def _outcome(
    eyes: Eyes,
    references: Sequence[Picture],
    good: Sequence[Picture],
    bad: Sequence[tuple[Picture, NDArray[np.bool_]]],
) -> _Outcome:
    images = [SourceImage(f"{at}.png", b"", f"{at}", pixels, datetime.now(UTC)) for at, pixels in enumerate(references)]
    engine = load_engine("compact", "cpu")
    draft = ProductDraft(
        ProductDescription("tray", "tray"),
        (AnomalyType("scratch"),),
        tuple(Reference(image.image_hash, image.name) for image in images),
        eyes=eyes,
    )
    detector = engine.detector(draft.recipe(_LIMITS, engine.model_hash_for(eyes)), images)
    scores: list[list[float]] = [[], []]
    hits, seconds = [], []
    for pixels, mask in [*((picture, None) for picture in good), *bad]:
        spent = time.process_time()
        prediction = detector.predict(pixels)
        seconds.append(time.process_time() - spent)
        scores[mask is not None].append(prediction.image_score)
        if mask is not None:
            hits.append(_is_highest(prediction.anomaly_map, mask))
    return _Outcome(scores[0], scores[1], hits, statistics.median(seconds))


def _is_highest(anomaly_map: NDArray[np.float32], mask: NDArray[np.bool_]) -> bool:
    """Whether the map is highest within a part's quarter of the anomaly."""
    near = _SIDE // _PARTS // 4
    row, column = np.unravel_index(int(anomaly_map.argmax()), anomaly_map.shape)
    scale = mask.shape[0] / anomaly_map.shape[0]
    rows, columns = np.nonzero(mask)
    return bool(np.hypot(rows.mean() - row * scale, columns.mean() - column * scale) <= near)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=16)
    main(parser.parse_args().pictures)
