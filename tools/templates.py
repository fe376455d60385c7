"""Finds the templates of all sentences below the window, and sentences that have none."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from string import Formatter

WINDOW = "gui"
DISCOVERED = ("filo_core.line.outputs.",)
"""Modules that are found by looking, and imported by no other."""
ROOMS = ("filo_core", "storage", "workflows")
CONTEXT = "Sentences"
_BASE = "FiloError"
_MANY = "one_or_many"
_KINDS = ("Sentence", _MANY)


def modules(root: Path) -> dict[Path, ast.Module]:
    """Every module below the window that it imports, or that these import; the others speak on the command line."""
    paths = {_module_name(path.relative_to(root)): path for path in _python(root, (WINDOW, *ROOMS))}
    trees = {name: _tree(path) for name, path in paths.items()}
    seen: set[str] = set()
    waiting = [name for name in trees if name.startswith((f"{WINDOW}.", *DISCOVERED))]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += _imported(trees[name]) & set(trees)
    return {path: trees[name] for name, path in paths.items() if name in seen and not name.startswith(f"{WINDOW}.")}


def _module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _python(root: Path, rooms: Iterable[str]) -> Iterator[Path]:
    return (path for room in rooms for path in sorted((root / room).rglob("*.py")))


def _imported(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def error_names(trees: Iterable[ast.Module]) -> set[str]:
    """Names of all errors whose sentence is for a person."""
    bases = {
        node.name: {ast.unparse(base).split(".")[-1] for base in node.bases}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {_BASE}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return found


def templates(root: Path) -> list[str]:
    """Every template of the window's errors and of what is below it once, in alphabetical order.

    Raises:
        ValueError: where one is put together at run time; the sentence names the place.
    """
    below, errors = modules(root), error_names(every_module(root).values())
    found: set[str] = set()
    # The window raises errors of its own, and has its other words looked up by Qt.
    window = {path: _tree(path) for path in _python(root, (WINDOW,))}
    for path, tree in (below | window).items():
        for call in _calls(tree):
            try:
                found.update(_of_call(call, errors))
            except ValueError as error:
                raise ValueError(f"{path.relative_to(root)}:{call.lineno}: {error}") from error
    return sorted(found)


def translatable(template: str) -> bool:
    """Whether it has a word or is punctuation by itself; every language writes the others alike."""
    pieces = list(Formatter().parse(template))
    return (len(pieces) == 1 and pieces[0][1] is None) or any(map(str.isalpha, "".join(piece[0] for piece in pieces)))


def every_module(root: Path) -> dict[Path, ast.Module]:
    """All modules of the program, the command line and its beginning among them."""
    paths = [*_python(root, (*ROOMS, "cli", WINDOW, "tools")), *sorted(root.glob("*.py"))]
    return {path: _tree(path) for path in paths}


@cache
def _tree(path: Path) -> ast.Module:
    """Each module is read once, however many ask."""
    return ast.parse(path.read_text(encoding="utf-8"))


def put_together(tree: ast.Module, errors: set[str]) -> Iterator[int]:
    """Lines at which a sentence is put together by itself, so that no other language can say it.

    That is an f-string, two texts added, ``%``, ``format`` or ``join`` where a template should stand, or a name that
    such a text was given to before; and an f-string with words in one of the template's places.
    """
    given = _given(tree)
    for call in _calls(tree):
        if _name(call) in {*errors, *_KINDS}:
            templates = [call.args[0]] if _name(call) == "Sentence" and call.args else call.args
            named = (text for one in _choices(templates) if isinstance(one, ast.Name) for text in given.get(one.id, ()))
            if any(map(_is_made, (*_choices(templates), *_choices(named)))) or any(
                isinstance(one, ast.JoinedStr) and _has_word(one)
                for one in _choices(keyword.value for keyword in call.keywords)
            ):
                yield call.lineno


def _given(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """What every name of a module is given, by the name."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
        elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.NamedExpr) and isinstance(node.target, ast.Name):
            found.setdefault(node.target.id, []).extend(filter(None, (node.value,)))
    return found


def _is_made(node: ast.expr) -> bool:
    """Whether it is a text that is put together where it stands."""
    if isinstance(node, ast.BinOp):
        return any(isinstance(part, ast.JoinedStr) or bool(_text(part)) for part in (node.left, node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in {"format", "join"}
    return isinstance(node, ast.JoinedStr)


def _has_word(node: ast.JoinedStr) -> bool:
    return any(character.isalpha() for piece in node.values for character in (_text(piece)))


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _of_call(call: ast.Call, errors: set[str]) -> Iterator[str]:
    name = _name(call)
    if name in errors:
        # One whose sentence comes from elsewhere is a sentence already.
        yield from filter(None, map(_text, _choices(call.args[:1])))
    elif name in _KINDS:
        for one in _choices(call.args[1:3] if name == _MANY else call.args[:1]):
            if isinstance(one, ast.JoinedStr):
                raise ValueError(f"{ast.unparse(one)} is no template that can be looked up")
            yield from filter(None, (_text(one),))


def _choices(arguments: Iterable[ast.expr]) -> Iterator[ast.expr]:
    for argument in arguments:
        if isinstance(argument, ast.IfExp):
            yield from _choices((argument.body, argument.orelse))
        else:
            yield argument


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
