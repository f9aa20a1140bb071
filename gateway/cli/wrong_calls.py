"""What typer finds wrong with a call, said in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gateway.errors import StartError
from gateway.messages import Message

NO_OPTION = Message(
    "cli.no_such_option",
    zh="{command} 没有选项 {option}；相近的有：{nearest}；用 {command} --help 查看全部选项",
    en="{command} has no option {option}; the nearest are: {nearest}; see {command} --help",
)
MISSING = Message(
    "cli.missing_parameter",
    zh="{command} 缺少参数“{parameter}”；用 {command} --help 查看用法",
    en="{command} needs the argument {parameter}; see {command} --help",
)
TOO_MANY = Message(
    "cli.unexpected_argument",
    zh="{command} 不需要参数“{argument}”；用 {command} --help 查看用法",
    en="{command} takes no argument {argument!r}; see {command} --help",
)
NEEDS_VALUE = Message(
    "cli.option_needs_value",
    zh="选项 {option} 后面要写一个值",
    en="the option {option} needs a value after it",
)
OTHER = Message(
    "cli.wrong_call",
    zh="命令写法有误：{why}；用 {command} --help 查看用法",
    en="the command is not written right: {why}; see {command} --help",
)
NO_NUMBER = Message(
    "cli.no_number",
    zh="{option} 的值“{value}”不是 {least} 到 {most} 的整数",
    en="{option} is {value!r}, which is no whole number from {least} to {most}",
)
NO_CHOICE = Message(
    "cli.no_choice",
    zh="{option} 的值“{value}”不可用；可用的有：{allowed}",
    en="{option} cannot be {value!r}; allowed are: {allowed}",
)


def wrong_call(error: Exception) -> StartError:
    """The same error in our words; what typer says otherwise is passed on as it stands."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "gateway"
    kind, said = type(error).__name__, str(getattr(error, "message", error))
    if kind == "NoSuchOption":
        nearest = ", ".join(getattr(error, "possibilities", None) or ()) or "-"
        return StartError(NO_OPTION, command=command, option=getattr(error, "option_name", said), nearest=nearest)
    if kind == "MissingParameter":
        return StartError(MISSING, command=command, parameter=_named(getattr(error, "param", None)))
    if kind == "BadOptionUsage":
        return StartError(NEEDS_VALUE, option=getattr(error, "option_name", said))
    if unexpected := re.match(r"Got unexpected extra argument\S* \((.*)\)", said):
        return StartError(TOO_MANY, command=command, argument=unexpected[1])
    return StartError(OTHER, command=command, why=said.rstrip("."))


def _named(parameter: Any) -> str:
    if parameter is None:
        return "?"
    options = "/".join(each for each in parameter.opts if each.startswith("-"))
    return " ".join(filter(None, [options, parameter.metavar])) or "/".join(parameter.opts)


def whole_number(option: str, least: int, most: int) -> Callable[[str], int]:
    """A parser of a whole number within bounds."""

    def number(value: str) -> int:
        text = str(value).strip()
        if not re.fullmatch(r"[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise StartError(NO_NUMBER, option=option, value=value, least=least, most=most)
        return int(text)

    return number


def one_of(option: str, *allowed: str) -> Callable[[str], str]:
    """A parser of one of some words."""

    def choice(value: str) -> str:
        if value not in allowed:
            raise StartError(NO_CHOICE, option=option, value=value, allowed=", ".join(allowed))
        return value

    return choice
