"""TIFF files written from nothing but the specification: an independent other end for the reader."""

from __future__ import annotations

import io
import lzma
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIZES = {1: "B", 3: "H", 4: "I", 16: "Q"}


@dataclass(frozen=True)
class Tiff:
    """How the pixels are laid out; the defaults are 8-bit grey in one strip."""

    bits: int = 8
    photometric: int = 1
    planar: bool = False
    compression: str = "none"
    order: str = "<"
    tile: int = 0
    rows: int = 0
    big: bool = False
    extra: tuple[int, ...] = ()
    predictor: int = 1
    is_float: bool = False
    fill_order: int = 1
    tags: dict[int, tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    """More tags: type and values."""

    def of(self, values: NDArray[Any]) -> bytes:
        """A file with ``(H, W, samples)`` values."""
        height, width, samples = values.shape
        planes = [values[..., each : each + 1] for each in range(samples)] if self.planar else [values]
        segments = [self._encoded(part) for plane in planes for part in self._parts(plane)]
        return _file(self, segments, width, height, samples)

    def _parts(self, plane: NDArray[Any]) -> list[NDArray[Any]]:
        height, width, _ = plane.shape
        if not self.tile:
            rows = self.rows or height
            return [plane[row : row + rows] for row in range(0, height, rows)]
        padded = np.pad(plane, ((0, -height % self.tile), (0, -width % self.tile), (0, 0)), mode="edge")
        return [
            padded[row : row + self.tile, column : column + self.tile]
            for row in range(0, height, self.tile)
            for column in range(0, width, self.tile)
        ]

    def _encoded(self, part: NDArray[Any]) -> bytes:
        if self.compression in _PICTURES:
            return _PICTURES[self.compression](part)
        if self.predictor == 2:
            part = np.concatenate([part[:, :1], np.diff(part, axis=1)], axis=1)
        packed = self._packed(part)
        if self.predictor == 3:
            packed = _float_predicted(part)
        compressed = COMPRESSIONS[self.compression][1](packed)
        return (
            np.packbits(np.unpackbits(np.frombuffer(compressed, np.uint8)).reshape(-1, 8)[:, ::-1]).tobytes()
            if (self.fill_order == 2)
            else compressed
        )

    def _packed(self, part: NDArray[Any]) -> bytes:
        if self.is_float:
            return part.astype(f"{self.order}f{self.bits // 8}").tobytes()
        if self.bits in {8, 16, 32}:
            return part.astype(f"{self.order}u{self.bits // 8}").tobytes()
        # Rows begin on a byte; the high bit comes first, whatever the byte order.
        rows = part.reshape(len(part), -1).astype(np.uint32)
        bits = (rows[..., None] >> np.arange(self.bits - 1, -1, -1)) & 1
        return np.packbits(bits.reshape(len(part), -1).astype(np.uint8), axis=1).tobytes()


def _float_predicted(part: NDArray[Any]) -> bytes:
    rows = part.astype(">f4").reshape(len(part), -1)
    samples = part.shape[2]
    bytes_by_weight = rows.view(np.uint8).reshape(len(rows), -1, 4).transpose(0, 2, 1).reshape(len(rows), -1)
    differences = bytes_by_weight.copy()
    differences[:, samples:] -= bytes_by_weight[:, :-samples]
    return differences.tobytes()


def _packbits(data: bytes) -> bytes:
    packed = bytearray()
    for at in range(0, len(data), 128):
        run = data[at : at + 128]
        packed += bytes([len(run) - 1]) + run
    return bytes(packed)


def _lzw(data: bytes) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.lzw_encode(data))


def _zstd(data: bytes) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.zstd_encode(data))


def _jpeg(part: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(part[..., 0] if part.shape[2] == 1 else part))
    if part.shape[2] == 4:
        picture = picture.convert("CMYK")
    picture.save(buffer, "JPEG", quality=95, subsampling=0)
    return buffer.getvalue()


