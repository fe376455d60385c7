"""Telling a full graphics card from every other error."""

from __future__ import annotations


def is_out_of_memory(error: RuntimeError) -> bool:
    """True for torch's error of a full graphics card, whichever version raises it; loads no torch."""
    return type(error).__name__ == "OutOfMemoryError" or "out of memory" in str(error).lower()
