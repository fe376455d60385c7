"""Eqs. (8) and (9) against numbers worked out by hand."""

import math

import pytest
import torch
from torch.nn import functional

from filo_core.errors import ShapeMismatchError
from filo_core.learning.filo_losses import dice_loss, focal_loss, global_loss, local_loss

ANOMALOUS = torch.tensor([[0.8, 0.1], [0.4, 0.0]])
NORMAL = 1.0 - ANOMALOUS
TRUTH = torch.tensor([[1.0, 0.0], [1.0, 0.0]])


def test_focal_loss_is_the_hand_computed_mean() -> None:
    by_hand = (0.2**2 * -math.log(0.8) + 0.1**2 * -math.log(0.9) + 0.6**2 * -math.log(0.4) + 0.0) / 4
    assert float(focal_loss(NORMAL, ANOMALOUS, TRUTH)) == pytest.approx(by_hand, rel=1e-6)


def test_focal_loss_with_gamma_zero_is_cross_entropy() -> None:
    inner = ANOMALOUS.clamp(0.05, 0.95)
    expected = functional.binary_cross_entropy(inner, TRUTH)
    assert float(focal_loss(1.0 - inner, inner, TRUTH, gamma=0.0)) == pytest.approx(float(expected), rel=1e-6)


def test_a_map_that_is_sure_and_wrong_costs_a_finite_amount() -> None:
    wrong = (1.0 - TRUTH).requires_grad_()
    loss = focal_loss(1.0 - wrong, wrong, TRUTH)
    loss.backward()
    assert math.isfinite(loss.item())
    assert loss.item() > 10.0
    assert wrong.grad is not None
    assert bool(torch.isfinite(wrong.grad).all())


def test_a_pixel_that_is_wrong_beyond_rounding_still_learns() -> None:
    # Cosines 0.4 apart at scale 100: M_a rounds to 1 in float32, and one minus it to 0.
    logits = torch.tensor([[0.0, 40.0]], requires_grad=True)
    normal, anomalous = logits.softmax(dim=-1).unbind(dim=-1)
    assert float(1.0 - anomalous) == 0.0
    focal_loss(normal, anomalous, torch.zeros(1)).backward()
    assert logits.grad is not None
    assert logits.grad.tolist()[0] == pytest.approx([-1.0, 1.0], abs=1e-4)


def test_dice_loss_is_the_hand_computed_share() -> None:
    assert float(dice_loss(ANOMALOUS, TRUTH)) == pytest.approx(1.0 - (2 * 1.2 + 1.0) / (1.3 + 2.0 + 1.0))


def test_dice_loss_is_zero_for_the_truth_and_where_there_is_nothing_to_find() -> None:
    assert float(dice_loss(TRUTH, TRUTH)) == pytest.approx(0.0)
    assert float(dice_loss(torch.zeros(3, 3), torch.zeros(3, 3))) == pytest.approx(0.0)


def test_local_loss_adds_up_all_three_terms_of_all_maps() -> None:
    one = focal_loss(NORMAL, ANOMALOUS, TRUTH) + dice_loss(ANOMALOUS, TRUTH) + dice_loss(NORMAL, 1.0 - TRUTH)
    both = local_loss([(NORMAL, ANOMALOUS), (NORMAL, ANOMALOUS)], TRUTH)
    assert float(both) == pytest.approx(2.0 * float(one), rel=1e-6)


def test_global_loss_is_cross_entropy_over_cosines_at_temperature_007() -> None:
    image = torch.tensor([[0.6, 0.8]])
    normal, anomalous = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    by_hand = math.log1p(math.exp((0.6 - 0.8) / 0.07))
    assert float(global_loss(image, normal, anomalous, torch.tensor([1]))) == pytest.approx(by_hand, rel=1e-5)


def test_a_map_of_another_shape_is_refused_with_both_shapes() -> None:
    with pytest.raises(ShapeMismatchError, match=r"\(2, 2\).*\(3, 3\)"):
        focal_loss(NORMAL, ANOMALOUS, torch.zeros(3, 3))
