"""The other end of :mod:`filo_core.imaging.decoders`: decodes what it is sent, with a bound on its memory.

Started as ``python -m filo_core.imaging.decoder_process BYTES``. It reads requests from its standard input and writes
answers to its standard output until that ends: a frame is its length as 8 bytes, then its content. A request is the
largest number of pixels as 8 bytes, then the file. An answer is JSON, then, for a picture, a frame with its pixels.
"""

from __future__ import annotations

import io
import json
import logging
import os
import struct
import sys
import warnings
from typing import IO

from filo_core.imaging.decoding import decode
from filo_core.imaging.limits import DecodingLimits
from filo_core.imaging.refusals import RefusalError

LENGTH = struct.Struct("<q")
_THREADS = 2


def read_frame(stream: IO[bytes]) -> bytes:
    """The next frame.

    Raises:
        EOFError: if there is none.
    """
    begun = stream.read(LENGTH.size)
    if len(begun) < LENGTH.size:
        raise EOFError
    (size,) = LENGTH.unpack(begun)
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content


def write_frame(stream: IO[bytes], *parts: bytes | memoryview) -> None:
    """Write ``parts`` as one frame."""
    stream.write(LENGTH.pack(sum(len(part) for part in parts)))
    for part in parts:
        stream.write(part)
    stream.flush()


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Decode until there are no more requests."""
    while True:
        try:
            request = read_frame(requests)
        except EOFError:
            return
        except MemoryError:
            # The file itself does not fit; what is left of it cannot be read past.
            return
        _answer(request, answers)
        del request


def _answer(request: bytes, answers: IO[bytes]) -> None:
    (max_pixels,) = LENGTH.unpack_from(request)
    try:
        pixels = decode(request[LENGTH.size :], DecodingLimits(max_pixels))
    except RefusalError as refusal:
        write_frame(answers, json.dumps({"reason": refusal.reason, "remedy": refusal.remedy}).encode())
        return
    write_frame(answers, json.dumps({"shape": pixels.shape}).encode())
    write_frame(answers, pixels.data.cast("B"))


def bound_memory(size: int) -> None:
    """Let this process take at most ``size`` bytes more than it has taken; no effect where no system call does it."""
    if sys.platform == "win32":
        return
    import resource

    import psutil

    most = psutil.Process().memory_info().vms + size
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main(memory: str) -> None:
    """Serve on the streams this process was started with, within so many bytes."""
    # Libraries print to both streams; answers go through a copy that none of them knows.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    warnings.simplefilter("ignore")
    logging.disable()
    requests = io.BufferedReader(io.FileIO(0, closefd=False))
    # Loaded before the bound: what a program takes for itself is not what a picture takes.
    import imagecodecs
    import pillow_heif
    import simplejpeg
    import tifffile
    from PIL import AvifImagePlugin

    assert all((imagecodecs, simplejpeg, tifffile))
    # Each thread of a machine with many cores takes room that the bound would count.
    pillow_heif.options.DECODE_THREADS = _THREADS
    AvifImagePlugin.DEFAULT_MAX_THREADS = _THREADS
    bound_memory(int(memory))
    serve(requests, answers)


if __name__ == "__main__":
    main(sys.argv[1])
