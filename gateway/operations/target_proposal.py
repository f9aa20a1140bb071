"""A list of inspection targets proposed from the register, for a department that has none (004§9; R3).

Companies are found by their industry (GB/T 4754) and by keywords in their business scope. The proposal says of each
why; a person decides (`target_confirmation`), and only a feed brings the list into the exchange.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from gateway.domain.code_lists import REGISTRATION_STATES
from gateway.domain.dataset import Dataset
from gateway.domain.industry import Industry
from gateway.domain.inspection_targets import INSPECTION_TARGETS
from gateway.domain.record_key import key_of, key_text
from gateway.errors import StartError, UnknownName
from gateway.messages import Language, Message
from gateway.operations.target_proposal_scope import mentions, plain_scope, plain_scopes
from gateway.state import bulk
from gateway.state.database import Connection
from gateway.state.exchange_tables import table_of

NO_CRITERIA = Message(
    "targets.no_criteria",
    zh="没有写明行业或关键词；请至少写一个 --industry 或 --keyword",
    en="neither an industry nor a keyword is named; give at least one --industry or --keyword",
)
LABEL = Message(
    "targets.label",
    zh="标签“{value}”不可用；应为 1 至 {allowed} 个字，不含控制字符；请更正",
    en="the label {value!r} cannot be used; 1 to {allowed} characters without control characters; correct it",
)
BY_INDUSTRY = Message(
    "targets.by_industry",
    zh="行业代码 {code} 属于 {asked}（{name}）",
    en="its industry {code} belongs to {asked} ({name})",
)
BY_KEYWORD = Message(
    "targets.by_keyword",
    zh="经营范围写有“{keyword}”：“{words}”",
    en="its business scope says {keyword}: “{words}”",
)
COARSE = Message(
    "targets.coarse_industry",
    zh="存疑：行业代码只写到 {code}，可能属于 {asked}（{name}）",
    en="doubtful: its industry is only given as {code}, which may be {asked} ({name})",
)
MAY_EXCLUDE = Message(
    "targets.may_exclude",
    zh="存疑：经营范围提到“{keyword}”，但可能是排除：“{words}”",
    en="doubtful: its business scope names {keyword}, but may exclude it: “{words}”",
)
NOT_OPERATING = Message(
    "targets.not_operating",
    zh="存疑：登记状态为“{state}”",
    en="doubtful: its registration state is {state}",
)

OPERATING = "1"  # CA19: 存续; a register that gives no state says nothing against
_IDENTITY = INSPECTION_TARGETS.keys[:-1]  # the key of a target without its label
LONGEST_LABEL = INSPECTION_TARGETS.by_name["licence_label"].length or 0


@dataclass(frozen=True, slots=True)
class Criteria:
    """Whom the list is for, and what is looked for; `feeds` empty means every other department's."""

    department: str
    label: str
    industries: tuple[Industry, ...]
    keywords: tuple[str, ...]
    feeds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a company is on the proposal, or why that is doubtful."""

    message: Message
    values: Mapping[str, Any]

    @property
    def doubts(self) -> bool:
        """Whether it speaks against, or does not decide."""
        return self.message in {COARSE, MAY_EXCLUDE, NOT_OPERATING}

    def text(self, language: Language) -> str:
        """Word it."""
        return self.message.text(language, self.values)


@dataclass(frozen=True, slots=True)
class ProposedTarget:
    """A company of the register: its record, as text a field, and the reasons."""

    record_key: str
    feed: str
    fields: Mapping[str, str]
    reasons: tuple[Reason, ...]

    @property
    def suggested(self) -> bool:
        """Whether it is suggested for the list; otherwise a person has to decide without a suggestion."""
        speaking = any(not each.doubts for each in self.reasons)
        return speaking and not any(each.message is NOT_OPERATING for each in self.reasons)


@dataclass(frozen=True, slots=True)
class TargetProposal:
    """What was found; each company that was looked at is counted in one of the numbers."""

    criteria: Criteria
    targets: tuple[ProposedTarget, ...]
    already_listed: int  # the department has them under this label
    unknown: int  # the register says neither their scope nor their industry, as far as these are asked for
    others: int  # nothing that is asked for is said of them


def propose_targets(connection: Connection, datasets: Mapping[str, Dataset], criteria: Criteria) -> TargetProposal:
    """Look through the register; raises StartError for criteria that cannot be used, UnknownName for no department."""
    dataset = datasets["inspection_targets"]
    _check(connection, datasets["departments"], criteria)
    listed = _identities(connection, dataset, *_own(criteria))
    seen, found = [], []
    for frame in bulk.text_frames(connection, table_of(dataset), _columns(dataset), *_others(criteria)):
        judged = _judged(frame, criteria)
        seen.append(judged.select("identity", "found", "unknown"))
        found += judged.filter("found").to_dicts()
    companies = _companies(seen)
    targets = [each for each in _merged(found, dataset, criteria) if identity_of(each.fields) not in listed]
    found_before = companies.filter(pl.col("found"), pl.col("identity").is_in(sorted(listed))).height
    unknown = companies.filter(~pl.col("found") & pl.col("unknown")).height
    others = companies.height - len(targets) - found_before - unknown
    return TargetProposal(criteria, tuple(targets), found_before, unknown, others)


def identity_of(fields: Mapping[str, str]) -> str:
    """Which company a record is about, whatever its label."""
    return key_of(fields.get(each.name) or "" for each in _IDENTITY)


def _check(connection: Connection, departments: Dataset, criteria: Criteria) -> None:
    if not (criteria.industries or criteria.keywords):
        raise StartError(NO_CRITERIA)
    if not criteria.label.strip() or len(criteria.label) > LONGEST_LABEL or not criteria.label.isprintable():
        raise StartError(LABEL, value=criteria.label, allowed=LONGEST_LABEL)
    frames = bulk.text_frames(connection, table_of(departments), ["department_code"], "withdrawn = 0")
    known = [code for frame in frames for code in frame["department_code"]]
    if criteria.department not in known:
        raise UnknownName("department", "部门", criteria.department, known)


def _columns(dataset: Dataset) -> list[str]:
    return ["record_key", "feed", *(each.name for each in dataset.fields)]


def _others(criteria: Criteria) -> tuple[str, list[str]]:
    """The SQL condition, with its values, of the records to look at."""
    where, values = "withdrawn = 0 AND owner_department <> ?", [criteria.department]
    if criteria.feeds:
        where += f" AND feed IN ({', '.join('?' * len(criteria.feeds))})"
    return where, [*values, *criteria.feeds]


def _own(criteria: Criteria) -> tuple[str, list[str]]:
    return "withdrawn = 0 AND owner_department = ? AND licence_label = ?", [criteria.department, criteria.label]


def _identities(connection: Connection, dataset: Dataset, where: str, values: list[str]) -> set[str]:
    frames = bulk.text_frames(connection, table_of(dataset), [each.name for each in _IDENTITY], where, values)
    return {identity_of(record) for frame in frames for record in frame.iter_rows(named=True)}


def _judged(frame: pl.DataFrame, criteria: Criteria) -> pl.DataFrame:
    """The records with `identity`, `found` (something asked for is said of it) and `unknown` (nothing is said)."""
    scope, code = pl.col("business_scope"), pl.col("industry_code")
    keywords = [plain_scope(each) for each in criteria.keywords]
    codes = [each for each in frame["industry_code"].unique().drop_nulls() if _industry_reasons(each, criteria)]
    says_scope = plain_scopes(scope).str.contains_any(keywords) if keywords else pl.lit(value=False)
    silent = [*([scope.is_null()] if keywords else []), *([code.is_null()] if criteria.industries else [])]
    return frame.with_columns(
        key_text(_IDENTITY).alias("identity"),
        (says_scope.fill_null(value=False) | code.is_in(codes).fill_null(value=False)).alias("found"),
        pl.all_horizontal(silent).alias("unknown"),
    )


def _companies(seen: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One row a company: whether any of its records is found, and whether all are unknown."""
    empty = pl.DataFrame(schema={"identity": pl.String(), "found": pl.Boolean(), "unknown": pl.Boolean()})
    return pl.concat([empty, *seen]).group_by("identity").agg(pl.col("found").any(), pl.col("unknown").all())


