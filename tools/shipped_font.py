"""Cuts the letters of the window and of PDFs from the font Inter: ``python -m tools.shipped_font INTER.ttf``.

What it reads is the variable font of the package ``fontpkg-inter`` (``resources/fonts/README.md`` names the version
and its hash). What it writes are two fonts of one weight each, which every reader of fonts knows how to use, Qt and the
maker of PDFs among them. Their usual figures are the tabular ones, so that numbers stand below each other in tables and
do not tremble while they count, and nothing replaces letters by others: ``a->b`` in a file's name stays what it is.
"""

from __future__ import annotations

import hashlib
import sys
from io import BytesIO
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "resources" / "fonts"
WEIGHTS = {"Regular": 400, "SemiBold": 600}
_TEXT_SIZE = 14
"""The optical size: the sturdier shapes, for text."""
_KEPT_FEATURES = ("kern", "mark", "mkmk", "ccmp", "locl")


def cut(source: Path, folder: Path) -> dict[str, str]:
    """Write both fonts; back come their SHA-256 by file name."""
    return {name: _cut_one(source, folder / name, weight) for name, weight in _names().items()}


def _names() -> dict[str, int]:
    return {f"Inter-{style}.ttf": weight for style, weight in WEIGHTS.items()}


def _cut_one(source: Path, target: Path, weight: int) -> str:
    font = TTFont(source, recalcTimestamp=False)
    font = instantiateVariableFont(font, {"wght": weight, "opsz": _TEXT_SIZE}, updateFontNames=True)
    _take_tabular_figures(font)
    # Written once and read again: only what is used then is subset.
    buffer = BytesIO()
    font.save(buffer)
    font = TTFont(BytesIO(buffer.getvalue()), recalcTimestamp=False)
    options = Options()
    options.layout_features = list(_KEPT_FEATURES)
    options.name_IDs = ["*"]
    options.notdef_outline = True
    options.recalc_timestamp = False
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=list(font.getBestCmap()))
    subsetter.subset(font)
    font.save(target)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def _take_tabular_figures(font: TTFont) -> None:
    """The figures that the feature ``tnum`` would choose are the usual ones."""
    tables = font["GSUB"].table
    wanted = {index for one in tables.FeatureList.FeatureRecord if one.FeatureTag == "tnum"
              for index in one.Feature.LookupListIndex}  # fmt: skip
    tabular: dict[str, str] = {}
    for index in wanted:
        for part in tables.LookupList.Lookup[index].SubTable:
            tabular |= getattr(part, "ExtSubTable", part).mapping
    figures = {ord(figure) for figure in "0123456789"}
    for table in font["cmap"].tables:
        for code in figures & set(table.cmap):
            # Tables of the same content are one and the same object.
            table.cmap[code] = tabular.get(table.cmap[code], table.cmap[code])


def main() -> int:
    """``shipped_font INTER.ttf``."""
    for name, hashed in cut(Path(sys.argv[1]), FOLDER).items():
        print(f"{hashed}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
