"""TIFF, in the layouts of :mod:`filo_core.imaging.tiff_layout`."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from filo_core.imaging import jpeg
from filo_core.imaging.limits import refuse_bomb
from filo_core.imaging.refusals import RefusalError, damaged, not_yet, several
from filo_core.imaging.tiff_layout import (
    INKS,
    JPEG,
    LZW,
    MIN_IS_WHITE,
    NONE,
    PACKBITS,
    PALETTE,
    TiffLayout,
    layout_of,
    refuse_raw,
)
from filo_core.imaging.values import eight_bits, eight_bits_of_fractions, on_white, refuse_unknown_depth, upright
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tifffile import TiffFile, TiffPage

    from filo_core.imaging.limits import DecodingLimits

# What an encoder's last bytes may have: LZW ends with a code of its own, and PackBits makes a run of equal bytes short.
_MOST_ZEROS_AT_END = {LZW: 8, PACKBITS: 16}


def decode_tiff(encoded: bytes, limits: DecodingLimits) -> NDArray[np.uint8]:
    """``(H, W, 3)``.

    Raises:
        RefusalError: if it is damaged, or of a layout that is not read.
    """
    import tifffile

    with tifffile.TiffFile(io.BytesIO(encoded), _multifile=False) as file:
        page = file.pages.first
        assert isinstance(page, tifffile.TiffPage), "the first page is never a light one"
        limits.check(page.imagewidth, page.imagelength)
        refuse_raw(page, frozenset(file.flags))
        _refuse_several(file, page)
        layout = layout_of(page)
        _check_segments(page, layout, encoded)
        unpacked = page.imagewidth * page.imagelength
        refuse_bomb(page.imagewidth, page.imagelength, max(1, layout.samples * layout.bits // 8), len(encoded))
        rgb = _rgb_of(_values_of(page, layout, unpacked), layout, page)
    return upright(rgb, layout.orientation)


def _refuse_several(file: TiffFile, page: TiffPage) -> None:
    pages = len(file.pages)
    if pages > 1:
        raise several(pages)
    if {"imagej", "shaped"} & set(file.flags):
        # They keep further pictures behind the first without a page of their own.
        pictures = sum(series.size for series in file.series) // max(1, page.size)
        if pictures > 1:
            raise several(pictures)


def _check_segments(page: TiffPage, layout: TiffLayout, encoded: bytes) -> None:
    """Look whether every strip or tile is there; the reader fills in missing ones."""
    across, down = -(-page.imagewidth // _width_of(page)), -(-page.imagelength // _rows_of(page))
    wanted = across * down * (layout.samples if layout.is_planar else 1)
    offsets, counts = page.dataoffsets, page.databytecounts
    if len(offsets) < wanted or len(counts) < wanted:
        raise damaged(
            Sentence(
                "{wanted} of its {wanted_2} strips or tiles are missing",
                wanted=wanted - min(len(offsets), len(counts)),
                wanted_2=wanted,
            )
        )
    for index in range(wanted):
        offset, count = offsets[index], counts[index]
        if not offset and not count:
            raise not_yet("TIFF", Sentence("it leaves a part of its picture empty"))
        if not count or offset + count > len(encoded):
            raise damaged(Sentence("its pixels end too early"))
        _check_segment(page, layout, index % down if across == 1 else 0, encoded[offset : offset + count])


def _check_segment(page: TiffPage, layout: TiffLayout, place: int, segment: bytes) -> None:
    if layout.compression == NONE:
        rows = _rows_of(page)
        rows = rows if page.is_tiled else min(rows, page.imagelength - place * rows)
        samples = 1 if layout.is_planar else layout.samples
        values = _width_of(page) * samples
        needed = rows * -(-values * layout.bits // 8)
        if len(segment) < needed:
            raise damaged(Sentence("its pixels end too early"))
        if layout.bits % 8 and len(segment) != needed and len(segment) == rows * values * 2:
            raise not_yet(
                "TIFF",
                Sentence("{bits}-bit values that are not packed", bits=layout.bits),
                Sentence("Save it with 8 or 16 bits a value."),
            )
    elif layout.compression == JPEG and layout.bits == 8:
        tables = page.jpegtables
        whole = segment if tables is None else tables[:-2] + segment[2:]
        header = jpeg.header_of(whole)
        if not header.ends or not header.is_complete:
            raise damaged(Sentence("its end is missing"))
        jpeg.check_jpeg(whole, "RGB" if len(header.components) == 3 else "GRAY")
    most = _MOST_ZEROS_AT_END.get(layout.compression)
    if most is not None and len(segment) - len(segment.rstrip(b"\0")) > most:
        raise damaged(Sentence("a part of it holds only zeros"))


def _width_of(page: TiffPage) -> int:
    return max(1, int(page.tilewidth if page.is_tiled else page.imagewidth))


def _rows_of(page: TiffPage) -> int:
    return max(1, int(page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)))


def _values_of(page: TiffPage, layout: TiffLayout, pixels: int) -> NDArray[Any]:
    """``(H, W, samples)`` as they are in the file."""
    planes = page.asarray(squeeze=False, maxworkers=1)
    # Planes, depth, rows, columns, samples.
    values = np.moveaxis(planes[:, 0], 0, 2)[..., 0] if layout.is_planar else planes[0, 0]
    if values.size != pixels * layout.samples:
        raise damaged()
    # Single bits come as truth values, by which a palette would be masked instead of looked up.
    return values.astype(np.uint8) if values.dtype == bool else values


def _rgb_of(values: NDArray[Any], layout: TiffLayout, page: TiffPage) -> NDArray[np.uint8]:
    if layout.photometric == PALETTE:
        return _coloured(values[..., 0], page)
    scaled = eight_bits_of_fractions(values) if layout.is_float else _scaled(values, layout)
    colours = scaled[..., : layout.colours]
    if layout.photometric == MIN_IS_WHITE:
        colours = 255 - colours
    if layout.photometric == INKS:
        return np.array(Image.fromarray(np.ascontiguousarray(colours), "CMYK").convert("RGB"))
    rgb = np.repeat(colours, 3, axis=2) if layout.colours == 1 else colours
    return _laid_on_white(rgb, scaled[..., layout.colours], layout) if layout.has_alpha else rgb


def _scaled(values: NDArray[Any], layout: TiffLayout) -> NDArray[np.uint8]:
    bits = layout.white_bits
    if bits != layout.bits and values.max(initial=0) >> bits:
        # What it calls its largest value is not.
        bits = layout.bits
    scaled = eight_bits(values, bits)
    if bits == 16 and layout.photometric != INKS:
        refuse_unknown_depth(scaled[..., : layout.colours])
    return scaled


def _laid_on_white(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8], layout: TiffLayout) -> NDArray[np.uint8]:
    if not layout.alpha_is_stated:
        if alpha.min(initial=255) < 255:
            raise not_yet("TIFF", Sentence("it does not say whether its fourth channel is transparency"))
        return rgb
    return on_white(rgb, alpha, premultiplied=layout.premultiplied)


def _coloured(numbers: NDArray[Any], page: TiffPage) -> NDArray[np.uint8]:
    palette = page.colormap
    if palette is None or palette.shape[0] != 3 or numbers.max(initial=0) >= palette.shape[1]:
        raise RefusalError(
            Sentence("has colours that are not in its palette"), Sentence("Save it as PNG or JPEG, then try again.")
        )
    # Some writers fill the 16-bit entries with 8-bit colours; libtiff tells them like this as well.
    colours = palette if palette.max(initial=0) < 256 else palette >> 8
    return np.ascontiguousarray(colours.T.astype(np.uint8)[numbers])
