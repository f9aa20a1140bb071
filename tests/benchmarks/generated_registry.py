"""A registry of any size, the same on every machine: 20 columns as a department writes them, 2 % of the rows dirty.

Row n is a function of n alone, so that parts can be made apart and a second day can be derived from the first.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from gateway.domain.identifiers import USCC_ALPHABET, USCC_WEIGHTS

MAPPINGS = Path(__file__).with_name("mappings")
MAP = "bench/inspection_targets"
MAP_FILE = MAPPINGS / f"{MAP}.yml"

# One row in fifty is dirty, of each kind in turn; each ends rejected or held.
DIRTY_EVERY = 50
DIRTY_KINDS = (
    "failing check character",
    "missing name",
    "impossible date",
    "unknown type",
    "over-long name",
    "control character",
    "unknown region",
    "amount that is no number",
)

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_TRADES = (
    "机械制造",
    "电子科技",
    "食品加工",
    "建筑工程",
    "医药",
    "纺织服装",
    "物流运输",
    "化工",
    "农业开发",
    "餐饮管理",
)
_NAMES = ("鑫源", "宏达", "永盛", "华泰", "金鼎", "瑞丰", "东方", "恒信", "天成", "海润", "中联", "新兴", "嘉禾")
_FORMS = ("有限公司", "有限责任公司", "股份有限公司", "经营部", "加工厂", "贸易商行", "个体工商户", "合作社")
_TYPES = ("有限责任公司", "个人独资企业", "集体所有制", "个体工商户", "股份有限公司", "普通合伙", "国有企业", "N/A")
_STATES = ("存续", "存续", "存续", "存续", "吊销", "注销")
_CURRENCIES = ("人民币", "人民币", "人民币", "人民币", "美元", "港元", "")
_REGIONS = (
    ("济南", "370102", "历下区"),
    ("青岛", "370202", "市南区"),
    ("淄博", "370303", "张店区"),
    ("烟台", "370602", "芝罘区"),
    ("潍坊", "370702", "潍城区"),
    ("济宁", "370811", "任城区"),
    ("临沂", "371302", "兰山区"),
    ("菏泽", "371702", "牡丹区"),
)
_STREETS = ("燕儿岛路", "解放东路", "和平大街", "经六路", "渤海七路", "建设北路", "工业园区纬三路", "中山路")
_SCOPES = (
    "一般项目：机械设备销售；五金产品批发；电子产品销售；建筑材料销售；",
    "许可项目：食品生产；食品销售（依法须经批准的项目，经相关部门批准后方可开展经营活动）；",
    "道路货物运输；普通货物仓储服务；装卸搬运；国内货运代理；",
    "计算机软硬件开发、销售及技术服务；信息系统集成；",
    "房屋建筑工程、市政工程、装饰装修工程的设计与施工；",
    "批发、零售：日用百货，服装鞋帽，化妆品，体育用品，家用电器，办公用品；",
    "中药材种植；农副产品收购、加工、销售；",
    "“互联网+”技术咨询；广告设计、制作、代理、发布；",
)


def registry(count: int, start: int = 0, *, changed: bool = False) -> pl.DataFrame:
    """Rows `start` to `start + count`, every column text; `changed` is the next day, when 1 % have another phone."""
    frame = pl.DataFrame({"n": pl.int_range(start, start + count, dtype=pl.Int64, eager=True)})
    frame = frame.with_columns(
        _region=_number(3, len(_REGIONS)),
        _dirty=_dirt(),
        _changed=(pl.col("n") % 100 == 3) & pl.lit(changed),
    )
    return frame.with_columns(_body=_body()).select(**_columns())


def registry_frames(count: int, rows: int = 50_000, *, changed: bool = False) -> Iterator[pl.DataFrame]:
    """The same in frames."""
    for start in range(0, count, rows):
        yield registry(min(rows, count - start), start, changed=changed)


def write_registry(directory: Path, count: int) -> None:
    """Write `register.csv`, `moved.csv` and, of the next day, `changed.csv`, and the map that reads them."""
    for name, changed in (("register", False), ("changed", True)):
        with (directory / f"{name}.csv").open("wb") as file:
            for number, frame in enumerate(registry_frames(count, changed=changed)):
                # Departments' exports leave an empty cell empty; polars would write "" in quotes.
                cells = frame.with_columns(pl.when(pl.all() != "").then(pl.all()))
                file.write(cells.write_csv(include_header=number == 0).encode())
    write_moved(directory)
    shutil.copytree(MAPPINGS, directory / "mappings", dirs_exist_ok=True)


def write_moved(directory: Path) -> None:
    """Write the rows of `register.csv` in another order, the second half first, as `moved.csv`."""
    text = (directory / "register.csv").read_bytes()
    first, half = text.index(b"\n") + 1, text.index(b"\n", len(text) // 2) + 1
    with (directory / "moved.csv").open("wb") as file:
        file.writelines((text[:first], text[half:], text[first:half]))


def dirty_rows(count: int) -> int:
    """How many of the first `count` rows end rejected or held."""
    return len(range(7, count, DIRTY_EVERY))


def _columns() -> dict[str, pl.Expr]:
    name = _pick(5, [each for _, _, each in _REGIONS]) + _pick(7, _NAMES) + pl.col("n").cast(pl.String)
    name = name + _pick(11, _TRADES) + _pick(13, _FORMS)
    day = pl.date(1990, 1, 1) + pl.duration(days=_number(17, 12_000))
    address = pl.lit("山东省") + _of_region(0) + pl.lit("市") + _of_region(2) + _pick(19, _STREETS)
    address = address + _number(23, 400).cast(pl.String) + pl.lit("号") + _number(29, 30).cast(pl.String) + pl.lit("室")
    amount = _number(31, 9_000).cast(pl.String)
    amount = pl.when(_number(37, 5) == 0).then(amount + pl.lit(".5000")).otherwise(amount) + pl.lit("万元")
    phone = pl.when("_changed").then(pl.lit("0531-8")).otherwise(pl.lit("0532-8"))
    phone = phone + _number(79, 9_999_999).cast(pl.String).str.zfill(7)
    return {
        "企业名称": _unless("missing name", pl.lit(""), _unless("over-long name", pl.concat_str([name] * 12), name)),
        "统一社会信用代码": pl.col("_body").cast(pl.String) + _check_character(),
        "注册日期": _unless("impossible date", pl.lit("1999-02-30"), day.dt.to_string("%Y-%m-%d")),
        "企业类型": _unless("unknown type", pl.lit("火星企业"), _pick(41, _TYPES)),
        "法人代表": _pick(43, list(_SURNAMES)) + pl.lit("某"),
        "注册资金": _unless("amount that is no number", pl.lit("若干万元"), amount),
        "币种": _pick(47, _CURRENCIES),
        "经营范围": _pick(53, _SCOPES) + _pick(59, _SCOPES) + _pick(61, _SCOPES),
        "所在省份": pl.lit("山东"),
        "地区": _unless("unknown region", pl.lit("亚特兰蒂斯"), _of_region(0)),
        "行政区划代码": _of_region(1),
        "注册地址": _unless("control character", address + pl.lit("\x07"), address),
        "检查对象类别": pl.lit("市场主体"),
        "许可证或标签": pl.when(_number(67, 10) == 0).then(pl.lit("食品经营许可证")).otherwise(pl.lit("")),
        "登记状态": _pick(71, _STATES),
        "行业代码": _number(73, 9000).cast(pl.String).str.zfill(4),
        "联系电话": phone,
        "信用风险分类": _pick(83, ("A", "B", "C", "D")),
        "信用等级": _pick(89, ("优", "良", "中", "N/A")),
        "更新时间": day.dt.to_string("%Y-%m-%d") + pl.lit(" 08:30:00"),
    }


def _number(salt: int, below: int) -> pl.Expr:
    """A scrambled number for each row."""
    return (pl.col("n") * (2_654_435 + salt * 7_919) + salt * 104_729) % 1_000_003 * 31 % 999_983 % below


def _pick(salt: int, texts: Sequence[str]) -> pl.Expr:
    return pl.lit(pl.Series(texts)).gather(_number(salt, len(texts)))


def _of_region(part: int) -> pl.Expr:
    return pl.lit(pl.Series([each[part] for each in _REGIONS])).gather(pl.col("_region"))


def _dirt() -> pl.Expr:
    """The kind of dirt in a row, null in a clean one."""
    kinds = pl.lit(pl.Series(DIRTY_KINDS)).gather(pl.col("n") // DIRTY_EVERY % len(DIRTY_KINDS))
    return pl.when(pl.col("n") % DIRTY_EVERY == 7).then(kinds)


def _unless(kind: str, dirty: pl.Expr, clean: pl.Expr) -> pl.Expr:
    return pl.when(pl.col("_dirty") == kind).then(dirty).otherwise(clean)


def _body() -> pl.Expr:
    """The first 17 characters of the code, all digits here: 91, the region, nine digits of n."""
    return 91 * 10**15 + _of_region(1).cast(pl.Int64) * 10**9 + pl.col("n")


def _check_character() -> pl.Expr:
    digits = (pl.col("_body") // 10 ** (16 - place) % 10 * weight for place, weight in enumerate(USCC_WEIGHTS))
    value = (31 - pl.sum_horizontal(*digits) % 31) % 31
    wrong = pl.when(pl.col("_dirty") == "failing check character").then(1).otherwise(0)
    return pl.lit(pl.Series(list(USCC_ALPHABET))).gather((value + wrong) % 31)
