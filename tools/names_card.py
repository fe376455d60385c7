"""Measures the names from words and writes the figures into the compact profile's model card.

``python -m tools.names_card IMAGES --looks FOLDER [--category FOLDER]``: the pictures and the folder of ``train-names``
(what is held out there is measured), and a category with types whose words are known. Only what lies between the two
marks of the card is replaced.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from filo_core.engine import load_engine
from filo_core.eyes.features import unit
from filo_core.imaging import read_image
from filo_core.learning.named_regions import KINDS, find_parts, noise_regions
from filo_core.learning.naming_looks import Looks, read_looks
from filo_core.learning.naming_run import HEAD_NAME, light_eyes
from filo_core.learning.naming_training import GROUPS, figures_of, shares_of
from filo_core.naming.region_features import Nearest, TrunkLook
from filo_core.naming.region_look import CHANNELS, look_at
from filo_core.naming.zero_shot import NamingHead, ZeroShotNames, phrase_shares, read_head
from filo_core.profiles.folders import profile_folder
from filo_core.resources import resource_path
from filo_core.types import ANY_LIMITS, AnomalyType, Eyes, ProductDescription, ProductDraft, Reference, Sight
from tools.markdown import markdown_table, say

CARD = resource_path("models", "compact") / "MODEL_CARD.md"
BEGIN, END = "<!-- names: begin -->", "<!-- names: end -->"
WORDS = {"bent": "bent pin", "missing": "missing component", "scratch": "scratch", "solder": "excess solder"}
"""What a list would say of the types of aws_circuitboard/ir_sensor."""
_NOISE_PARTS = 25
_TIMED = 100
_RADII = (6, 20, 50)
_CELLS, _MAP = 64, 256
_SEED = 77
_REFERENCES = 4


def main(images: Path, looks: Path, category: Path | None) -> None:
    """Measure and rewrite the card."""
    head = read_head(profile_folder("compact") / HEAD_NAME)
    held = read_looks(looks, held_out=True)
    parts = [_held_out(head, held, len(set(read_looks(looks, held_out=False).parts.tolist()))), _noise(head, images)]
    if category is not None:
        parts.append(_real(category))
    parts.append(_cost(head))
    text = CARD.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    body = "\n\n".join(parts)
    CARD.write_text(f"{before}{BEGIN}\n{body}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    say(body)


def _held_out(head: NamingHead, held: Looks, trained_on: int) -> str:
    """Other pictures, other seeds: under the true mask, over all kinds."""
    own = figures_of(head, held)
    shares = shares_of(head, held.looks[held.true_masks])[:, : len(KINDS)]
    kinds = held.kinds[held.true_masks]
    order = np.argsort(-shares, axis=1)
    groups = np.array([list(GROUPS).index(group) for group in head.groups])
    right_group = (groups[order[:, 0]] == groups[kinds]).mean()
    other = figures_of(head, held, found=True)
    rows = []
    for at, kind in enumerate(KINDS):
        own_order = order[kinds == at]
        if len(own_order):
            right = own_order == at
            rows.append([kind.value, str(len(right)), _share(right[:, 0]), _share(right[:, :3].any(axis=1))])
    table = markdown_table(["kind", "regions", "first", "first three"], rows)
    parts = len(set(held.parts.tolist()))
    return (
        f"The head learned from {trained_on} made-up parts and is measured on {parts} of pictures, textures and seeds "
        f"that it never saw: {own.regions} anomalies of {len(rows)} kinds, under their true masks.\n\n"
        f"| | measured | wanted |\n| --- | --- | --- |\n"
        f"| right in the first place | {own.first:.1%} | 65 % |\n"
        f"| right among the first three | {own.first_three:.1%} | 90 % |\n"
        f"| right broad kind (of {len(GROUPS)}) | {right_group:.1%} | |\n"
        f"| first place, masks as the map finds them or grown | {other.first:.1%} | |\n"
        f"| calibration error of the shares | {own.calibration_error:.3f} | 0.1 |\n"
        f"| false regions of good parts and of noise that reach the floor of {head.floor:.2f} | {own.good_named:.1%} "
        f"| 10 % |\n\n"
        f"{table}"
    )


def _noise(head: NamingHead, images: Path) -> str:
    """Regions on pictures of noise, named with the built-in list of a generic part."""
    eye = light_eyes(Path())[0]
    drawn = noise_regions(find_parts(images, held_out=True), eye, eye.side, (_SEED,))
    regions = [one for part in islice(drawn, _NOISE_PARTS) for one in part]
    names = ZeroShotNames(head, KINDS, phrase_shares(_first_captions(head), head.captions_of_kinds))
    named = Counter(names.name(one.look).name != "unknown" for one in regions)
    return (
        f"Regions of pictures of noise that are named, one phrase a kind on the list: {named[True]} of {len(regions)}."
    )


def _first_captions(head: NamingHead) -> NDArray[np.float32]:
    """The plainest caption of each kind."""
    return np.stack([own[0] for own in head.captions_of_kinds])


def _real(category: Path) -> str:
    """Real defects under their true masks, named from words alone."""
    engine = load_engine("compact", "cpu")
    eyes = Eyes(Sight.FAST)
    goods = sorted((category / "train" / "good").iterdir())
    images = [read_image(path) for path in goods[:: max(1, len(goods) // _REFERENCES)][:_REFERENCES]]
    types = tuple(AnomalyType(word) for word in WORDS.values())
    references = tuple(Reference(image.image_hash, image.name) for image in images)
    draft = ProductDraft(ProductDescription("measured", "sensor board"), types, references, eyes=eyes)
    detector = engine.detector(draft.recipe(ANY_LIMITS, engine.model_hash_for(eyes)), images)
    rows, rates = [], []
    for name, word in WORDS.items():
        first: Counter[str] = Counter()
        for path in sorted((category / "test" / name).iterdir()):
            mask = cv2.imread(str(category / "ground_truth" / name / f"{path.stem}_mask.png"), cv2.IMREAD_GRAYSCALE)
            if mask is None or not mask.any():
                continue
            named = detector.named(read_image(path).pixels, mask > 0)
            first[named.shares[0].name] += 1
        total = sum(first.values())
        rates.append(first[word] / max(total, 1))
        rows.append([name, word, str(total), f"{rates[-1]:.0%}", ", ".join(f"{n} {c}" for n, c in first.most_common())])
    chance, balanced = 1 / len(WORDS), float(np.mean(rates))
    table = markdown_table(["type", "phrase", "images", "first", "first places"], rows)
    return (
        f"{category.parent.name}/{category.name}, {_REFERENCES} references, eyes `{eyes.words}`, true masks, phrases "
        f"alone: {balanced:.1%} balanced, {balanced / chance:.2f} times chance (wanted: 1.5).\n\n{table}"
    )


def _cost(head: NamingHead) -> str:
    """Processor time of naming one region, on grids of the usual eyes."""
    names = ZeroShotNames(head, KINDS, phrase_shares(_first_captions(head), head.captions_of_kinds))
    rng = np.random.default_rng(_SEED)
    stored = [_directions(rng, _CELLS * _CELLS) for _ in range(_REFERENCES)]
    index = rng.integers(0, len(stored) * len(stored[0]), _CELLS * _CELLS)
    seen = TrunkLook(_directions(rng, _CELLS, _CELLS), Nearest(stored, index))
    place = _directions(rng, _CELLS, _CELLS)
    costs = []
    for radius in _RADII:
        disc = np.zeros((_MAP, _MAP), np.uint8)
        cv2.circle(disc, (_MAP // 2, _MAP // 2), radius, 1, -1)
        mask = disc.astype(bool)
        begun = time.process_time()
        for _ in range(_TIMED):
            names.name(look_at(mask, seen, place))
        costs.append(1000 * (time.process_time() - begun) / _TIMED)
    said = ", ".join(f"{cost:.2f} ms of radius {radius}" for cost, radius in zip(costs, _RADII, strict=True))
    where = f"{platform.machine()}, {_REFERENCES} references, {_CELLS} x {_CELLS} cells, map of {_MAP} x {_MAP}"
    return f"Naming a round region costs, of a processor ({where}): {said}; wanted: 2 ms."


def _directions(rng: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    return unit(rng.standard_normal((*shape, CHANNELS)).astype(np.float32))


def _share(right: NDArray[np.bool_]) -> str:
    return f"{float(right.mean()):.0%}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--looks", type=Path, default=Path("names-looks"))
    parser.add_argument("--category", type=Path, default=None)
    typed = parser.parse_args()
    main(typed.images, typed.looks, typed.category)
