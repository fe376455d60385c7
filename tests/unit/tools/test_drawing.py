from __future__ import annotations

from tools.drawing import PAGE, reduced, with_drawing


def test_an_arrow_that_follows_from_others_is_left_out() -> None:
    edges = {"a": frozenset("bcd"), "b": frozenset("c"), "c": frozenset("d"), "d": frozenset()}
    assert reduced(edges) == {"a": frozenset("b"), "b": frozenset("c"), "c": frozenset("d"), "d": frozenset()}


def test_the_picture_of_the_architecture_is_what_the_code_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_drawing(page) == page, "Who imports whom has changed. Run: make drawing"
