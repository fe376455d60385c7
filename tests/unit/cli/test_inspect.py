"""What ``main.py inspect`` says of a picture without a verdict."""

from __future__ import annotations

from cli.inspect import why_not


def test_a_picture_without_a_verdict_is_named_once() -> None:
    dark = "The picture is too dark to be judged. Look at the light."
    assert why_not("night/7.png", dark) == f"night/7.png: {dark}"
    assert why_not("7.png", "7.png is cut short. Copy it again.") == "7.png is cut short. Copy it again."
