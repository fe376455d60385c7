"""What the API says of itself, held against a real server: whatever is asked, by its description or against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from filo_client import Client, Part
from tools.line_rig import PRODUCT
from tools.service_rig import lines_of, new_token, picture, prepare, serving

_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
_EXAMPLES = 8
"""An operation, some as the description allows and some against it."""


_THERE = {"line": "b", "id": 1, "name": PRODUCT}


@dataclass(frozen=True)
class Described:
    """A server, and what it says of itself."""

    schema: Any
    token: str


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    home = tmp_path_factory.mktemp("contract") / "home"
    prepare(home)
    with serving(home, lines_of(a={}, b={"autostart": False}), rate_per_s=1e6) as (_, server):
        token, address = new_token(home, "contract"), f"http://127.0.0.1:{server.port}"
        with Client(address, token) as client:
            while not client.is_ready():
                pass
            for number in range(1, 5):
                client.inspect("a", picture(number), Part(serial=f"S{number}"))
            schema = schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json")
            # A stream has no end, and is looked at by itself.
            yield Described(schema.exclude(path="/api/v1/events"), token)


def test_every_operation_answers_as_it_is_described_and_nothing_is_a_failure(described: Described) -> None:
    operations = [found.ok() for found in described.schema.get_all_operations()]
    assert len(operations) >= 15
    statuses: Counter[int] = Counter()

    def look(operation: Any, mode: schemathesis.GenerationMode) -> None:
        @settings(
            max_examples=_EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: Any) -> None:
            headers = {"Authorization": f"Bearer {described.token}"}
            if mode is schemathesis.GenerationMode.POSITIVE and statuses.total() % 2:
                # What is made up is seldom there.
                case.path_parameters = {name: _THERE[name] for name in case.path_parameters or {}}
            statuses[case.call_and_validate(headers=headers, checks=_CHECKS, timeout=20).status_code] += 1

        given(case=operation.as_strategy(generation_mode=mode))(ask)()

    for operation in operations:
        look(operation, schemathesis.GenerationMode.POSITIVE)
        if any((operation.path_parameters, operation.query, operation.headers, operation.body)):
            look(operation, schemathesis.GenerationMode.NEGATIVE)
    assert {200, 202, 404, 422} <= set(statuses), statuses
    assert statuses.total() >= 10 * len(operations)
