"""What every PDF of ours is made of: an A4 page, its text in any script, and the file. Knows no window system."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from textwrap import wrap
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, StyleSheet1, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer

from filo_core.errors import FiloError
from filo_core.resources import resource_path
from filo_core.whole_files import whole_file

logger = logging.getLogger(__name__)

_CHINESE = "STSong-Light"
"""A font that PDF readers have themselves; nothing needs to be installed here."""
_SHIPPED = {"Inter": "Inter-Regular.ttf", "Inter-SemiBold": "Inter-SemiBold.ttf"}
_BAND_HEIGHT, _BAND_EDGE, _BELOW_BAND = 38 * mm, 4 * mm, 4 * mm
_BAND_GROUND, _GREY = HexColor("#12305c"), HexColor("#555555")
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
            style.fontName = HEADING_FONT if style.fontName.startswith("Helvetica-Bold") else LATIN_FONT
    return styles


LATIN_FONT, HEADING_FONT = _register()
_STYLES = _styles()


@dataclass(frozen=True, slots=True)
class CoverBand:
    """What stands in a band across the top of the first page."""

    title: str
    lines: tuple[str, ...]
    picture: bytes = b""
    """JPEG; empty for none."""


def write_document(
    path: Path,
    title: str,
    story: Iterable[Flowable],
    foot: str = "",
    band: CoverBand | None = None,
    page: str = "",
) -> None:
    """Write pages that hold ``story`` and have ``foot`` at their end; a file that is there is replaced.

    Args:
        path: of the file.
        title: of the document.
        story: what stands on the pages.
        foot: at the end of each.
        band: across the top of the first; none leaves it out.
        page: words with ``{number}`` and ``{pages}``, at the end of each; empty leaves them out.

    Raises:
        FolderError: if the file cannot be written.
    """
    with whole_file(path) as temporary:
        document = SimpleDocTemplate(str(temporary), pagesize=A4, title=title, creator="FiLo Inspector")

        def first(canvas: Canvas, made: SimpleDocTemplate) -> None:
            if band is not None:
                _draw_band(band, canvas)
            _draw_foot(foot, canvas, made)

        room = [Spacer(0, _BAND_HEIGHT - document.topMargin + _BELOW_BAND)] if band is not None else []
        document.build(
            [*room, *story],
            onFirstPage=first,
            onLaterPages=partial(_draw_foot, foot),
            canvasmaker=partial(_NumberedCanvas, page=page),
        )


class _NumberedCanvas(Canvas):  # type: ignore[misc]  # reportlab has no types
    """Writes how many pages there are on each of them, which is known at the end."""

    def __init__(self, *arguments: Any, page: str = "", **named: Any) -> None:
        super().__init__(*arguments, **({"initialFontName": LATIN_FONT} | named))
        self._words = page
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        pages = self._pages
        for number, state in enumerate(pages, start=1):
            self.__dict__.update(state)
            if self._words:
                words = self._words.format(number=number, pages=len(pages))
                self.setFillColor(_GREY)
                size = 1.3 * _FOOT_SIZE
                left = A4[0] - _FOOT_LEFT - _width(words, size, LATIN_FONT)
                _draw_text(self, words, left, _FOOT_TOP + 1.6 * _FOOT_SIZE, size, LATIN_FONT)
            super().showPage()
        super().save()


def _draw_band(band: CoverBand, canvas: Canvas) -> None:
    width, height = A4
    bottom = height - _BAND_HEIGHT
    canvas.saveState()
    canvas.setFillColor(_BAND_GROUND)
    canvas.rect(0, bottom, width, _BAND_HEIGHT, stroke=0, fill=1)
    left, room = _FOOT_LEFT, width - 2 * _FOOT_LEFT
    if band.picture:
        image = ImageReader(io.BytesIO(band.picture))
        pixels = image.getSize()
        scale = (_BAND_HEIGHT - 2 * _BAND_EDGE) / max(pixels)
        drawn = pixels[0] * scale, pixels[1] * scale
        place = width - _FOOT_LEFT - drawn[0], bottom + (_BAND_HEIGHT - drawn[1]) / 2
        canvas.drawImage(image, *place, *drawn)
        room -= drawn[0] + 4 * mm
    canvas.setFillColor(white)
    canvas.setFont(HEADING_FONT, 8)
    canvas.drawString(left, height - 10 * mm, "FiLo Inspector")
    _draw_line(canvas, band.title, left, height - 20 * mm, room, 18, HEADING_FONT)
    for number, line in enumerate(band.lines):
        _draw_line(canvas, line, left, height - 27.5 * mm - number * 5 * mm, room, 9, LATIN_FONT)
    canvas.restoreState()


def _draw_line(canvas: Canvas, text: str, left: float, height: float, room: float, size: float, latin: str) -> None:
    """One line, smaller where it is too long, and cut where it would be too small to read."""
    wide = _width(text, size, latin)
    size = max(6.0, min(size, size * room / wide)) if wide else size
    while text and _width(text, size, latin) > room:
        text = text.rstrip("…")[:-1] + "…"
    _draw_text(canvas, text, left, height, size, latin)


def _pieces(text: str, latin: str) -> list[tuple[str, str]]:
    """A text in pieces, each with a font that has all of its letters."""
    return [("".join(found), latin if is_latin else _CHINESE) for is_latin, found in groupby(text, _is_latin)]


def _width(text: str, size: float, latin: str) -> float:
    return sum(float(pdfmetrics.stringWidth(piece, font, size)) for piece, font in _pieces(text, latin))


def _draw_text(canvas: Canvas, text: str, left: float, height: float, size: float, latin: str) -> None:
    for piece, font in _pieces(text, latin):
        canvas.setFont(font, size)
        canvas.drawString(left, height, piece)
        left += float(pdfmetrics.stringWidth(piece, font, size))


def _draw_foot(foot: str, canvas: Canvas, _document: SimpleDocTemplate) -> None:
    """The head of the record on every page: on paper nobody alters it afterwards."""
    canvas.saveState()
    for number, line in enumerate(wrap(foot, _FOOT_CHARACTERS)):
        _draw_text(canvas, line, _FOOT_LEFT, _FOOT_TOP - number * 1.2 * _FOOT_SIZE, _FOOT_SIZE, LATIN_FONT)
    canvas.restoreState()


def paragraph(text: str, style: str = "BodyText", indent: float = 0.0, **changed: Any) -> Paragraph:
    """``text`` as it is, whatever its script; markup in it is shown, not obeyed. ``changed`` is of its style."""
    changed |= {"leftIndent": indent} if indent else {}
    chosen = _STYLES[style].clone(style, **changed) if changed else _STYLES[style]
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
