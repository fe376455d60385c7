"""Whether the short cuts change a verdict of the rendered product: ``python -m tools.bench.demo_verdicts``.

Each way sets its own limits from its own leave-one-out scores, as a product does.
"""

from __future__ import annotations

from unittest.mock import patch

from filo_core.benchmark.datasets import load_category
from filo_core.engine import load_engine
from filo_core.events import Calibrated
from filo_core.eyes import search
from filo_core.imaging import read_image
from filo_core.resources import resource_path
from filo_core.trunks.store import TrunkStore
from filo_core.types import Eyes, Sight
from tools.bench.page import PAGE
from tools.bench.product import demo_draft
from tools.markdown import markdown_table, replace_section, say, this_machine

_EYES = (Eyes(Sight.FAST, 256), Eyes())
_ALL = 1 << 60


def main() -> None:
    """Compare both ways and rewrite the section."""
    rows = []
    for eyes in _EYES:
        after = _verdicts(eyes)
        with patch.object(search, "FEW", _ALL), patch.object(TrunkStore, "cpu_graph", TrunkStore.graph):
            before = _verdicts(eyes)
        equal = sum(one == other for one, other in zip(before, after, strict=True))
        rows.append([f"`{eyes.words}`", f"{equal} of {len(before)}"])
        say(" ".join(rows[-1]))
    how = (
        f"Exact beside what runs, each with limits of its own. `python -m tools.bench.demo_verdicts`, {this_machine()}."
    )
    table = markdown_table(["eyes", "verdicts that are equal"], rows)
    replace_section(PAGE, "Verdicts of the rendered product", f"{how}\n\n{table}")


def _verdicts(eyes: Eyes) -> list[str]:
    engine = load_engine("compact", "cpu")
    draft, images = demo_draft(eyes)
    limits = next(event.limits for event in engine.calibrate(draft, images) if isinstance(event, Calibrated))
    detector = engine.detector(draft.recipe(limits, engine.model_hash_for(eyes)), images)
    tests = load_category(resource_path("demo", "bracket")).tests
    return [limits.verdict(detector.predict(read_image(test.path).pixels).image_score) for test in tests]


if __name__ == "__main__":
    main()
