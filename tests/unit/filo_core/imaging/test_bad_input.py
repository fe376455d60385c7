"""Everything a folder may hold that is not one whole picture. Each test makes its own file."""

from __future__ import annotations

import io
import os
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from PIL import Image

from filo_core.errors import FolderError, UnreadableImageError
from filo_core.imaging import decode_image, list_images, read_image, reading
from tools.hostile_bytes import image_bytes

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF", "PPM")
NOISE = np.random.default_rng(3).integers(0, 256, (32, 48, 3), dtype=np.uint8)


def encoded(file_format: str, image: Image.Image | None = None, **options: Any) -> bytes:
    buffer = io.BytesIO()
    (image or Image.fromarray(NOISE)).save(buffer, file_format, **options)
    return buffer.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A PNG whose header claims a size that its few bytes of data do not hold."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


def refusal(data: bytes, **options: Any) -> str:
    with pytest.raises(UnreadableImageError) as caught:
        decode_image(data, "part.png", **options)
    message = str(caught.value)
    assert message.startswith("part.png: ")
    assert message.endswith(".")
    assert caught.value.remedy in message
    return message


@pytest.fixture
def without_root_rights() -> Iterator[Path]:
    """A folder that others may enter, and a process that may read only what others may."""
    if os.name == "nt":
        pytest.skip("rights work otherwise there")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        is_root = os.geteuid() == 0
        yield folder
        if is_root:
            os.seteuid(0)


def give_up_root() -> None:
    if os.geteuid() == 0:
        os.seteuid(65534)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF", "PPM"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_refused_with_its_name(file_format: str, share: float) -> None:
    data = encoded(file_format)

    assert "cut short or damaged" in refusal(data[: int(len(data) * share)])


def test_a_zero_byte_file_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "empty.png"
    path.touch()

    with pytest.raises(UnreadableImageError, match=r"empty\.png: is empty"):
        read_image(path)


def test_a_file_of_zeros_is_told_from_other_damage() -> None:
    assert "only zeros" in refusal(bytes(4096))


def test_a_text_file_named_png_is_called_text(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("Prüfplan für das Gehäuse\n" * 40, encoding="utf-8")

    with pytest.raises(UnreadableImageError, match=r"notes\.png: holds text"):
        read_image(path)


def test_random_bytes_are_no_picture_in_a_known_format() -> None:
    assert "known format" in refusal(b"\x07\xfe\x01\x99" * 500)


def test_pictures_of_other_programs_are_called_by_their_names() -> None:
    assert "PDF" in refusal(b"%PDF-1.7\n" + bytes(100))
    assert "Photoshop" in refusal(b"8BPS" + bytes(100))


@pytest.mark.parametrize("file_format", ["PNG", "GIF", "WEBP", "TIFF"])
def test_several_frames_or_pages_are_refused_since_none_is_meant(file_format: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]

    message = refusal(encoded(file_format, frames[0], save_all=True, append_images=frames[1:]))

    assert "3 frames or pages" in message
    assert "which one is meant" in message


@pytest.mark.parametrize("file_format", ["GIF", "TIFF", "WEBP"])
def test_a_single_frame_of_a_format_for_several_is_read(file_format: str) -> None:
    assert decode_image(encoded(file_format), "part").pixels.shape == NOISE.shape


def test_a_decompression_bomb_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("decoded"))

    assert "60000 x 60000 pixels, more than" in refusal(png_claiming(60_000, 60_000))
    assert "larger than any image of 1 kB" in refusal(png_claiming(9_000, 9_000))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_an_over_large_image_is_refused_by_its_header_with_both_sizes() -> None:
    message = refusal(png_claiming(12_000, 11_000))

    assert "12000 x 11000" in message
    assert "120,000,000" in message


def test_the_limit_of_pixels_can_be_set_and_is_inclusive() -> None:
    data = encoded("PNG")

    assert decode_image(data, "part", max_pixels=32 * 48).size == (48, 32)
    assert "48 x 32" in refusal(data, max_pixels=32 * 48 - 1)


def test_compressed_notes_that_unpack_without_end_are_refused() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    plain = encoded("PNG")
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9))

    assert "damaged" in refusal(plain[:33] + bomb + plain[33:])


def test_a_file_larger_than_is_ever_read_is_refused_by_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 1 << 20)
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(3 << 20)

    with pytest.raises(UnreadableImageError, match="3 MB large, more than the 1 MB"):
        read_image(path)


@pytest.mark.parametrize("values", [np.full((4, 4), 300, np.float32), np.zeros((4, 4), np.int32)])
def test_values_without_a_full_range_are_refused(values: np.ndarray[Any, Any]) -> None:
    message = refusal(encoded("TIFF", Image.fromarray(values)))

    assert "what is white is not known" in message or "is not read yet" in message
    assert "damaged" not in message


def test_a_cameras_raw_file_is_not_judged_by_its_thumbnail() -> None:
    assert "raw file" in refusal(encoded("TIFF", tiffinfo={254: 1}))
    assert "raw file" in refusal(encoded("TIFF", tiffinfo={50706: b"\1\4\0\0"}))


def test_a_picture_format_that_is_not_used_for_parts_is_refused() -> None:
    assert "known format" in refusal(encoded("ICO", Image.new("RGB", (16, 16))))


def test_a_folder_in_place_of_an_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "folder.png"
    path.mkdir()

    with pytest.raises(UnreadableImageError, match=r"folder\.png: is a folder"):
        read_image(path)


def test_a_missing_file_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"gone\.png: does not exist"):
        read_image(tmp_path / "gone.png")


@pytest.mark.skipif(os.name == "nt", reason="no such files there")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.png"
    os.mkfifo(path)

    with pytest.raises(UnreadableImageError, match="not an ordinary file"):
        read_image(path)


@pytest.mark.skipif(os.name == "nt", reason="other limits there")
def test_a_name_too_long_for_the_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match="too long"):
        read_image(tmp_path / ("x" * 300 + ".png"))


def test_a_name_with_a_zero_character_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match="a name no file can have"):
        read_image(tmp_path / "a\0b.png")


def test_a_file_without_permission_is_refused_with_its_name(without_root_rights: Path) -> None:
    path = without_root_rights / "locked.png"
    path.write_bytes(encoded("PNG"))
    path.chmod(0)
    give_up_root()

    with pytest.raises(UnreadableImageError, match=r"locked\.png: may not be read by this user"):
        read_image(path)


def test_a_folder_inside_that_may_not_be_read_is_not_passed_over(without_root_rights: Path) -> None:
    (without_root_rights / "a.png").write_bytes(encoded("PNG"))
    locked = without_root_rights / "locked"
    locked.mkdir()
    locked.chmod(0)
    give_up_root()

    with pytest.raises(FolderError, match="locked cannot be read"):
        list_images(without_root_rights)


def test_a_folder_behind_a_locked_one_is_refused(without_root_rights: Path) -> None:
    locked = without_root_rights / "locked"
    (locked / "below").mkdir(parents=True)
    locked.chmod(0)
    give_up_root()

    with pytest.raises(FolderError, match="may not be read"):
        list_images(locked / "below")


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=250, deadline=None)
@given(image_bytes())
def test_hostile_bytes_give_a_picture_or_a_refusal_and_nothing_else(data: bytes) -> None:
    try:
        image = decode_image(data, "part", max_pixels=1_000_000)
    except UnreadableImageError as error:
        assert error.reason  # noqa: PT017 both ends are right
    else:
        assert image.pixels.ndim == 3
        assert image.pixels.shape[2] == 3
