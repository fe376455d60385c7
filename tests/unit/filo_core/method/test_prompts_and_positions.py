"""Fixed templates (III-B) and position words (III-C2)."""

import pytest

from filo_core.method.interfaces import GroundingBox
from filo_core.method.positions import position_of, positions_of
from filo_core.method.prompts import (
    NORMAL_STATES,
    anomaly_prompts,
    domains_of,
    generic_anomalous_prompts,
    normal_prompts,
)
from filo_core.types import Position, ProductKind


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (0.0, 0.0, Position.TOP_LEFT),
        (0.5, 0.5, Position.CENTER),
        (1.0, 1.0, Position.BOTTOM_RIGHT),
        (0.334, 0.1, Position.TOP),
        (0.9, 0.34, Position.RIGHT),
        (-0.2, 1.4, Position.BOTTOM_LEFT),
    ],
)
def test_every_point_belongs_to_exactly_one_cell_without_gaps(x: float, y: float, expected: Position) -> None:
    assert position_of(x, y) is expected


def test_boxes_name_the_union_of_their_cells_in_reading_order() -> None:
    low = GroundingBox(0.7, 0.7, 1.0, 1.0, 0.9, "crack")
    high = GroundingBox(0.0, 0.0, 0.2, 0.2, 0.3, "stain")
    assert positions_of([low, high, low]) == (Position.TOP_LEFT, Position.BOTTOM_RIGHT)


def test_without_a_box_all_nine_positions_are_asked() -> None:
    assert positions_of([]) == tuple(Position)


def test_normal_prompts_cover_every_state_under_every_domain_of_the_kind() -> None:
    prompts = normal_prompts("metal nut", domains_of(ProductKind.OBJECT, ""))
    assert len(prompts) == 2 * len(NORMAL_STATES)
    assert "An industrial photo of flawless metal nut" in prompts
    assert "A manufacturing photo of metal nut without damage" in prompts


def test_a_texture_has_its_own_domains_and_a_products_own_word_replaces_them() -> None:
    assert domains_of(ProductKind.TEXTURE, "") == ("industrial", "textural", "surface")
    assert domains_of(ProductKind.TEXTURE, "medical") == ("medical",)


def test_a_fine_grained_prompt_names_the_anomaly_and_its_position() -> None:
    assert anomaly_prompts("tile", "crack", ["surface"], [Position.TOP_LEFT]) == (
        "A surface photo of abnormal tile with crack at top left",
    )


def test_generic_states_never_mention_a_position() -> None:
    assert not any(" at " in prompt for prompt in generic_anomalous_prompts("tile", ["surface"]))
