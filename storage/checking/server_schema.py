"""The schema of a record on a server, by PostgreSQL's catalog, beside what this program makes there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Index, PrimaryKeyConstraint, Table, UniqueConstraint, text

from filo_core.sentence import Sentence
from storage.audit.problems import Problem
from storage.models import Row

_SCHEMA = "schema"
_REFUSE, _ONLY_ADDED = "filo_refuse_alteration", "only_added"
_SOURCE = (
    "BEGIN RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END"
)
# PostgreSQL's bits of a trigger: before 2, delete 8, update 16, truncate 32; for each statement.
_NEVER_ALTERED, _NEVER_CHANGED = 58, 50
_GUARDED = dict.fromkeys(
    (
        "inspections", "regions", "reviews", "users", "events", "audit_chain", "forwarded", "blind_reviews",
        "golden_checks", "golden_releases", "foundation", "studies", "study_answers",
        "namings", "named_regions", "known_inspections", "part_views",
    ),
    _NEVER_ALTERED,
) | dict.fromkeys(("recipe_versions", "calibrations", "drift_alarms"), _NEVER_CHANGED)  # fmt: skip

_TRIGGERS = text("""
    SELECT c.relname, t.tgname, t.tgtype, t.tgenabled, t.tgqual IS NULL AND t.tgattr = '', p.proname FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
""")
_FUNCTIONS = text("SELECT proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace")
_RELATIONS = text("""
    SELECT relkind, relname FROM pg_class
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relnamespace = current_schema()::regnamespace
""")
_INDEXES = text("""
    SELECT c.relname, i.indisunique FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_class r ON r.oid = i.indrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND i.indisvalid AND r.relkind = 'r'
""")
_RULES = text("""
    SELECT r.rulename, c.relname FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
""")
_POLICIES = text("SELECT policyname, tablename FROM pg_policies WHERE schemaname = current_schema()")
_COLUMNS = text("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()")
_KINDS = {"r": "table", "p": "table", "v": "view", "m": "view", "f": "foreign table"}


def server_schema_problems(connection: Connection) -> Iterator[Problem]:
    """What acts on the record's tables and was not made by this program, or no longer does what it was made for."""
    yield from _of_relations(connection)
    yield from _of_triggers(connection)
    for name, table in connection.execute(_RULES):
        yield _problem(Sentence("the rule {name} of {table} was not made by this program", name=name, table=table))
    for name, table in connection.execute(_POLICIES):
        yield _problem(Sentence("the policy {name} of {table} was not made by this program", name=name, table=table))
    for name, source in connection.execute(_FUNCTIONS):
        if name != _REFUSE:
            yield _problem(Sentence("the {kind} {name} was not made by this program", kind="function", name=name))
        elif " ".join(source.split()).rstrip(";") != _SOURCE:
            yield _problem(Sentence("the {kind} {name} is not as this program made it", kind="function", name=name))


def _of_relations(connection: Connection) -> Iterator[Problem]:
    tables = {"alembic_version": None, **Row.metadata.tables}
    there = {(_KINDS[kind], name) for kind, name in connection.execute(_RELATIONS)}
    yield from _compared(there, {("table", name) for name in tables})
    columns = {("column", f"{table}.{name}") for table, name in connection.execute(_COLUMNS) if table in tables}
    known = {("column", f"{table.name}.{column.name}") for table in Row.metadata.tables.values() for column in table.c}
    yield from _compared(columns, known | {("column", "alembic_version.version_num")})
    indexes = {(_index_word(unique=unique), name) for name, unique in connection.execute(_INDEXES)}
    made = {(_index_word(unique=True), "alembic_version_pkc")}
    for table in Row.metadata.tables.values():
        made |= {(_index_word(unique=unique), name) for name, unique in _indexes_of(table)}
    yield from _compared(indexes, made)


def _indexes_of(table: Table) -> Iterator[tuple[str, bool]]:
    for rule in table.constraints:
        if isinstance(rule, (PrimaryKeyConstraint, UniqueConstraint)):
            yield str(rule.name), True
    for index in table.indexes:
        assert isinstance(index, Index), "a table has no other kind"
        yield str(index.name), bool(index.unique)


def _index_word(*, unique: bool) -> str:
    return "unique index" if unique else "index"


def _of_triggers(connection: Connection) -> Iterator[Problem]:
    intact: set[str] = set()
    for table, name, bits, enabled, whole, function in connection.execute(_TRIGGERS):
        if name != _ONLY_ADDED or table not in _GUARDED:
            yield _problem(
                Sentence("the trigger {name} of {table} was not made by this program", name=name, table=table)
            )
        elif (bits, enabled, whole, function) == (_GUARDED[table], "O", True, _REFUSE):
            intact.add(table)
    for table in sorted(_GUARDED.keys() - intact):
        yield _problem(
            Sentence("the trigger that refuses to alter {table} was removed, disabled or changed", table=table)
        )


def _compared(found: Iterable[Any], made: Iterable[Any]) -> Iterator[Problem]:
    there, known = set(found), set(made)
    for kind, name in sorted(there - known):
        yield _problem(Sentence("the {kind} {name} was not made by this program", kind=kind, name=name))
    for kind, name in sorted(known - there):
        yield _problem(Sentence("the {kind} {name} was removed", kind=kind, name=name))


def _problem(what: str) -> Problem:
    return Problem(0, _SCHEMA, 0, what)
