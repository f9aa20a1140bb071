"""One feed file stamped out for many departments: values are put into the texts of its feeds, and nothing else is.

A file of templates says `for: departments`, the values of each department, and the feeds with ``{value}`` in their
texts; ``{department}`` is the department's code and ``{{`` a brace. There are no loops, conditions or expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from gateway.errors import StartError
from gateway.messages import Language, Message

INVALID = Message(
    "template.invalid",
    zh="{file} 中的模板“{template}”用于部门 {departments} 时写法有误：{reason_zh}",
    en="template {template!r} of {file} is not declared right for the departments {departments}: {reason}",
)
WRONG_PART = Message(
    "template.part",
    zh="模板文件 {file} 的 {part} 写法有误：{reason_zh}；应为 for: departments、departments: “部门编码: 各项值”、"
    "feeds: “名称: 声明”三部分，请更正",
    en="{part} of the template file {file} is not written right: {reason}; its three parts are for: departments, "
    "departments: codes and their values, feeds: names and declarations; correct it",
)
UNKNOWN_PLACEHOLDER = Message(
    "template.unknown_placeholder",
    zh="{file} 的模板“{template}”用了 {{{placeholder}}}，而这些部门没有这一项：{departments}；最接近的是：{nearest}；"
    "请更正，或给它们补上",
    en="template {template!r} of {file} says {{{placeholder}}}, which these departments have no value for: "
    "{departments}; the nearest are: {nearest}; correct it, or give them that value",
)
UNUSED_VALUE = Message(
    "template.unused_value",
    zh="{file} 中“{value}”这一项没有任何模板用到（部门：{departments}）；模板中最接近的是：{nearest}；请更正名称"
    "或删去它",
    en="no template of {file} uses the value {value!r} (departments: {departments}); the nearest that they use are: "
    "{nearest}; correct its name or remove it",
)
WITHOUT_PLACEHOLDER = Message(
    "template.without_placeholder",
    zh="{file} 的模板“{template}”没有用到任何一项部门的值，每个部门都会得到同一个数据流；请写入 {{department}} 等占位，"
    "或把它移到普通的数据流文件中",
    en="template {template!r} of {file} uses no value, so every department would get the same feed; put in "
    "{{department}} or another one, or move it to an ordinary file of feeds",
)
LONE_BRACE = Message(
    "template.brace",
    zh="{file} 的模板“{template}”中“{text}”的花括号不成对，或其中不是一项值的名称；占位写作 {{department}}，"
    "花括号本身写两遍",
    en="a brace in {text!r} of template {template!r} of {file} stands alone or holds no name of a value; a placeholder "
    "is written {{department}}, and a brace itself is doubled",
)

DEPARTMENT = "department"
TITLE = "name"  # whose they are, for the reader of the file and of errors; it need not be used
_PARTS = ("for", "departments", "feeds")
_Departments = Mapping[str, Mapping[str, str]]
_PIECE = re.compile(r"\{\{|\}\}|\{(\w+)\}|[{}]")


@dataclass(frozen=True, slots=True)
class Declaration:
    """The declaration of one feed, and the template and the department that it was stamped out for, if it was."""

    name: str
    content: Any
    template: str = ""
    department: str = ""


def is_template(content: Mapping[str, Any]) -> bool:
    """Whether a file is one of templates; an ordinary feed that is called `for` is a declaration, not a text."""
    return isinstance(content.get("for"), str)


def stamp(content: Mapping[str, Any], file: str) -> tuple[list[Declaration], list[StartError]]:
    """The feeds of every department, template by template; or, where values and placeholders do not fit, why not.

    Raises StartError where the file's three parts are not there.
    """
    departments, templates = _parts(content, file)
    if wrong := list(_mistakes(departments, templates, file)):
        return [], wrong
    return [
        Declaration(f"{name}-{department}", _filled(template, department, values), name, _titled(department, values))
        for name, template in templates.items()
        for department, values in departments.items()
    ], []


def told_once(refused: Sequence[tuple[Declaration, StartError]], file: str) -> list[StartError]:
    """What is wrong with feeds; of a template, once for all departments that it is wrong for."""
    ordinary = [error for declared, error in refused if not declared.template]
    stamped: dict[tuple[str, str, str], list[str]] = {}
    for declared, error in refused:
        if declared.template:
            why = (declared.template, _reason(error, "zh"), _reason(error, "en"))
            stamped.setdefault(why, []).append(declared.department)
    return ordinary + [
        StartError(INVALID, file=file, template=template, departments="、".join(whose), reason=en, reason_zh=zh)
        for (template, zh, en), whose in stamped.items()
    ]


def _reason(error: StartError, language: Language) -> str:
    return str(error.values.get("reason" if language == "en" else "reason_zh") or error.text(language))


def _parts(content: Mapping[str, Any], file: str) -> tuple[dict[str, dict[str, str]], dict[str, Any]]:
    for part in content:
        if part not in _PARTS:
            raise StartError(WRONG_PART, file=file, part=part, reason="unknown", reason_zh="没有这一部分")
    if content["for"] != "departments":
        raise StartError(
            WRONG_PART, file=file, part="for", reason=f"it is {content['for']!r}", reason_zh=f"值为“{content['for']}”"
        )
    for part in ("departments", "feeds"):
        if not (isinstance(content.get(part), dict) and content[part]):
            raise StartError(
                WRONG_PART, file=file, part=part, reason="names and their contents are expected", reason_zh="缺少内容"
            )
    departments = {code: _values(code, values, file) for code, values in content["departments"].items()}
    return departments, content["feeds"]


def _values(department: str, values: object, file: str) -> dict[str, str]:
    """The values of a department; one that needs none but its code may be left empty."""
    values = values or {}
    if not (isinstance(values, dict) and all(isinstance(each, str) for each in values.values())):
        part = f"departments.{department}"
        raise StartError(WRONG_PART, file=file, part=part, reason="texts are expected", reason_zh="各项值应为文字")
    if DEPARTMENT in values:
        part = f"departments.{department}.{DEPARTMENT}"
        raise StartError(WRONG_PART, file=file, part=part, reason="it is the code itself", reason_zh="它就是部门编码")
    return values


def _mistakes(departments: _Departments, templates: Mapping[str, Any], file: str) -> Iterator[StartError]:
    used: set[str] = {DEPARTMENT, TITLE}
    unreadable: list[StartError] = []
    for name, template in templates.items():
        try:
            placeholders = _placeholders(template, name, file)
        except StartError as error:
            unreadable.append(error)
            continue
        used.update(placeholders)
        yield from _unknown(placeholders, name, departments, file)
    yield from unreadable or _unused(used, departments, file)


def _unused(used: set[str], departments: _Departments, file: str) -> Iterator[StartError]:
    for value in dict.fromkeys(value for each in departments.values() for value in each):
        if value not in used:
            whose = _listed({code: each for code, each in departments.items() if value in each})
            nearest = _nearest(value, sorted(used - {TITLE}))
            yield StartError(UNUSED_VALUE, file=file, value=value, departments=whose, nearest=nearest)


def _placeholders(template: object, name: str, file: str) -> dict[str, None]:
    """What a template asks for, in its order; StartError where that is nothing, or cannot be read."""
    found: dict[str, None] = {}
    for text in _texts(template):
        for piece in _PIECE.finditer(text):
            if piece[1]:
                found[piece[1]] = None
            elif piece[0] in {"{", "}"}:
                raise StartError(LONE_BRACE, file=file, template=name, text=text)
    if not found:
        raise StartError(WITHOUT_PLACEHOLDER, file=file, template=name)
    return found


def _unknown(placeholders: Iterable[str], template: str, departments: _Departments, file: str) -> Iterator[StartError]:
    for placeholder in placeholders:
        lacking = {code: each for code, each in departments.items() if placeholder not in {DEPARTMENT, *each}}
        if lacking:
            known = dict.fromkeys([DEPARTMENT, *(value for each in lacking.values() for value in each)])
            yield StartError(
                UNKNOWN_PLACEHOLDER,
                file=file,
                template=template,
                placeholder=placeholder,
                departments=_listed(lacking),
                nearest=_nearest(placeholder, known),
            )


def _titled(department: str, values: Mapping[str, str]) -> str:
    """A department as errors name it."""
    return f"{department}（{values[TITLE]}）" if TITLE in values else department


def _listed(departments: _Departments) -> str:
    return "、".join(_titled(code, values) for code, values in departments.items())


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    return ", ".join(get_close_matches(name, names, n=3, cutoff=0.4) or names)


def _texts(declared: object) -> Iterator[str]:
    """Every text of a declaration; names of options are not touched."""
    if isinstance(declared, str):
        yield declared
    elif isinstance(declared, dict):
        for each in declared.values():
            yield from _texts(each)
    elif isinstance(declared, list):
        for each in declared:
            yield from _texts(each)


def _filled(declared: Any, department: str, values: Mapping[str, str]) -> Any:
    """The declaration with the values put in, once: a value is never looked through for placeholders itself."""
    if isinstance(declared, dict):
        return {name: _filled(each, department, values) for name, each in declared.items()}
    if isinstance(declared, list):
        return [_filled(each, department, values) for each in declared]
    known = {**values, DEPARTMENT: department}
    return _PIECE.sub(lambda piece: known[piece[1]] if piece[1] else piece[0][0], declared)


MESSAGES = (INVALID, WRONG_PART, UNKNOWN_PLACEHOLDER, UNUSED_VALUE, WITHOUT_PLACEHOLDER, LONE_BRACE)
