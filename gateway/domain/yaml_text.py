"""YAML read with every scalar as text, so that 010101 stays 010101 and `no` stays no.

What could mislead or harm is refused with its file and line: a key said twice (YAML would keep the last in silence),
aliases (a few lines of them can unfold into gigabytes) and tags (every scalar is text here, so they would do nothing).
"""

from __future__ import annotations

from typing import Any

import yaml

from gateway.errors import StartError
from gateway.messages import Message

# libyaml's loader where the platform has it, the same in Python where it has not.
_Loader: type[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

# A file nested deeper than this is no configuration, and would exhaust the stack of the loader.
_DEEPEST = 50

SYNTAX = Message(
    "yaml.syntax",
    zh="{file} 第 {line} 行不是有效的 YAML：{what}；请检查该行及上一行的缩进、引号和冒号",
    en="{file} line {line} is not valid YAML: {what}; check the indentation, quotes and colons there and just above",
)
DUPLICATE_KEY = Message(
    "yaml.duplicate_key",
    zh="{file} 第 {line} 行的键“{key}”在第 {first} 行已经出现过；同一层每个键只能写一次，请删去一个",
    en="{file} line {line} says the key {key!r} again, which stands on line {first}; "
    "a key may stand once a level, remove one",
)
REFUSED = Message(
    "yaml.refused",
    zh="{file} 第 {line} 行用了{what_zh}“{text}”；此处不允许，请直接写出内容",
    en="{file} line {line} uses the {what} {text!r}, which is not allowed here; write the content out",
)


def read_yaml_text(text: str, name: str) -> Any:
    """Read a document into dicts, lists and texts; an empty value, or an empty document, is "".

    `name` is the file as messages should say it. Raises StartError with the file, the line and what is wrong.
    """
    try:
        _refuse_what_misleads(text, name)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise _syntax_error(error, text, name) from error
    return "" if node is None else _content(node, name)


def _refuse_what_misleads(text: str, name: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        tag = getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent):
            raise StartError(REFUSED, file=name, line=line, what="alias", what_zh="别名", text=f"*{event.anchor}")
        if tag:
            raise StartError(REFUSED, file=name, line=line, what="tag", what_zh="标签", text=tag)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise StartError(SYNTAX, file=name, line=line, what=f"nested deeper than {_DEEPEST} levels")


def _content(node: yaml.Node, name: str) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, name)
    if isinstance(node, yaml.SequenceNode):
        return [_content(each, name) for each in node.value]
    return node.value


def _mapping(node: yaml.MappingNode, name: str) -> dict[str, Any]:
    content: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        key, line = key_node.value, key_node.start_mark.line + 1
        if not isinstance(key, str):
            raise StartError(SYNTAX, file=name, line=line, what="a key must be text")
        if key in content:
            raise StartError(DUPLICATE_KEY, file=name, line=line, key=key, first=lines[key])
        lines[key] = line
        content[key] = _content(value_node, name)
    return content


def _syntax_error(error: yaml.YAMLError, text: str, name: str) -> StartError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        said = [getattr(error, "context", None), getattr(error, "problem", None)]
        return StartError(SYNTAX, file=name, line=mark.line + 1, what=", ".join(each for each in said if each))
    # A character that YAML does not allow: the reader gives its position, no line.
    position = getattr(error, "position", 0)
    line = text.count("\n", 0, position if isinstance(position, int) else 0) + 1
    return StartError(SYNTAX, file=name, line=line, what=str(error).splitlines()[0])
