"""What every PDF of ours is made of: an A4 page, its text in any script, and the file. Knows no window system."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from textwrap import wrap
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, StyleSheet1, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate

from filo_core.errors import FiloError
from filo_core.resources import resource_path
from filo_core.whole_files import whole_file

logger = logging.getLogger(__name__)

_CHINESE = "STSong-Light"
"""A font that PDF readers have themselves; nothing needs to be installed here."""
_SHIPPED = {"Inter": "Inter-Regular.ttf", "Inter-SemiBold": "Inter-SemiBold.ttf"}
_FOOT_SIZE, _FOOT_CHARACTERS, _FOOT_LEFT, _FOOT_TOP = 6, 130, 25 * mm, 15 * mm
_IN_HELVETICA = re.compile(r"[\x20-\x7e\xa0-\xff…–\u0391-\u03a9α-ω≤≥]")
"""What PDF's standard fonts have, Symbol among them."""


def _register() -> tuple[str, str]:
    """The fonts for text and for headings: the window's own, in the file as far as it is used; without it Helvetica."""
    pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))
    try:
        for name, file in _SHIPPED.items():
            pdfmetrics.registerFont(TTFont(name, str(resource_path("fonts", file))))
    except (FiloError, TTFError, OSError) as error:
        logger.warning("PDFs are written in Helvetica: %s", error)
        return "Helvetica", "Helvetica-Bold"
    text, headings = _SHIPPED
    pdfmetrics.registerFontFamily(text, text, headings, text, headings)
    return text, headings


def _styles() -> StyleSheet1:
    styles = getSampleStyleSheet()
    for style in styles.byName.values():
        if isinstance(style, ParagraphStyle):
            style.fontName = _HEADING_FONT if style.fontName.startswith("Helvetica-Bold") else LATIN_FONT
    return styles


LATIN_FONT, _HEADING_FONT = _register()
_STYLES = _styles()


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
    return LATIN_FONT if all(map(_is_latin, text)) else _CHINESE


@cache
def _is_latin(character: str) -> bool:
    font = pdfmetrics.getFont(LATIN_FONT)
    if isinstance(font, TTFont):
        return ord(character) in font.face.charToGlyph
    return _IN_HELVETICA.match(character) is not None


def _with_fonts(text: str) -> str:
    visible = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return "".join(
        escape(piece) if latin else f'<font name="{_CHINESE}">{escape(piece)}</font>'
        for latin, piece in ((latin, "".join(found)) for latin, found in groupby(visible, _is_latin))
    )
