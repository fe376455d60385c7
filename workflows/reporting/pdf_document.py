"""What every PDF of ours is made of: an A4 page, its text in any script, and the file. Knows no window system."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from textwrap import wrap
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate

from filo_core.whole_files import whole_file

LATIN_FONT = "Helvetica"
_CHINESE = "STSong-Light"
"""A font that PDF readers have themselves; nothing needs to be installed here."""
_FOOT_SIZE, _FOOT_CHARACTERS, _FOOT_LEFT, _FOOT_TOP = 6, 130, 25 * mm, 15 * mm
_STYLES = getSampleStyleSheet()
_FOREIGN = re.compile(r"([^\x20-\x7e\xa0-\xff…–\u0391-\u03a9α-ω≤≥]+)")
"""What the standard fonts, Symbol among them, lack."""

pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))


def write_document(path: Path, title: str, story: Iterable[Flowable], foot: str = "") -> None:
    """Write pages that hold ``story`` and have ``foot`` at their end; a file that is there is replaced.

    Raises:
        FolderError: if the file cannot be written.
    """
    with whole_file(path) as temporary:
        document = SimpleDocTemplate(str(temporary), pagesize=A4, title=title, creator="FiLo Inspector")
        draw = partial(_draw_foot, foot)
        document.build(list(story), onFirstPage=draw, onLaterPages=draw)


def _draw_foot(foot: str, canvas: Canvas, _document: SimpleDocTemplate) -> None:
    """The head of the record on every page: on paper nobody alters it afterwards."""
    canvas.saveState()
    canvas.setFont(LATIN_FONT, _FOOT_SIZE)
    for number, line in enumerate(wrap(foot, _FOOT_CHARACTERS)):
        canvas.drawString(_FOOT_LEFT, _FOOT_TOP - number * 1.2 * _FOOT_SIZE, line)
    canvas.restoreState()


def paragraph(text: str, style: str = "BodyText", indent: float = 0.0) -> Paragraph:
    """``text`` as it is, whatever its script; markup in it is shown, not obeyed."""
    chosen = _STYLES[style].clone(style, leftIndent=indent) if indent else _STYLES[style]
    return Paragraph(_with_fonts(text), chosen)


def font_of(text: str) -> str:
    """The font that has every character of ``text``, for where only one can be set."""
    return _CHINESE if _FOREIGN.search(text) else LATIN_FONT


def _with_fonts(text: str) -> str:
    visible = "".join(character if character.isprintable() else "\ufffd" for character in text)
    # Every other piece is what the pattern caught.
    return "".join(
        f'<font name="{_CHINESE}">{escape(piece)}</font>' if caught % 2 else escape(piece)
        for caught, piece in enumerate(_FOREIGN.split(visible))
    )
