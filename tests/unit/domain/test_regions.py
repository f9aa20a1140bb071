from __future__ import annotations

import subprocess
import sys

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.regions import NATION, REGIONS, is_region_code, parents, region_name
from gateway.errors import UnknownName


def judged(*texts: str | None) -> list[bool | None]:
    frame = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)})
    return frame.select(is_region_code(pl.col("text")))["text"].to_list()


def counties(province: str) -> list[str]:
    return [code for code in REGIONS if code.startswith(province) and not code.endswith("00")]


def prefectures(province: str) -> list[str]:
    return [code for code in REGIONS if code.startswith(province) and code.endswith("00") and code[2:] != "0000"]


def test_all_provinces_are_in_the_table() -> None:
    assert len([code for code in REGIONS if code.endswith("0000")]) == 34


def test_all_prefectures_are_in_the_table() -> None:
    assert len(prefectures("")) == 333


# The numbers of counties and prefectures that both provinces state of themselves.
@pytest.mark.parametrize(("province", "cities", "count"), [("37", 16, 136), ("13", 11, 167)])
def test_a_province_in_scope_has_all_its_prefectures_and_counties(province: str, cities: int, count: int) -> None:
    assert (len(prefectures(province)), len(counties(province))) == (cities, count)


def test_every_code_is_six_digits_in_order_under_a_listed_parent() -> None:
    codes = list(REGIONS)
    assert codes == sorted(set(codes))
    assert [code for code in codes if not (len(code) == 6 and code.isdigit())] == []
    expected = {code: (2 if code.endswith("00") else 3) - code.endswith("0000") for code in codes}
    assert {code: len(parents(code)) for code in codes} == expected


def test_no_name_is_empty_or_stands_twice_under_one_parent() -> None:
    places = [(parents(code)[0], name) for code, name in REGIONS.items()]
    assert [place for place in places if not place[1] or places.count(place) > 1] == []


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("370000", "山东省"),
        ("370200", "青岛市"),
        ("370116", "莱芜区"),
        ("370215", "即墨区"),
        ("370614", "蓬莱区"),
        ("371681", "邹平市"),
        ("130284", "滦州市"),
        ("130502", "襄都区"),
        ("130828", "围场满族蒙古族自治县"),
        ("522300", "黔西南布依族苗族自治州"),
    ],
)
def test_a_region_has_its_name_of_today(code: str, name: str) -> None:
    assert REGIONS[code] == name


def test_withdrawn_codes_zones_and_odd_texts_are_not_region_codes() -> None:
    odd = ["371200", "370282", "370171", "37040", "3704021", " 370402", "", "３７０４０２", "😀", "\0" * 6, "37"]
    assert judged(*odd) == [False] * len(odd)


def test_listed_codes_are_region_codes_and_null_stays_null() -> None:
    assert judged("370402", None, "130000", "110000") == [True, None, True, True]


@given(texts=st.lists(st.none() | st.text() | st.sampled_from(sorted(REGIONS))))
@settings(deadline=None)
def test_a_text_is_a_region_code_exactly_when_the_table_has_it(texts: list[str | None]) -> None:
    assert judged(*texts) == [None if text is None else text in REGIONS for text in texts]


@pytest.mark.parametrize(
    ("code", "chain"),
    [
        ("370402", ("370400", "370000", NATION)),
        ("370400", ("370000", NATION)),
        ("370000", (NATION,)),
        (NATION, ()),
        ("110105", ("110000", NATION)),
        ("370272", ("370200", "370000", NATION)),
    ],
)
def test_values_fall_back_from_county_to_city_to_province_to_nation(code: str, chain: tuple[str, ...]) -> None:
    assert parents(code) == chain


@pytest.mark.parametrize("text", ["37", "3704", "37040２", "abcdef", " 370402", "370402001"])
def test_the_parents_of_what_is_no_code_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="six digits"):
        parents(text)


def test_a_name_is_said_with_the_regions_above_it() -> None:
    names = [region_name(code) for code in ("370402", "370200", "130000", NATION)]
    assert names == ["山东省枣庄市市中区", "山东省青岛市", "河北省", "全国"]


def test_the_name_of_an_unlisted_code_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName) as refused:
        region_name("370499")
    assert "370499" in refused.value.text("zh")


def test_importing_the_module_does_not_read_the_table() -> None:
    program = (
        "import gateway.domain.regions as r; assert r._names.cache_info().currsize == 0; "
        "r.REGIONS['370000']; assert r._names.cache_info().currsize == 1"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
