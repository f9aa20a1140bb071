"""The invented companies of the demo: every name made up, every code well formed, the same ones every time.

The counties 晨星县 and 晨光县 do not exist; they borrow region codes, because codes are checked against GB/T 2260.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from gateway.domain.identifiers import check_character_organization_code, check_character_uscc

REGION, REGION_NAME = "371121", "晨星县"
OTHER_REGION, OTHER_REGION_NAME = "130634", "晨光县"
COMPANIES = 300
TRACED = 16  # the company that the demo follows: its place among them

_SEED = 20260101
_FIRST = "云海瑞金东华安泰永鼎恒嘉德润丰盛和信宏远"
_SECOND = "帆岳禾源方晨宁康兴立泽诚通达茂阳博川锦䶮"
_TRADES: Mapping[str, str] = {
    "渔具": "C2449",
    "食品": "C1499",
    "茶业": "C1530",
    "建材": "F5165",
    "化工": "C2669",
    "物流": "G5430",
    "机械": "C3499",
    "水产": "C1369",
}
_FORMS: Mapping[str, str] = {"有限公司": "有限责任公司", "加工厂": "个人独资企业", "经营部": "个体工商户"}
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_STREETS = ("朝阳路", "海滨大道", "工业一路", "振兴街", "青年路")


@dataclass(frozen=True)
class Company:
    """One company as the department writes it: the cells of its row, in the order of the columns."""

    name: str
    uscc: str
    representative: str
    kind: str
    capital: str
    currency: str
    established: str
    state: str
    industry: str
    region: str
    region_name: str
    address: str
    phone: str
    clerk: str


def enterprise_code(number: int, region: str = REGION) -> str:
    """A well-formed code that no authority would issue: its organisation code starts with XXXX."""
    return _code("91", region, f"XXXX{number:04}")


def authority_code(number: int) -> str:
    """The same for a department."""
    return _code("11", REGION, f"XXXY{number:04}")


@cache
def companies() -> tuple[Company, ...]:
    """The companies of the county, in the order of their codes."""
    chance = random.Random(_SEED)  # noqa: S311 - the same companies every time, no secret
    names = [first + second for first in _FIRST for second in _SECOND]
    chance.shuffle(names)
    return tuple(_company(number, names[number], chance) for number in range(COMPANIES))


def _code(kind: str, region: str, organization: str) -> str:
    first = f"{kind}{region}{organization}{check_character_organization_code(organization)}"
    return first + check_character_uscc(first)


def _company(number: int, name: str, chance: random.Random) -> Company:
    trade = chance.choice(list(_TRADES))
    form = chance.choices(list(_FORMS), weights=(8, 1, 1))[0]
    date = f"{chance.randint(1998, 2024)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    capital = chance.choice(("50", "100", "500", "1,200", "３００", "68.5"))
    return Company(
        name=f"{REGION_NAME}{name}{trade}{form}",
        uscc=enterprise_code(number),
        representative=f"{chance.choice(_SURNAMES)}某",
        kind=_FORMS[form],
        capital=capital,
        currency="人民币",
        established=date if number % 7 else date.replace("-", "/"),
        state=chance.choices(("存续", "在营", "注销"), weights=(8, 4, 1))[0],
        industry=_TRADES[trade],
        region=REGION,
        region_name=REGION_NAME,
        address=f"{REGION_NAME}{chance.choice(_STREETS)}{chance.randint(1, 300)}号",
        phone=f"0633-{chance.randint(2_000_000, 8_999_999)}",
        clerk=chance.choice(("甲", "乙", "丙")),
    )
