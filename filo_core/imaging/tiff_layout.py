"""Which TIFF files are read: an allow-list of layouts, each of which a test holds against an independent reader.

A TIFF says how its pixels are laid out in some twenty numbers, and readers pass over the ones they do not know. So
whatever is not on the list is refused, and called what it is: a kind that is not read yet, never damaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filo_core.imaging.refusals import RefusalError, damaged, not_yet
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from tifffile import TiffPage

MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, INKS, YCBCR = 0, 1, 2, 3, 5, 6
NONE, CCITT, LZW, JPEG, PACKBITS, WEBP, JPEG2000 = 1, (2, 3, 4), 5, 7, 32773, 50001, 34712
_DEFLATE, _LZMA, _ZSTD = (8, 32946), 34925, 50000
_UNPACKS_ANYTHING = frozenset({NONE, LZW, PACKBITS, *_DEFLATE, _LZMA, _ZSTD})
_PREDICTED = _UNPACKS_ANYTHING - {NONE, PACKBITS}
_UNSIGNED, _FLOAT = 1, 3
_PREMULTIPLIED, _STRAIGHT = 1, 2
_COLOURS = {MIN_IS_WHITE: 1, MIN_IS_BLACK: 1, RGB: 3, PALETTE: 1, INKS: 4, YCBCR: 3}
_GREY = frozenset({MIN_IS_WHITE, MIN_IS_BLACK})
_PACKED = frozenset({10, 12, 14})
_WORDS = _PACKED | {16}
_BITS = {
    MIN_IS_WHITE: _WORDS | {1, 2, 4, 8},
    MIN_IS_BLACK: _WORDS | {1, 2, 4, 8},
    RGB: _WORDS | {8},
    PALETTE: frozenset({1, 2, 4, 8}),
    INKS: frozenset({8, 16}),
    YCBCR: frozenset({8}),
}
# Photometric interpretations and bits of the compressions that are pictures by themselves.
_PICTURES = {
    **{compression: {(photometric, 1) for photometric in _GREY} for compression in CCITT},
    JPEG: {(MIN_IS_BLACK, 8), (RGB, 8), (YCBCR, 8), (MIN_IS_BLACK, 12)},
    WEBP: {(RGB, 8)},
    JPEG2000: {(MIN_IS_BLACK, 8), (MIN_IS_BLACK, 16), (RGB, 8), (RGB, 16)},
}
_PHOTOMETRIC, _DNG_VERSION, _SUBFILE_TYPE, _ORIENTATION = 262, 50706, 254, 274
_MOSAIC, _LINEAR_RAW = 32803, 34892
_MAX_SAMPLE_VALUES = (281, 341)
_INK_SET = 332
_DEVELOP = Sentence("Develop it first, and save it as PNG or TIFF.")
_REMEDY = Sentence("Save it as PNG, or as TIFF with 8 or 16 bits a value, grey or RGB.")
# Files with many pictures under one header, or with numbers that stand for others.
_SPECIAL = frozenset({"stk", "lsm", "mdgel", "ndpi", "eer", "fluoview", "nih", "sis", "tvips", "scn"})


@dataclass(frozen=True, slots=True)
class TiffLayout:
    """How the pixels of one page are laid out."""

    photometric: int
    bits: int
    samples: int
    is_float: bool
    is_planar: bool
    compression: int
    extra: tuple[int, ...]
    white_bits: int
    """How many of its bits are used, as the file states it; ``bits`` where it states nothing."""
    orientation: int

    @property
    def colours(self) -> int:
        """Samples that are colours."""
        return _COLOURS[self.photometric]

    @property
    def is_picture(self) -> bool:
        """Whether its strips or tiles are pictures by themselves, such as JPEG."""
        return self.compression in _PICTURES

    @property
    def has_alpha(self) -> bool:
        """Whether one more sample follows the colours."""
        return self.samples > self.colours

    @property
    def alpha_is_stated(self) -> bool:
        """Whether the file says that this sample is transparency."""
        return self.extra[:1] in {(_PREMULTIPLIED,), (_STRAIGHT,)}

    @property
    def premultiplied(self) -> bool:
        """Whether the colours were multiplied by it already."""
        return self.extra[:1] == (_PREMULTIPLIED,)

    @property
    def depth_is_stated(self) -> bool:
        """Whether the bits in use are known from the file."""
        return self.bits != 16 or self.white_bits != 16


def refuse_raw(page: TiffPage, flags: frozenset[str]) -> None:
    """Refuse cameras' raw files, of which a reader would hand out the thumbnail in front of the sensor's data.

    Raises:
        RefusalError: if it is one, or another file that only looks like a TIFF.
    """
    if _DNG_VERSION in page.tags:
        raise RefusalError(Sentence("is a camera's raw file (DNG)"), _DEVELOP)
    subfile_type = page.tags.valueof(_SUBFILE_TYPE, 0)
    if _photometric_of(page) in {_MOSAIC, _LINEAR_RAW}:
        raise RefusalError(Sentence("is a camera's raw file"), _DEVELOP)
    if isinstance(subfile_type, int) and subfile_type & 1:
        raise not_yet("TIFF", Sentence("its first page is a preview, as in a camera's raw file"), _DEVELOP)
    special = sorted(_SPECIAL & flags)
    if special:
        raise _refused(Sentence("it is written for a microscope or scanner ({special})", special=special[0].upper()))


def layout_of(page: TiffPage) -> TiffLayout:
    """The layout of a page, if it is on the list.

    Raises:
        RefusalError: if it is not; the reason says what is in the way.
    """
    photometric = _photometric_of(page)
    if photometric not in _COLOURS:
        raise _refused(Sentence("its colours are {photometric}", photometric=_name_of(page.photometric)))
    bits = page.bitspersample
    if not isinstance(bits, int):
        raise _refused(Sentence("its samples have different bits"))
    layout = TiffLayout(
        photometric=photometric,
        bits=bits,
        samples=int(page.samplesperpixel),
        is_float=page.sampleformat == _FLOAT,
        is_planar=page.planarconfig == 2 and page.samplesperpixel > 1,
        compression=int(page.compression),
        extra=tuple(int(kind) for kind in page.extrasamples),
        white_bits=_white_bits(page, bits),
        orientation=_number(page, _ORIENTATION, 1),
    )
    _check_values(page, layout)
    _check_samples(page, layout)
    _check_compression(page, layout)
    return layout


def _check_values(page: TiffPage, layout: TiffLayout) -> None:
    if layout.is_float:
        if layout.bits not in {16, 32, 64} or layout.photometric not in {MIN_IS_BLACK, RGB}:
            raise _refused(Sentence("{bits}-bit floating-point values", bits=layout.bits))
    elif page.sampleformat != _UNSIGNED:
        raise _refused(Sentence("its values are signed, complex or of no stated type"))
    elif layout.bits > 16:
        raise _refused(Sentence("it has {bits}-bit values, of which nobody knows what is white", bits=layout.bits))
    elif layout.bits not in _BITS[layout.photometric]:
        raise _refused(Sentence("{bits} bits a value with such colours", bits=layout.bits))
    elif page.parent.byteorder == ">" and (layout.bits in _PACKED or (layout.bits > 8 and layout.is_picture)):
        # A common writer turns the bytes of such values round before it packs them, and nothing tells its files apart.
        raise _refused(
            Sentence(
                "packed {bits}-bit values in big-endian order, which writers lay out differently", bits=layout.bits
            )
        )


def _check_samples(page: TiffPage, layout: TiffLayout) -> None:
    extra = layout.samples - layout.colours
    if extra < 0:
        raise damaged(Sentence("it has fewer samples than colours"))
    if page.imagedepth > 1 or page.tiledepth > 1:
        raise _refused(Sentence("it is a volume"))
    if layout.photometric == INKS and _number(page, _INK_SET, 1) != 1:
        raise _refused(Sentence("its inks are not cyan, magenta, yellow and black"))
    if not extra:
        return
    grey_channels = layout.photometric in _GREY and not layout.alpha_is_stated
    if extra > 1 or grey_channels or layout.photometric not in {MIN_IS_BLACK, RGB}:
        raise _refused(Sentence("it has {samples} channels a pixel", samples=layout.samples))
    if layout.bits not in {8, 16} and not layout.is_float:
        raise _refused(Sentence("transparency with {bits} bits", bits=layout.bits))


def _check_compression(page: TiffPage, layout: TiffLayout) -> None:
    predictor = int(page.predictor)
    if layout.compression in _UNPACKS_ANYTHING:
        if layout.photometric == YCBCR:
            raise _refused(Sentence("its colours are YCbCr without JPEG"))
        whole = layout.bits in {8, 16} and not layout.is_float
        fine = predictor == 1 or (
            layout.compression in _PREDICTED and ((predictor == 2 and whole) or (predictor == 3 and layout.is_float))
        )
        if not fine:
            raise _refused(Sentence("its predictor does not go with its values and its compression"))
        return
    pictures = _PICTURES.get(layout.compression, set())
    if layout.is_float or (layout.photometric, layout.bits) not in pictures:
        raise _refused(Sentence("it is compressed as {compression}", compression=_name_of(page.compression)))
    if layout.has_alpha or predictor != 1 or (layout.is_planar and layout.compression != JPEG2000):
        raise _refused(
            Sentence(
                "it is compressed as {compression}, by planes or with transparency",
                compression=_name_of(page.compression),
            )
        )


def _white_bits(page: TiffPage, bits: int) -> int:
    """Bits in use of 16-bit words, where the file states a white value that some bits can reach."""
    for tag in _MAX_SAMPLE_VALUES:
        stated = page.tags.valueof(tag)
        white = max(stated) if isinstance(stated, tuple) and stated else stated
        # Others are what the brightest pixel of this very picture has, and must not scale it.
        if bits == 16 and isinstance(white, int) and white in {1023, 4095, 16383}:
            return white.bit_length()
    return bits


def _photometric_of(page: TiffPage) -> int:
    return _number(page, _PHOTOMETRIC, -1)


def _number(page: TiffPage, tag: int, default: int) -> int:
    value: Any = page.tags.valueof(tag, default)
    value = value[0] if isinstance(value, tuple) and value else value
    return int(value) if isinstance(value, int) else default


def _name_of(value: object) -> str:
    name = getattr(value, "name", None)
    return str(name).replace("_", " ") if name else Sentence("number {value}", value=value)


def _refused(why: str) -> RefusalError:
    return not_yet("TIFF", why, _REMEDY)
