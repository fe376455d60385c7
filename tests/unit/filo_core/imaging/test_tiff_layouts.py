"""Every layout on the list against values written by another hand; every other layout refused, and not as damaged."""

from __future__ import annotations

import io
import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from filo_core.imaging.decoding import decode
from filo_core.imaging.limits import DecodingLimits
from filo_core.imaging.refusals import RefusalError
from tests.unit.filo_core.imaging.tiffs import COMPRESSIONS, Tiff

LIMITS = DecodingLimits(1_000_000)
HEIGHT, WIDTH = 33, 46
RANDOM = np.random.default_rng(5)
SAMPLES = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3}
BITS = (1, 2, 4, 8, 10, 12, 14, 16)
PALETTE = RANDOM.integers(0, 65536, (3, 256))


def values_of(bits: int, samples: int) -> NDArray[Any]:
    """Anything from black to white."""
    values = RANDOM.integers(0, 1 << bits, (HEIGHT, WIDTH, samples))
    values[0, 0], values[0, 1] = 0, (1 << bits) - 1
    return values.astype(np.uint8 if bits <= 8 else np.uint16)


def smooth(samples: int) -> NDArray[np.uint8]:
    """What JPEG keeps."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    planes = (columns / (WIDTH - 1), rows / (HEIGHT - 1), (rows + columns) / (HEIGHT + WIDTH - 2))
    return np.rint(255 * np.stack(planes[:samples], axis=-1)).astype(np.uint8)


def expected(values: NDArray[Any], bits: int, photometric: int) -> NDArray[np.int64]:
    """RGB by the rules, in plain numbers."""
    numbers = values.astype(np.int64)
    scaled = numbers >> (bits - 8) if bits > 8 else numbers * 255 // ((1 << bits) - 1)
    if photometric == 3:
        return (PALETTE[:, : 1 << bits] >> 8).T[values[..., 0]]
    if photometric == 5:
        return np.rint((255 - scaled[..., :3]) * (255 - scaled[..., 3:]) / 255).astype(np.int64)
    scaled = 255 - scaled if photometric == 0 else scaled
    return np.repeat(scaled, 3 // scaled.shape[2], axis=2)


def tags_of(photometric: int, bits: int) -> dict[int, tuple[int, tuple[int, ...]]]:
    return {320: (3, tuple(int(entry) for entry in PALETTE[:, : 1 << bits].ravel()))} if photometric == 3 else {}


def worst(data: bytes, wanted: NDArray[Any]) -> int:
    """Largest difference to what is wanted, in grey values."""
    pixels = decode(data, LIMITS)
    assert pixels.shape == wanted.shape
    return int(np.abs(pixels.astype(np.int64) - wanted).max())


def refused(data: bytes) -> str:
    with pytest.raises(RefusalError) as caught:
        decode(data, LIMITS)
    return caught.value.reason


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("photometric", [0, 1, 2, 3, 5])
def test_each_layout_gives_the_values_that_were_written(compression: str, photometric: int) -> None:
    read = 0
    for bits, planar, order, tile, big in itertools.product(BITS, (False, True), "<>", (0, 16), (False, True)):
        samples = SAMPLES[photometric]
        if (bits > 8 and photometric == 3) or (bits not in {8, 16} and photometric == 5) or (planar and samples == 1):
            continue
        if (bits < 8 and photometric == 2) or (bits in {10, 12, 14} and order == ">"):
            continue
        values = values_of(bits, samples)
        layout = Tiff(
            bits, photometric, planar, compression, order, tile, 10, big, tags=tags_of(photometric, bits)
        )  # fmt: skip
        difference = worst(layout.of(values), expected(values, bits, photometric))
        assert difference <= (photometric == 5), layout
        read += 1
    assert read >= 16


@pytest.mark.parametrize("compression", ["lzw", "deflate", "zstd", "lzma"])
@pytest.mark.parametrize("photometric", [0, 1, 2])
def test_horizontal_differences_are_undone(compression: str, photometric: int) -> None:
    for bits, planar, order, tile in itertools.product((8, 16), (False, True), "<>", (0, 16)):
        values = values_of(bits, SAMPLES[photometric])
        layout = Tiff(bits, photometric, planar, compression, order, tile, 10, predictor=2)
        assert worst(layout.of(values), expected(values, bits, photometric)) == 0, layout


@pytest.mark.parametrize("bits", [16, 32, 64])
@pytest.mark.parametrize("photometric", [1, 2])
def test_floating_point_is_black_at_0_and_white_at_1(bits: int, photometric: int) -> None:
    values = smooth(SAMPLES[photometric]) / 255
    for compression, planar, order, tile in itertools.product(("none", "lzw", "deflate"), (False, True), "<>", (0, 16)):
        layout = Tiff(bits, photometric, planar, compression, order, tile, 10, is_float=True)
        assert worst(layout.of(values), np.repeat(np.rint(values * 255), 3 // values.shape[2], axis=2)) == 0, layout


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_floating_point_predictor_is_undone(order: str) -> None:
    values = smooth(3) / 255

    data = Tiff(32, 2, compression="deflate", order=order, rows=10, predictor=3, is_float=True).of(values)

    assert worst(data, np.rint(values * 255)) == 0


@pytest.mark.parametrize("outside", [1.01, -0.01, 255.0, np.nan, np.inf])
def test_floating_point_beyond_black_and_white_is_refused(outside: float) -> None:
    values = smooth(1) / 255
    values[3, 3] = outside

    assert "what is white is not known" in refused(Tiff(32, is_float=True).of(values))


@pytest.mark.parametrize(
    ("compression", "photometric"), [("jpeg", 1), ("jpeg", 6), ("webp", 2), ("jpeg2000", 1), ("jpeg2000", 2)]
)
@pytest.mark.parametrize("tile", [0, 16])
def test_compressions_that_are_pictures_are_read(compression: str, photometric: int, tile: int) -> None:
    values = smooth(SAMPLES[photometric])

    data = Tiff(8, photometric, compression=compression, rows=16, tile=tile).of(values)

    assert worst(data, np.repeat(values, 3 // values.shape[2], axis=2)) <= (12 if compression == "jpeg" else 0)


@pytest.mark.parametrize(("bits", "compression", "tolerance"), [(12, "jpeg12", 4), (16, "jpeg2000", 0)])
def test_jpeg_of_12_and_jpeg_2000_of_16_bits_are_read(bits: int, compression: str, tolerance: int) -> None:
    values = (smooth(1).astype(np.uint16) << (bits - 8)) | 3

    assert worst(Tiff(bits, compression=compression).of(values), expected(values, bits, 1)) <= tolerance


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
@pytest.mark.parametrize("mode", ["1", "1 inverted"])
def test_fax_compressions_give_what_pillow_reads(compression: str, mode: str) -> None:
    grey = ((smooth(1)[..., 0] // 32) % 2 * 255).astype(np.uint8)
    drawn = Image.fromarray(255 - grey if mode != "1" else grey).convert("1")
    buffer = io.BytesIO()
    drawn.save(buffer, "TIFF", compression=compression)

    assert worst(buffer.getvalue(), np.asarray(drawn.convert("RGB")).astype(np.int64)) == 0


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_jpeg_with_coarse_colours_gives_what_libtiff_reads(subsampling: int) -> None:
    tifffile = pytest.importorskip("tifffile")
    steps = [(1, 1), (2, 1), (2, 2)][subsampling]
    for photometric, tile in itertools.product(("rgb", "ycbcr"), (None, (16, 16))):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, smooth(3), photometric=photometric, compression="jpeg", tile=tile, subsampling=steps if photometric == "ycbcr" else None, metadata=None)  # fmt: skip # noqa: E501
        wanted = np.asarray(Image.open(io.BytesIO(buffer.getvalue())).convert("RGB"))
        assert worst(buffer.getvalue(), wanted) == 0, (photometric, tile)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("photometric", [1, 2])
@pytest.mark.parametrize("kind", [1, 2])
def test_transparency_is_laid_on_white_as_it_is_stated(bits: int, planar: bool, photometric: int, kind: int) -> None:
    colours = SAMPLES[photometric]
    values = values_of(8, colours + 1).astype(np.int64)
    alpha = values[..., colours:] / 255
    if kind == 1:
        values[..., :colours] = np.rint(values[..., :colours] * alpha)
    seen = values[..., :colours] if kind == 1 else values[..., :colours] * alpha
    wanted = np.repeat(np.rint(seen + 255 * (1 - alpha)), 3 // colours, axis=2)
    written = (values * 257 if bits == 16 else values).astype(np.uint16 if bits == 16 else np.uint8)

    assert worst(Tiff(bits, photometric, planar, extra=(kind,)).of(written), wanted) <= 1


@pytest.mark.parametrize("extra", [(), (0,)])
def test_a_fourth_channel_of_unknown_meaning_is_read_only_where_it_hides_nothing(extra: tuple[int, ...]) -> None:
    values = values_of(8, 4)
    values[..., 3] = 255
    layout = Tiff(8, 2, extra=extra)
    assert worst(layout.of(values), expected(values[..., :3], 8, 2)) == 0

    values[5, 5, 3] = 254

    assert "whether its fourth channel is transparency" in refused(layout.of(values))


def test_bits_that_were_written_the_other_way_round_are_read() -> None:
    for bits, compression in itertools.product((1, 8, 12, 16), ("none", "deflate", "lzw")):
        values = values_of(bits, 1)
        layout = Tiff(bits, compression=compression, fill_order=2, rows=10)
        assert worst(layout.of(values), expected(values, bits, 1)) == 0, layout


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_applied(orientation: int) -> None:
    values = values_of(8, 3)
    stored = {
        1: values,
        2: values[:, ::-1],
        3: values[::-1, ::-1],
        4: values[::-1],
        5: values.transpose(1, 0, 2),
        6: np.rot90(values, 1),
        7: values[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(values, -1),
    }[orientation]

    data = Tiff(8, 2, tags={274: (3, (orientation,))}).of(np.ascontiguousarray(stored))

    assert worst(data, values) == 0


def test_a_palette_of_8_bit_colours_is_not_black() -> None:
    numbers = values_of(8, 1)
    entries = PALETTE >> 8

    data = Tiff(8, 3, tags={320: (3, tuple(int(entry) for entry in entries.ravel()))}).of(numbers)

    assert worst(data, entries.T[numbers[..., 0]]) == 0


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("tag", [281, 341])
def test_fewer_bits_in_16_bit_words_are_scaled_by_the_white_that_the_file_states(bits: int, tag: int) -> None:
    values = values_of(bits, 1)

    data = Tiff(16, tags={tag: (3, ((1 << bits) - 1,))}).of(values)

    assert worst(data, expected(values, bits, 1)) == 0


@pytest.mark.parametrize("photometric", [0, 1, 2])
@pytest.mark.parametrize("stated", [None, 3871])
def test_16_bit_words_that_may_hold_fewer_bits_are_refused_rather_than_read_as_black(
    photometric: int, stated: int | None
) -> None:
    values = np.minimum(values_of(14, SAMPLES[photometric]), 16383)
    tags = {} if stated is None else {281: (3, (stated,))}

    assert "may come out black" in refused(Tiff(16, photometric, tags=tags).of(values))


def test_a_stated_white_that_a_value_exceeds_counts_for_nothing() -> None:
    values = values_of(16, 1)

    assert worst(Tiff(16, tags={281: (3, (4095,))}).of(values), expected(values, 16, 1)) == 0


def test_every_layout_that_is_not_read_is_called_so_and_none_damaged() -> None:
    grey8, grey16, rgb8 = values_of(8, 1), values_of(16, 1), values_of(8, 3)
    words = np.asarray(values_of(12, 1))
    layouts = {
        "32-bit": Tiff(32).of(grey16.astype(np.uint32)),
        "CIELab": Tiff(8, 8).of(rgb8),
        "YCbCr without JPEG": Tiff(8, 6).of(rgb8),
        "mask": Tiff(1, 4).of(values_of(1, 1)),
        "signed": Tiff(16, tags={339: (3, (2,))}).of(grey16),
        "no stated type": Tiff(8, tags={339: (3, (4,))}).of(grey8),
        "two channels": Tiff(8, extra=(0,)).of(values_of(8, 2)),
        "five channels": Tiff(8, 2, extra=(2, 0)).of(values_of(8, 5)),
        "four inks and more": Tiff(8, 5, extra=(2,)).of(values_of(8, 5)),
        "predictor without compression": Tiff(8, predictor=2).of(grey8),
        "transparent palette": Tiff(8, 3, extra=(2,), tags=tags_of(3, 8)).of(values_of(8, 2)),
        "other inks": Tiff(8, 5, tags={332: (3, (2,))}).of(values_of(8, 4)),
        "float white": Tiff(32, 0, is_float=True).of(grey8 / 255),
        "12 bits in words under a 12-bit tag": Tiff(16, tags={258: (3, (12,))}).of(words),
        "JPEG with inks": Tiff(8, 5, compression="jpeg").of(smooth(3).repeat(2, axis=2)[..., :4]),
        "empty strip": _with_empty_strip(Tiff(8, rows=11).of(grey8)),
    }
    for bits in (10, 12, 14):
        layouts[f"{bits} bits packed in big-endian order"] = Tiff(bits, order=">").of(values_of(bits, 1))
    layouts["1-bit RGB"] = Tiff(1, 2).of(values_of(1, 3))
    layouts["JPEG 2000 in big-endian order"] = Tiff(16, compression="jpeg2000", order=">").of(grey16)
    for number in (6, 32771, 34661, 34887, 34892, 34933, 34934, 50002, 50003, 65000):
        layouts[f"compression {number}"] = Tiff(8, tags={259: (3, (number,))}).of(grey8)

    for name, data in layouts.items():
        reason = refused(data)
        assert "not read yet" in reason, (name, reason)
        assert "damaged" not in reason, (name, reason)


def _with_empty_strip(data: bytes) -> bytes:
    import struct

    offsets = struct.pack("<3I", 8, 8 + 11 * WIDTH, 8 + 22 * WIDTH)
    counts = struct.pack("<3I", *[11 * WIDTH] * 3)
    data = data.replace(offsets, offsets[:4] + bytes(4) + offsets[8:])
    return data.replace(counts, counts[:4] + bytes(4) + counts[8:])


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("tile", [0, 16])
def test_a_tiff_whose_pixels_are_missing_is_damaged(compression: str, tile: int) -> None:
    # The directory stands behind the pixels here, so they are cut out in front of it.
    data = Tiff(8, 2, compression=compression, tile=tile, rows=10).of(values_of(8, 3))
    directory = int.from_bytes(data[4:8], "little")
    hole = data[: directory // 2] + bytes(directory - directory // 2) + data[directory:]

    assert "damaged" in refused(data[: len(data) // 2])
    if compression != "none":
        assert "damaged" in refused(hole)


@pytest.mark.parametrize("kind", ["pages", "ImageJ", "without pages"])
def test_several_pictures_in_one_file_are_refused_however_they_are_kept(kind: str) -> None:
    tifffile = pytest.importorskip("tifffile")
    pictures = np.stack([values_of(8, 1)[..., 0]] * 3)
    options = {"pages": {"metadata": None}, "ImageJ": {"imagej": True}, "without pages": {"truncate": True}}[kind]
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pictures, photometric="minisblack", **options)

    assert "holds 3 frames or pages" in refused(buffer.getvalue())


@pytest.mark.parametrize("photometric", [32803, 34892])
def test_a_cameras_raw_file_is_refused_by_its_name(photometric: int) -> None:
    assert "camera's raw file" in refused(Tiff(16, photometric).of(values_of(16, 1)))
    assert "DNG" in refused(Tiff(16, tags={50706: (1, (1, 4, 0, 0))}).of(values_of(16, 1)))
