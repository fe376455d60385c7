"""Capability studies on every database the program may keep its record in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from filo_core.capability import StudyAnswer, StudyPart, StudyPlan
from filo_core.types import Verdict
from storage.engine import make_engine, parse_url, sqlite_url
from storage.storage import Storage, open_storage
from tests.unit.storage.making import MOMENT, sign_product


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "filo.sqlite")
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def storage(url: str, tmp_path: Path) -> Iterator[Storage]:
    with open_storage(url, tmp_path / "images") as opened:
        yield opened


def test_a_study_comes_back_as_it_was_laid_down_and_answered(storage: Storage, url: str) -> None:
    recipe = sign_product(storage)
    parts = (StudyPart("a" * 64, "bad.png", Verdict.NG), StudyPart("b" * 64, "gut ✓.png", Verdict.OK))
    plan = StudyPlan("metal nut", 1, recipe.content_hash, parts, ("Ada", "Bo"), 3, "k" * 64)
    answers = [StudyAnswer("Ada", 1, 0, Verdict.NG, None, MOMENT), StudyAnswer("system", 1, 1, Verdict.OK, 0.1, MOMENT)]
    with storage.transaction() as transaction:
        keys = transaction.products.recipe_keys("metal nut", recipe.content_hash)
        number = transaction.studies.add(keys.product_id, keys.recipe_version_id, plan, "Grace", MOMENT)
        transaction.studies.answer(number, answers)
    with storage.reading() as transaction:
        (study,) = transaction.studies.of(keys.product_id)
        assert transaction.studies.parts_said(number, "Ada", 1) == 1
    assert (study.plan, study.answers, study.created_by, study.created_at) == (plan, tuple(answers), "Grace", MOMENT)
    assert storage.verify().intact


def test_an_answer_that_was_altered_is_found_or_refused(storage: Storage, url: str) -> None:
    recipe = sign_product(storage)
    plan = StudyPlan("metal nut", 1, "", (StudyPart("a" * 64, "bad.png", Verdict.NG),), ("Ada",), 3, "k" * 64)
    with storage.transaction() as transaction:
        keys = transaction.products.recipe_keys("metal nut", recipe.content_hash)
        number = transaction.studies.add(keys.product_id, keys.recipe_version_id, plan, "Grace", MOMENT)
        transaction.studies.answer(number, [StudyAnswer("Ada", 1, 0, Verdict.NG, None, MOMENT)])
    engine = make_engine(parse_url(url))
    alter = text("UPDATE study_answers SET verdict = 'OK'")
    if engine.name == "postgresql":
        with pytest.raises(DBAPIError, match="only ever added"), engine.begin() as connection:
            connection.execute(alter)
    else:
        with engine.begin() as connection:
            connection.execute(alter)
        assert [problem.table for problem in storage.verify().problems] == ["study_answers"]
    engine.dispose()