def _jpeg2000(part: NDArray[Any]) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.jpeg2k_encode(np.ascontiguousarray(part), codecformat="j2k", reversible=True, level=0))


def _jpeg12(part: NDArray[Any]) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(part[..., 0]), bitspersample=12, level=98))


def _webp(part: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(part)).save(buffer, "WEBP", lossless=True)
    return buffer.getvalue()


COMPRESSIONS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "none": (1, bytes),
    "lzw": (5, _lzw),
    "deflate": (8, zlib.compress),
    "old deflate": (32946, zlib.compress),
    "packbits": (32773, _packbits),
    "lzma": (34925, lzma.compress),
    "zstd": (50000, _zstd),
}
_PICTURES: dict[str, Callable[[NDArray[Any]], bytes]] = {
    "jpeg": _jpeg,
    "jpeg12": _jpeg12,
    "jpeg2000": _jpeg2000,
    "webp": _webp,
}
_PICTURE_NUMBERS = {"jpeg": 7, "jpeg12": 7, "jpeg2000": 34712, "webp": 50001}


def compression_number(name: str) -> int:
    """As it stands in the tag."""
    return _PICTURE_NUMBERS[name] if name in _PICTURE_NUMBERS else COMPRESSIONS[name][0]


def _file(tiff: Tiff, segments: list[bytes], width: int, height: int, samples: int) -> bytes:
    order, offset_type = tiff.order, 16 if tiff.big else 4
    body = bytearray(16 if tiff.big else 8)
    offsets = []
    for segment in segments:
        offsets.append(len(body))
        body += segment + bytes(len(segment) % 2)
    counts = tuple(len(segment) for segment in segments)
    tags: dict[int, tuple[int, tuple[int, ...]]] = {
        256: (4, (width,)),
        257: (4, (height,)),
        258: (3, (tiff.bits,) * samples),
        259: (3, (compression_number(tiff.compression),)),
        262: (3, (tiff.photometric,)),
        277: (3, (samples,)),
        284: (3, (2 if tiff.planar else 1,)),
    }
    if tiff.tile:
        tags |= {322: (4, (tiff.tile,)), 323: (4, (tiff.tile,)), 324: (offset_type, tuple(offsets)), 325: (4, counts)}
    else:
        tags |= {278: (4, (tiff.rows or height,)), 273: (offset_type, tuple(offsets)), 279: (4, counts)}
    if tiff.predictor != 1:
        tags[317] = 3, (tiff.predictor,)
    if tiff.is_float:
        tags[339] = 3, (3,) * samples
    if tiff.fill_order != 1:
        tags[266] = 3, (tiff.fill_order,)
    if tiff.extra:
        tags[338] = 3, tiff.extra
    tags |= tiff.tags
    directory = _directory(bytearray(body), tags, order, tiff.big)
    begin = struct.pack(f"{order}HHHQ", 43, 8, 0, len(body)) if tiff.big else struct.pack(f"{order}HI", 42, len(body))
    body[: 2 + len(begin)] = (b"II" if order == "<" else b"MM") + begin
    return bytes(body) + directory


def _directory(body: bytearray, tags: dict[int, tuple[int, tuple[int, ...]]], order: str, big: bool) -> bytes:
    room, pointer, entry = (8, "Q", 20) if big else (4, "I", 12)
    head = struct.pack(f"{order}{'Q' if big else 'H'}", len(tags))
    end = len(body) + len(head) + entry * len(tags) + room
    entries, rest = bytearray(), bytearray()
    for tag, (kind, values) in sorted(tags.items()):
        letters = f"{len(values)}{_SIZES[kind]}"
        data = struct.pack(order + letters, *values)
        entries += struct.pack(f"{order}HH{pointer}", tag, kind, len(values))
        if len(data) <= room:
            entries += data.ljust(room, b"\0")
        else:
            entries += struct.pack(f"{order}{pointer}", end + len(rest))
            rest += data + bytes(len(data) % 2)
    return head + bytes(entries) + struct.pack(f"{order}{pointer}", 0) + bytes(rest)
