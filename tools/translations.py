"""Keeps the files of Qt Linguist: finds every text of the window and every sentence below it, merges and compiles them.

``python -m tools.translations`` does it all. Qt's own ``lupdate`` cannot tell the context of the ``_tr`` functions that
modules without a widget have; everything else about the files is Qt's. What is not translated yet is marked unfinished
and shown in English.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from tools.templates import CONTEXT, templates, translatable

ROOT = Path(__file__).resolve().parents[1]
FILES = {"de": "de_DE", "zh_CN": "zh_CN"}
Text = tuple[str, str]
"""Context and source."""


def texts_of(source: str) -> list[Text]:
    """Context and text of everything that a module has translated, in the order of the lines.

    Raises:
        ValueError: where a context cannot be told, or a text is put together at run time.
    """
    tree = ast.parse(source)
    return list(_found(tree, "", _context_of_module(tree)))


def _context_of_module(tree: ast.Module) -> str:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "_tr":
            returned = node.body[-1]
            if isinstance(returned, ast.Return) and isinstance(returned.value, ast.Call):
                return _constant(returned.value.args[0])
    return ""


def _found(node: ast.AST, class_name: str, module_context: str) -> Iterator[Text]:
    if isinstance(node, ast.ClassDef):
        class_name = node.name
    if isinstance(node, ast.FunctionDef) and node.name == "_tr":
        return
    if isinstance(node, ast.Call):
        yield from _of_call(node, class_name, module_context)
    for child in ast.iter_child_nodes(node):
        yield from _found(child, class_name, module_context)


def _of_call(call: ast.Call, class_name: str, module_context: str) -> Iterator[Text]:
    function = call.func
    name = (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
    if name == "_tr":
        context, arguments = module_context, call.args
    elif name == "tr":
        if not (isinstance(function, ast.Attribute) and ast.unparse(function.value) == "self"):
            raise ValueError(f"line {call.lineno}: tr of something else than self has no context that can be told")
        context, arguments = class_name, call.args
    elif name == "QT_TRANSLATE_NOOP" or (name == "translate" and ast.unparse(function) == "QCoreApplication.translate"):
        context, arguments = _constant(call.args[0]), call.args[1:]
    else:
        return
    if isinstance(arguments[0], ast.Name | ast.Attribute):
        # A text from a table, which marks it with QT_TRANSLATE_NOOP.
        return
    if not context:
        raise ValueError(f"line {call.lineno}: no context")
    yield context, _constant(arguments[0])


def _constant(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise ValueError(f"line {node.lineno}: {ast.unparse(node)} is no text that can be looked up")


def all_texts(folder: Path) -> list[Text]:
    """Every text below ``folder`` once, by context, then in the order of files and lines."""
    found: dict[Text, None] = {}
    for path in sorted(folder.rglob("*.py")):
        try:
            found.update(dict.fromkeys(texts_of(path.read_text(encoding="utf-8"))))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    return sorted(found, key=lambda text: text[0])


def read_translations(path: Path) -> dict[Text, str]:
    """Finished translations of a file; none where there is no file."""
    if not path.exists():
        return {}
    found = {}
    for context in ET.parse(path).getroot().iter("context"):  # noqa: S314 - a file of ours
        for message in context.iter("message"):
            translation = message.find("translation")
            if translation is not None and translation.text and translation.get("type") != "unfinished":
                found[context.findtext("name", ""), message.findtext("source", "")] = translation.text
    return found


def write_translations(path: Path, language: str, texts: list[Text], known: dict[Text, str]) -> None:
    """Write ``texts`` with the translations that are known; the others are marked unfinished."""
    root = ET.Element("TS", version="2.1", language=language, sourcelanguage="en")
    contexts: dict[str, ET.Element] = {}
    for context, source in texts:
        if context not in contexts:
            contexts[context] = ET.SubElement(root, "context")
            ET.SubElement(contexts[context], "name").text = context
        message = ET.SubElement(contexts[context], "message")
        ET.SubElement(message, "source").text = source
        translation = ET.SubElement(message, "translation")
        if (context, source) in known:
            translation.text = known[context, source]
        else:
            translation.set("type", "unfinished")
    ET.indent(root, "    ")
    head = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'
    path.write_text(head + ET.tostring(root, encoding="unicode") + "\n", encoding="utf-8")


def every_text(root: Path, found: list[str]) -> list[Text]:
    """The texts of the window, and those templates of the sentences from below it that have words."""
    return [*all_texts(root / "gui"), *((CONTEXT, template) for template in found if translatable(template))]


def write_templates(path: Path, found: list[str]) -> None:
    """Write all templates for the program, which finds sentences again by them."""
    path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    """Update and compile every file; the exit code is 1 while something is unfinished."""
    found = templates(ROOT)
    texts = every_text(ROOT, found)
    folder = ROOT / "resources" / "i18n"
    write_templates(folder / "templates.json", found)
    unfinished = 0
    for code, language in FILES.items():
        path = folder / f"filo_{code}.ts"
        known = read_translations(path)
        write_translations(path, language, texts, known)
        missing = [text for text in texts if text not in known]
        unfinished += len(missing)
        compiler = Path(sys.executable).with_name("pyside6-lrelease")
        subprocess.run([str(compiler), "-silent", str(path), "-qm", str(path.with_suffix(".qm"))], check=True)
        print(f"{path.name}: {len(texts)} texts, {len(missing)} unfinished")
    return 1 if unfinished else 0


if __name__ == "__main__":
    raise SystemExit(main())
