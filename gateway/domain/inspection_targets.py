"""检查对象名录库: whoever or whatever may be drawn for inspection (004§9, 003§10, 001§13).

A target is named by kind, identifier scheme, identifier and licence or label, because one enterprise stands in the
registry once for each licence or label under which it may be drawn (`standards.md` §5.2).
"""

from __future__ import annotations

import polars as pl

from gateway.domain.code_lists import (
    CURRENCIES,
    ENTERPRISE_TYPES,
    IDENTIFIER_SCHEMES,
    REGISTRATION_STATES,
    TARGET_KINDS,
)
from gateway.domain.dataset import Dataset, Facts, Field, Privacy, Rule, Type
from gateway.domain.findings import Outcome
from gateway.domain.identifiers import is_organization_code, is_registration_number, is_resident_id, is_uscc
from gateway.domain.regions import is_region_code, provinces
from gateway.messages import Message

USCC_CHECK = Message(
    "identifier.uscc",
    zh="{title}“{value}”不是有效的统一社会信用代码：应为 18 位、不含 I O S V Z、末位校验码相符；请向登记机关核对后更正",
    en="{field} {value!r} is no unified social credit code: 18 characters without I O S V Z and a matching check "
    "character are expected; verify it with the registration authority",
)
USCC_EXCEPTION = Message(
    "identifier.exception",
    zh="{title}“{value}”校验码不符，但在已复核的例外名单内，予以接受",
    en="{field} {value!r} fails its check, but stands on the reviewed exception list and is accepted",
)
REGISTRATION_NUMBER_CHECK = Message(
    "identifier.registration_number",
    zh="{title}“{value}”不是有效的 15 位注册号：应为 15 位数字且末位校验码相符；请核对后更正",
    en="{field} {value!r} is no 15-digit registration number with a matching check digit; verify and correct it",
)
ORGANIZATION_CODE_CHECK = Message(
    "identifier.organization_code",
    zh="{title}“{value}”不是有效的组织机构代码：应为 9 位且末位校验码相符；请核对后更正",
    en="{field} {value!r} is no organization code of 9 characters with a matching check character; verify and "
    "correct it",
)
RESIDENT_ID_CHECK = Message(
    "identifier.resident_id",
    zh="{title}不是有效的公民身份号码：应为 18 位、出生日期存在且末位校验码相符；请核对后更正",
    en="{field} is no resident identity number of 18 characters with a real birth date and a matching check "
    "character; verify and correct it",
)
REGION_CHECK = Message(
    "region.unknown",
    zh="{title}“{value}”不在行政区划代码表（GB/T 2260）内；请更正，或由管理员登记为本地功能区代码",
    en="{field} {value!r} is not in the table of region codes (GB/T 2260); correct it or have the zone declared",
)

OTHER_PROVINCE = Message(
    "region.other_province",
    zh="{title}“{value}”不属于本行写明的所在省份；请核对省份和地区，更正写错的一项",
    en="{field} {value!r} lies in another province than this row states; verify province and region and correct the "
    "wrong one",
)
NEGATIVE_CAPITAL = Message(
    "amount.negative",
    zh="{title}“{value}”小于零；注册资本不得为负，请核对后更正",
    en="{field} {value!r} is below zero, which no registered capital is; verify and correct it",
)


def _is(scheme: str) -> pl.Expr:
    return pl.col("identifier_scheme") == scheme


def _scheme(name: str, holds: pl.Expr) -> pl.Expr:
    return _is(name) & ~holds


def _reviewed(facts: Facts) -> pl.Expr:
    return pl.col("identifier").is_in(sorted(facts.exceptions.get("uscc", frozenset())))


def _in_another_province() -> pl.Expr:
    stated = pl.col("province").replace_strict(provinces(), default=None, return_dtype=pl.String)
    return stated != pl.col("region_code").str.head(2)


INSPECTION_TARGETS = Dataset(
    name="inspection_targets",
    title="检查对象名录库",
    fields=(
        # The identifier leads the key, so that one index finds a company by its code whatever its kind.
        Field(name="identifier", title="标识", length=64, required=True, key=True),
        Field(name="identifier_scheme", title="标识类型", required=True, key=True, codes=IDENTIFIER_SCHEMES),
        Field(name="kind", title="对象类别", required=True, key=True, codes=TARGET_KINDS),
        Field(name="licence_label", title="许可证或标签", length=100, key=True, absent=""),
        Field(name="name", title="名称", length=100, required=True),
        Field(name="legal_representative", title="法定代表人", length=200),
        Field(name="enterprise_type", title="企业类型", codes=ENTERPRISE_TYPES),
        Field(name="registered_capital", title="注册资本（分）", type=Type.MONEY),
        Field(name="capital_currency", title="注册资本币种", codes=CURRENCIES),
        Field(name="established_on", title="成立日期", type=Type.DATE),
        Field(name="registration_state", title="登记状态", codes=REGISTRATION_STATES),
        Field(name="industry_code", title="行业代码", length=5),
        Field(name="business_scope", title="经营范围", length=4000),
        Field(name="province", title="所在省份", length=20),
        Field(name="region_code", title="行政区划代码", length=6),
        Field(name="region_name", title="地区", length=50),
        Field(name="address", title="住所", length=300),
        Field(name="phone", title="联系电话", length=30, privacy=Privacy.PERSONAL),
        Field(name="risk_class", title="信用风险分类", length=10),
        Field(name="credit_class", title="信用等级", length=10),
    ),
    rules=(
        Rule(
            message=USCC_CHECK,
            field="identifier",
            outcome=Outcome.REJECTED,
            fails=lambda facts: _scheme("uscc", is_uscc(pl.col("identifier")) | _reviewed(facts)),
            when=lambda _: _is("uscc"),
        ),
        Rule(
            message=USCC_EXCEPTION,
            field="identifier",
            outcome=Outcome.NOTE,
            fails=lambda facts: _scheme("uscc", is_uscc(pl.col("identifier"))) & _reviewed(facts),
            when=_reviewed,
        ),
        Rule(
            message=REGISTRATION_NUMBER_CHECK,
            field="identifier",
            outcome=Outcome.REJECTED,
            fails=lambda _: _scheme("registration_number", is_registration_number(pl.col("identifier"))),
            when=lambda _: _is("registration_number"),
        ),
        Rule(
            message=ORGANIZATION_CODE_CHECK,
            field="identifier",
            outcome=Outcome.REJECTED,
            fails=lambda _: _scheme("organization_code", is_organization_code(pl.col("identifier"))),
            when=lambda _: _is("organization_code"),
        ),
        Rule(
            message=RESIDENT_ID_CHECK,
            field="identifier",
            outcome=Outcome.REJECTED,
            fails=lambda _: _scheme("resident_id", is_resident_id(pl.col("identifier"))),
            when=lambda _: _is("resident_id"),
        ),
        Rule(
            message=REGION_CHECK,
            field="region_code",
            outcome=Outcome.HELD,
            fails=lambda _: pl.col("region_code").is_not_null() & ~is_region_code(pl.col("region_code")),
        ),
        Rule(
            message=OTHER_PROVINCE,
            field="region_code",
            outcome=Outcome.HELD,
            fails=lambda _: is_region_code(pl.col("region_code")) & _in_another_province(),
        ),
        Rule(
            message=NEGATIVE_CAPITAL,
            field="registered_capital",
            outcome=Outcome.REJECTED,
            fails=lambda _: pl.col("registered_capital") < 0,
        ),
    ),
)
