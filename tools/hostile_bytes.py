"""Bytes that nobody in his right mind sends: to the Modbus server, to the HTTP trigger, as an image file."""

from __future__ import annotations

import io
import struct

import numpy as np
from hypothesis import strategies as st
from PIL import Image

IMAGE_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF", "PPM")
_BEGINNINGS = (b"", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"\xff\xd8", b"BM", b"RIFF")


def _modbus_frame(body: bytes) -> bytes:
    """A whole frame with a right header, so that the body is what is tried."""
    return struct.pack(">HHHB", 1, 0, len(body) + 1, 1) + body


def http_request(length: bytes, body: bytes, token: str) -> bytes:
    """A request to trigger that is let in; whether length and body are right is the caller's."""
    head = (
        f"POST /trigger HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}"
    )
    return head.encode() + b"\r\nContent-Length: " + length + b"\r\n\r\n" + body


def encoded(file_format: str) -> bytes:
    """A small, noisy RGB picture as a file."""
    noise = np.random.default_rng(3).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, file_format)
    return buffer.getvalue()


@st.composite
def _damaged_images(draw: st.DrawFn) -> bytes:
    data = bytearray(encoded(draw(st.sampled_from(IMAGE_FORMATS))))
    # Headers are where the sizes stand: half of the damage goes there.
    places = st.one_of(st.integers(0, 63), st.integers(0, len(data) - 1))
    for _ in range(draw(st.integers(1, 4))):
        data[draw(places)] ^= draw(st.integers(1, 255))
    if draw(st.booleans()):
        del data[draw(st.integers(1, len(data))) :]
    return bytes(data)


def modbus_bytes() -> st.SearchStrategy[bytes]:
    """Anything, and whole frames whose body is anything."""
    return st.one_of(st.binary(max_size=300), st.binary(min_size=1, max_size=250).map(_modbus_frame))


def http_bytes(token: str) -> st.SearchStrategy[bytes]:
    """Anything, and requests to trigger that are let in, with a length that may be wrong."""
    lengths = st.one_of(st.integers().map(lambda number: str(number).encode()), st.binary(max_size=12))
    return st.one_of(st.binary(max_size=400), st.builds(http_request, lengths, st.binary(max_size=200), st.just(token)))


def image_bytes() -> st.SearchStrategy[bytes]:
    """Anything behind a known beginning, and whole pictures that are damaged and cut."""
    begun = st.builds(lambda start, data: start + data, st.sampled_from(_BEGINNINGS), st.binary(max_size=300))
    return st.one_of(begun, _damaged_images())
