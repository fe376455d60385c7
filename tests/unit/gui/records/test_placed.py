"""Regions are shown where the fixture put them, with how well it fits and its residual at its outline."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QApplication

from filo_core.fixture import NOWHERE, Placed
from filo_core.method.sighting import located
from filo_core.zones import ZoneKind
from gui.records.placed import told
from tests.unit.filo_core.eyes.test_detector_bank import _recipe
from tests.unit.filo_core.method import parts_to_find as parts


def test_the_fixtures_outline_says_how_well_it_fits_and_its_residual(qapp: QApplication) -> None:
    recipe = replace(_recipe(1), zones=(parts.SHAPE, parts.BODY), fixture=parts.fixture())
    picture = parts.picture(25.0, (11.0, -7.0))
    shown = told(located(recipe, picture), picture, ())
    names = {zone.kind: zone.name for zone in shown}
    assert names[ZoneKind.INSPECT] == "body"
    assert names[ZoneKind.FIXTURE].startswith("bracket: fits to 9")
    assert names[ZoneKind.FIXTURE].endswith(" px off")


def test_without_a_fixture_or_a_part_nothing_is_said_of_it(qapp: QApplication) -> None:
    assert told(Placed((parts.BODY,)), parts.picture(), ()) == (parts.BODY,)
    assert told(NOWHERE, parts.picture(), ()) == ()
