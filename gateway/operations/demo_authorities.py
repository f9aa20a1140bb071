"""Who inspects in the demo: an authority, its colleague, what its task draws, and whom and what it may inspect with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from gateway.operations.demo_companies import (
    OTHER_REGION,
    OTHER_REGION_NAME,
    REGION,
    REGION_NAME,
    TRACED,
    companies,
    enterprise_code,
)

Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Authority:
    """The department that leads a task; `files` is what its files in departments/ begin with."""

    department: str
    name: str
    files: str
    region: str
    colleagues: Sequence[str]
    platform: str  # whose staff set up its task
    rate: int  # of ten thousand targets
    vocabulary: str  # how its inspectors say what they found
    seed: str  # everybody can work out the draw again with it
    followed: str = ""  # where its inspectors look at something that no list names yet
    uninvited: str = ""  # a department that comes along although the task does not name it

    @property
    def items(self) -> tuple[tuple[str, str], ...]:
        """The items that it lists: code and name."""
        return tuple((f"{self.department}-{number}", name) for number, name in _ITEMS.items())

    @property
    def unlisted(self) -> tuple[str, str]:
        """What its inspectors look at although the list does not name it yet."""
        return f"{self.department}-09", "特种设备使用单位检查"

    @property
    def task(self) -> str:
        """The name of its task."""
        return f"{self.name}企业公示信息抽查"

    def order(self, today: date) -> dict[str, Any]:
        """The task as the platform's staff set it up, to be drawn by a seed that is said beforehand."""
        return {
            "name": self.task,
            "lead_department": self.department,
            "departments": list(self.colleagues),
            "task_source": "2",
            "plan_number": f"{self.region[:2]}0000{today.year}1001",
            "plan_name": f"{today.year} 年度抽查计划",
            "starts_on": today.isoformat(),
            "ends_on": (today + timedelta(days=30)).isoformat(),
            "region": self.region,
            "item_codes": [code for code, _ in self.items],
            "rate": self.rate,
            "seed": self.seed,
            "draw": False,
        }


_TARGETS = 120
_ITEMS = {"01": "登记事项检查", "02": "公示信息检查"}

COUNTY = Authority(
    department="CX-SCJG",
    name=f"{REGION_NAME}市场监督管理局",
    files="",
    region=REGION,
    colleagues=("CX-YJGL",),
    platform="shandong",
    rate=500,
    vocabulary="conclusions",
    seed="晨星127",
    followed=companies()[TRACED].uscc,
    uninvited="CX-XFJY",
)
# Together with the real registrations: their places are known to the city, so the province's own department draws.
PROVINCE = Authority(
    department="SD-SCJG",
    name="山东省市场监督管理局",
    files="province_",
    region="370000",
    colleagues=(),
    platform="shandong",
    rate=500,
    vocabulary="conclusions",
    seed="山东2026",
)
# The other province: another format, another vocabulary, another rate.
HEBEI = Authority(
    department="HE-SCJG",
    name="河北省市场监督管理局",
    files="hebei_",
    region="130000",
    colleagues=(),
    platform="hebei",
    rate=300,
    vocabulary="normal",
    seed="河北2026",
)


def items(authority: Authority) -> Iterator[Row]:
    """The list of items that the authority and its colleagues published."""
    for code, name in authority.items:
        yield item(authority, authority.department, code, name)
    for department in authority.colleagues:
        yield item(authority, department, f"{department}-01", "安全生产条件检查")


def item(authority: Authority, department: str, code: str, name: str) -> Row:
    """One entry of the list."""
    return {
        "item_code": code,
        "department_code": department,
        "name": name,
        "inspected_objects": "企业",
        "item_class": "1",
        "basis": "《企业信息公示暂行条例》",
        "methods": "实地核查",
        "result_vocabulary": authority.vocabulary,
        "joint": "true",
        "state": "1",
    }


def inspectors(authority: Authority) -> Iterator[Row]:
    """Six inspectors a department; of each the last has a certificate that ran out, so it is never matched.

    Where the province takes police certificates, the first has one.
    """
    for place, department in enumerate((authority.department, *authority.colleagues)):
        for number in range(1, 7):
            yield {
                "inspector_number": f"{authority.region}{place + 1}{number:03}",
                "department_code": department,
                "certificate_kind": "police" if authority is HEBEI and number == 1 else "certificate",
                "name": f"{'赵钱孙李周吴'[number - 1]}检查",
                "category": "civil",
                "certificate_valid_until": "2020-12-31" if number == 6 else "2099-12-31",
                "region_code": authority.region,
                "state": "1",
            }


def departments(authority: Authority) -> Iterator[Row]:
    """The department itself, as the province lists it."""
    yield {
        "department_code": authority.department,
        "name": authority.name,
        "region_code": authority.region,
        "level": "province",
    }


def targets() -> Iterator[Row]:
    """The enterprises of an invented county of the other province."""
    for number in range(_TARGETS):
        yield {
            "identifier": enterprise_code(number, OTHER_REGION),
            "identifier_scheme": "uscc",
            "kind": "enterprise",
            "name": f"{OTHER_REGION_NAME}第{number + 1}机械有限公司",
            "legal_representative": "王某",
            "registration_state": "1",
            "province": "河北",
            "region_code": OTHER_REGION,
            "region_name": OTHER_REGION_NAME,
            "address": f"{OTHER_REGION_NAME}工业路{number + 1}号",
        }