def _merged(found: Sequence[dict[str, Any]], dataset: Dataset, criteria: Criteria) -> Iterator[ProposedTarget]:
    """One proposed target a company: its record without a label where there is one, and the reasons of all."""
    by_company: dict[str, list[dict[str, Any]]] = {}
    for record in sorted(found, key=lambda each: (each["licence_label"] or "", each["record_key"])):
        by_company.setdefault(record["identity"], []).append(record)
    for records in by_company.values():
        reasons = [reason for record in records for reason in reasons_of(record, criteria)]
        first = records[0]
        fields = {each.name: first[each.name] for each in dataset.fields if first[each.name] is not None}
        yield ProposedTarget(first["record_key"], first["feed"], fields, _unlike(reasons))


def reasons_of(record: Mapping[str, str | None], criteria: Criteria) -> list[Reason]:
    """Why a record is proposed, and what speaks against it."""
    reasons = _industry_reasons(record.get("industry_code") or "", criteria)
    for each in mentions(record.get("business_scope") or "", criteria.keywords):
        blanks = {"keyword": each.keyword, "words": each.words}
        reasons.append(Reason(MAY_EXCLUDE if each.doubtful else BY_KEYWORD, blanks))
    state = record.get("registration_state")
    if reasons and state not in {None, OPERATING}:
        reasons.append(Reason(NOT_OPERATING, {"state": REGISTRATION_STATES.codes.get(str(state), state)}))
    return reasons


def _industry_reasons(code: str, criteria: Criteria) -> list[Reason]:
    answers = [(each, each.holds(code)) for each in criteria.industries]
    return [
        Reason(BY_INDUSTRY if holds else COARSE, {"code": code, "asked": each.code, "name": each.name})
        for each, holds in answers
        if holds is not False
    ]


def _unlike(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    return tuple(each for number, each in enumerate(reasons) if each not in reasons[:number])
