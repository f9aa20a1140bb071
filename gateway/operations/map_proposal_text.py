"""A proposed field map as YAML with its doubts as comments, which no feed can use before a person has looked at it.

The loader of field maps refuses a file that says ``待确认``, until somebody takes that line out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

import yaml

from gateway.domain.dataset import Field
from gateway.mapping.map_errors import MARK
from gateway.messages import Language, Message
from gateway.operations.map_proposal import Confidence, Match, Proposal, Worded

HEAD = Message(
    "proposal.head",
    zh="{title}（{dataset}）：由 gateway discover 提出的字段映射，须由人逐行核对",
    en="{title} ({dataset}): a field map proposed by gateway discover; a person confirms every line",
)
UNTIL = Message(
    "proposal.until",
    zh="核对每一行之后删去本行；有它在，任何数据流都不能使用这个文件",
    en="take this line out once every line is confirmed; no feed can use this file while it is here",
)
LOW = Message(
    "proposal.low",
    zh="把握小的，没有采用；核对后把行首的 # 去掉",
    en="too unsure to be taken; take the # off what is right",
)
UNMATCHED_FIELDS = Message(
    "proposal.unmatched_fields",
    zh="没有找到来源的必填字段；不写明来历，数据流不能使用这个文件",
    en="required fields for which no column was found; without an origin no feed can use this file",
)
UNMATCHED_COLUMNS = Message(
    "proposal.unmatched_columns",
    zh="没有去处的列；请映射到字段，或在 ignore 下写明不用的理由",
    en="columns that went nowhere; map them, or say under ignore why they are not used",
)
ALLOWED = Message("proposal.allowed", zh="{title}，取值：{allowed}", en="{title}, one of: {allowed}")
CONFIDENCE: Mapping[Confidence, Message] = {
    Confidence.HIGH: Message("proposal.high", zh="待确认·把握大", en="to be confirmed, likely"),
    Confidence.MIDDLE: Message("proposal.middle", zh="待确认·把握中", en="to be confirmed, plausible"),
    Confidence.LOW: Message("proposal.is_low", zh="待确认·把握小", en="to be confirmed, unsure"),
}


def proposal_text(proposal: Proposal, file: PurePath | None, language: Language) -> str:
    """The proposal as the YAML of a field map; `file` is where it will stand, as far as that is known."""
    return "\n".join(_Writer(proposal, language).lines(map_name(file, proposal.dataset.name))) + "\n"


def map_name(file: PurePath | None, dataset: str) -> str:
    """What a map at this place must say for `map`: its path below `mappings/`, or its name alone."""
    if file is None:
        return dataset
    parts = file.with_suffix("").parts
    above = [number for number, part in enumerate(parts[:-1]) if part == "mappings"]
    return "/".join(parts[above[-1] + 1 :] if above else parts[-1:])


class _Writer:
    """Writes one proposal in one language."""

    def __init__(self, proposal: Proposal, language: Language) -> None:
        self._proposal, self._language = proposal, language

    def lines(self, name: str) -> Iterator[str]:
        dataset = self._proposal.dataset
        yield f"# {self._text(HEAD, title=dataset.title, dataset=dataset.name)}"
        yield f"{MARK}: {flow(self._text(UNTIL))}"
        yield f"map: {flow(name)}"
        yield f"dataset: {dataset.name}"
        yield "fields:"
        for match in self._proposal.taken:
            yield f"  # {self._reason(match)}"
            yield f"  {_line(match)}"
        for field, (text, why) in self._proposal.constants.items():
            yield f"  # {self._said(Confidence.MIDDLE, why)}"
            yield f"  {field}: {flow({'constant': text})}"
        yield from self._commented(UNMATCHED_FIELDS, [*map(self._demand, self._proposal.unmatched_fields)])
        yield from self._commented(LOW, [line for match in self._proposal.unsure for line in self._unsure_lines(match)])
        ignored = [f"  {flow(column)}: ?" for column in self._proposal.unmatched_columns]
        yield from self._commented(UNMATCHED_COLUMNS, ["ignore:", *ignored] if ignored else [])

    def _unsure_lines(self, match: Match) -> tuple[str, str]:
        return f"  # {self._reason(match)}", f"  {_line(match)}"

    def _commented(self, title: Message, lines: list[str]) -> Iterator[str]:
        if lines:
            yield f"# {self._text(title)}"
            yield from (f"# {line}" for line in lines)

    def _demand(self, field: Field) -> str:
        if not field.codes:
            return f"  {field.name}: ?  # {field.title}"
        allowed = ", ".join(f"{code} {title}" for code, title in field.codes.codes.items())
        said = self._text(ALLOWED, title=field.title, allowed=allowed)
        return f"  {field.name}: {{constant: ?}}  # {said}"

    def _reason(self, match: Match) -> str:
        remarks = [match.reading.remark] if match.reading.remark else []
        return self._said(match.confidence, *match.reasons, *remarks)

    def _said(self, confidence: Confidence, *reasons: Worded) -> str:
        colon, between = ("：", "；") if self._language == "zh" else (": ", "; ")
        return self._text(CONFIDENCE[confidence]) + colon + between.join(map(self._worded, reasons))

    def _worded(self, worded: Worded) -> str:
        message, blanks = worded
        return self._text(message, **blanks)

    def _text(self, message: Message, **blanks: Any) -> str:
        # A comment ends at the end of its line, and a column's name may hold the end of a line.
        return " ".join(message.text(self._language, blanks).split())


def _line(match: Match) -> str:
    return f"{match.field.name}: {flow({'from': match.column, 'steps': list(match.reading.steps)})}"


class _Dumper(yaml.SafeDumper):
    """Writes every text on one line: one that holds the end of a line is quoted with it."""


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


_Dumper.add_representer(str, _represent)


def flow(content: Any) -> str:
    """Content as YAML on one line."""
    written: str = yaml.dump(
        content, Dumper=_Dumper, allow_unicode=True, default_flow_style=True, sort_keys=False, width=float("inf")
    )
    return written.removesuffix("\n...\n").rstrip("\n")
