"""The simulated platform checks in its documented order, takes each version once and gives reasons."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway_hebei.sandbox.records import is_uscc
from tests.plugins.gateway_hebei.requester import Requester, package, record


@pytest.fixture
def refused(requester: Requester) -> Callable[..., list[object]]:
    """Error code, HTTP status and sentence of a delivery that is refused as a whole."""

    def put(content: str | bytes | None = None, path: str = "/hbssj/jcdx/put", **headers: str) -> list[object]:
        answer = requester.signed(path, package(record()) if content is None else content, **headers)
        assert (requester.effects(), answer.code, answer.count, answer.results) == ([], "0", 0, [])
        return [answer.error, answer.http, answer.message]

    return put


# --------------------------------------------------------------------------------------------------- signature


def test_a_signed_package_is_taken(requester: Requester) -> None:
    answer = requester.put(record("k1", 7), number="p1")
    assert (answer.http, answer.code, answer.error, answer.message, answer.package, answer.count) == (
        200,
        "1",
        "",
        "成功",
        "p1",
        1,
    )
    assert answer.results == [
        {
            "RecordKey": "k1",
            "ChangeNo": "7",
            "State": "Y",
            "SerialNo": "HB13000000000001",
            "ErrorCode": "",
            "Reason": "",
        }
    ]


@pytest.mark.parametrize("part", ["Requester", "Timestamp", "Nonce", "Digest", "Signature"])
def test_a_missing_header_is_named(refused: Callable[..., list[object]], part: str) -> None:
    assert refused(**{f"X_HB_{part}": ""}) == ["HB101", 401, f"请求头不完整，缺少：X-HB-{part}"]


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("Requester", "stranger", "HB102"),
        ("Timestamp", "yesterday", "HB103"),
        ("Timestamp", "1700000000000", "HB103"),
        ("Digest", "0" * 64, "HB105"),
        ("Signature", "a" * 64, "HB105"),
        ("Nonce", "other", "HB105"),
    ],
)
def test_a_header_that_was_not_signed_so_is_refused(
    refused: Callable[..., list[object]], header: str, value: str, code: str
) -> None:
    assert refused(**{f"X_HB_{header}": value})[:2] == [code, 401]


@pytest.mark.parametrize(("seconds", "code"), [(-310, "0"), (-290, "1"), (290, "1"), (310, "0")])
def test_a_clock_is_accepted_within_five_minutes(requester: Requester, seconds: int, code: str) -> None:
    requester.offset_seconds = seconds
    assert requester.put(record()).code == code


def test_the_window_can_be_set(requester: Requester) -> None:
    requester.control("settings", window_seconds=1000)
    requester.offset_seconds = -900
    assert requester.put(record()).code == "1"


def test_a_request_overheard_and_sent_again_is_refused(requester: Requester) -> None:
    body = package(record()).encode()
    requester.signed("/hbssj/jcdx/put", body)
    assert requester.post("/hbssj/jcdx/put", body, requester.last_headers).error == "HB104"


def test_a_stranger_does_not_use_up_a_nonce(requester: Requester) -> None:
    requester.signed("/hbssj/jcdx/put", package(record()), X_HB_Signature="a" * 64, X_HB_Nonce="n1")
    body = package(record()).encode()
    assert requester.post("/hbssj/jcdx/put", body, requester.headers(body, nonce="n1")).code == "1"


def test_the_nonce_of_a_refused_package_stays_used(requester: Requester) -> None:
    requester.signed("/hbssj/jcdx/put", b"no XML")
    assert requester.post("/hbssj/jcdx/put", b"no XML", requester.last_headers).error == "HB104"


def test_a_question_must_be_signed_too(requester: Requester) -> None:
    assert requester.post("/hbssj/jcdx/ask", b"<a/>", {}).error == "HB101"


# ----------------------------------------------------------------------------------------------------- package


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        package(record())[:-5].encode(),
        package(record(EntName="\x0b")).encode(),
        package(record(EntName="石家庄")).encode("gb18030"),
        b"<!DOCTYPE DataPackage>" + package(record()).encode(),
        b'<!DOCTYPE p [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + package(record(EntName="&e;")).encode(),
    ],
    ids=["empty", "JSON", "half", "control character", "wrong bytes", "DOCTYPE", "entity"],
)
def test_what_is_no_plain_xml_is_refused(refused: Callable[..., list[object]], body: bytes) -> None:
    assert refused(body)[:2] == ["HB202", 200]


def test_an_encoding_that_is_declared_is_read(requester: Requester) -> None:
    body = '<?xml version="1.0" encoding="GBK"?>' + package(record(EntName="石家庄"))
    assert requester.signed("/hbssj/jcdx/put", body.encode("gbk")).code == "1"
    ((found,),) = [requester.show("records?key=k1")["records"]]
    assert found["content"]["EntName"] == "石家庄"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (package(record(), root="Package"), "No matching global declaration available"),
        (package(record(), catalog="BM"), "'BM' does not match the fixed value constraint"),
        (package(record(), number="x" * 129), "'PackageId': [facet 'maxLength']"),
        (package(size=1), "Missing child element(s). Expected is ( Record )"),
        (package(record(number=0)), "'ChangeNo': [facet 'minInclusive']"),
        (package(record(number="7a")), "'7a' is not a valid value of the atomic type"),
        (package(record(operation="4")), "'Operation': [facet 'enumeration']"),
        (package(record(key="")), "'RecordKey': [facet 'minLength']"),
        (package(record(EntName="")), "'EntName': [facet 'minLength']"),
        (package(record(EntName="长" * 101)), "'EntName': [facet 'maxLength']"),
        (
            package(record(EstDate="1998-02-30")),
            "'EstDate': '1998-02-30' is not a valid value of the union type 'Date'",
        ),
        (package(record(EstDate="1998-02-03Z")), "'EstDate': '1998-02-03Z' is not a valid value of the union type"),
        (package(record(RegCap="1,000")), "'RegCap': [facet 'pattern']"),
        (package(record(RegionCode="١٣٠٦٣٤")), "'RegionCode': [facet 'pattern']"),
        (package(record(Colour="red")), "Element 'Colour': This element is not expected"),
        (package(record().replace("<Dom></Dom>", "")), "Element 'Tel': This element is not expected"),
        (package(record().replace("<Data>", "<Data><b/>")), "Element 'b': This element is not expected"),
        (package(record().replace("<Record>", '<Record id="1">')), "attribute 'id' is not allowed"),
    ],
)
def test_what_does_not_satisfy_the_xsd_is_refused(
    refused: Callable[..., list[object]], content: str, what: str
) -> None:
    code, http, sentence = refused(content)
    assert (code, http, str(sentence).startswith("不符合 XSD：")) == ("HB203", 200, True)
    assert what in str(sentence)


def test_a_question_is_no_delivery_and_a_delivery_no_question(refused: Callable[..., list[object]]) -> None:
    asked = package("<Record><RecordKey>k1</RecordKey><ChangeNo>1</ChangeNo></Record>", root="QueryPackage")
    assert refused(asked) == ["HB203", 200, "不符合 XSD：此接口应为 DataPackage"]
    assert refused(path="/hbssj/jcdx/ask") == ["HB203", 200, "不符合 XSD：此接口应为 QueryPackage"]


def test_the_head_must_count_its_records(refused: Callable[..., list[object]]) -> None:
    assert refused(package(record(), size=2)) == ["HB204", 200, "包头的记录数应为 1"]


def test_too_many_records_are_refused(refused: Callable[..., list[object]]) -> None:
    records = [record(f"k{number}") for number in range(501)]
    assert refused(package(*records)) == ["HB205", 200, "记录数超过上限 500 条"]


def test_a_body_that_is_too_large_is_refused(refused: Callable[..., list[object]]) -> None:
    giant = package(record(OpScope="x" * 8_400_000))
    assert refused(giant) == ["HB201", 413, "数据包超过大小上限 8388608 字节"]


def test_a_path_that_is_not_there_is_named(requester: Requester) -> None:
    answer = requester.post("/hbssj/other/put", b"<a/>", {})
    assert (answer.http, answer.error, answer.message) == (404, "HB404", "没有此接口：POST /hbssj/other/put")
    assert requester.get("/hbssj/jcdx/put").error == "HB404"


def test_the_platform_says_that_it_is_well(requester: Requester) -> None:
    assert (requester.get("/hbssj/health").code, requester.get("/hbssj/health").http) == ("1", 200)


# ---------------------------------------------------------------------------------------------- packages again


def test_the_same_package_gets_the_same_answer_and_has_no_second_effect(requester: Requester) -> None:
    content = package(record("k1"), record("k2", RegState="7"))
    first = requester.signed("/hbssj/jcdx/put", content)
    assert requester.signed("/hbssj/jcdx/put", content).body == first.body
    assert (requester.effects(), requester.show("state")["repeated_documents"]) == ([["k1", 1, "i"]], 1)


def test_a_package_number_with_another_content_is_refused(requester: Requester) -> None:
    requester.put(record("k1"), number="p1")
    answer = requester.put(record("k1", 2, "2"), number="p1")
    assert (answer.error, answer.message) == ("HB206", "包号“p1”已用于另一份内容")
    assert requester.effects() == [["k1", 1, "i"]]


def test_a_version_in_another_package_is_answered_as_taken_before(requester: Requester) -> None:
    first, again = requester.put(record("k1")), requester.put(record("k1"))
    assert again.said == [("D", "E01")]
    assert again.results[0]["SerialNo"] == first.results[0]["SerialNo"]
    assert (requester.effects(), requester.show("state")["repeated_versions"]) == ([["k1", 1, "i"]], 1)


def test_a_version_older_than_the_one_taken_is_refused(requester: Requester) -> None:
    requester.put(record("k1", 5))
    answer = requester.put(record("k1", 4))
    assert (answer.said, answer.results[0]["Reason"]) == ([("N", "E02")], "版本 4 早于已受理的版本 5")


def test_there_and_back_again_are_three_versions(requester: Requester) -> None:
    requester.put(record(number=1), record(number=2, operation="2", EntName="乙"), record(number=3, operation="2"))
    assert requester.effects() == [["k1", 1, "i"], ["k1", 2, "u"], ["k1", 3, "u"]]


def test_a_refused_version_may_come_again(requester: Requester) -> None:
    requester.put(record(RegState="7"))
    assert requester.put(record()).said == [("Y", "")]


def test_one_key_in_two_services_is_two_records(requester: Requester) -> None:
    requester.put(record("k1", 5))
    answer = requester.signed("/hbssj/bm/put", package(record("k1", 4, service="bm"), catalog="BM"))
    assert answer.said == [("Y", "")]


# ------------------------------------------------------------------------------------------------- withdrawals


def test_a_withdrawal_has_no_fields(requester: Requester) -> None:
    requester.put(record("k1", 1))
    answer = requester.put(record("k1", 2, "3"))
    assert (answer.said, requester.effects()) == ([("Y", "")], [["k1", 1, "i"], ["k1", 2, "d"]])


@pytest.mark.parametrize("before", [[], [("1", 1), ("3", 2)]])
def test_nothing_can_be_withdrawn_that_is_not_there(requester: Requester, before: list[tuple[str, int]]) -> None:
    if before:
        requester.put(*(record("k1", number, operation) for operation, number in before))
    assert requester.put(record("k1", 3, "3")).said == [("N", "E03")]


def test_what_was_withdrawn_may_be_said_again_under_another_key(requester: Requester) -> None:
    requester.put(record("k1", 1), record("k1", 2, "3"))
    assert requester.put(record("k2", 3)).said == [("Y", "")]


# ------------------------------------------------------------------------------------------------------ records


@pytest.mark.parametrize(
    ("wrong", "code", "reason"),
    [
        (record("wrong").partition("<Data>")[0] + "</Record>", "E04", "新增或变更的记录应有 Data"),
        (
            record("wrong", TargetKind="ZZ"),
            "E11",
            "对象类别（TargetKind）的代码“ZZ”不在代码表内：QY 市场主体、CP 产品、XM 项目、XW 行为",
        ),
        (
            record("wrong", TargetId="91130634MA07K1LX20"),
            "E12",
            "标识（TargetId）不是有效的统一社会信用代码：“91130634MA07K1LX20”",
        ),
        (record("wrong"), "E13", "“QY|USCC|91130634MA07K1LX23|”已以数据标识“before”登记"),
    ],
    ids=["no fields", "unknown code", "credit code", "other key"],
)
def test_a_wrong_record_is_refused_with_its_reason_and_the_others_are_taken(
    requester: Requester, wrong: str, code: str, reason: str
) -> None:
    after = record("after", TargetIdType="NB", TargetId="8")
    answer = requester.put(record("before"), wrong, after)
    assert [(each["State"], each["ErrorCode"], each["Reason"]) for each in answer.results] == [
        ("Y", "", ""),
        ("N", code, reason),
        ("Y", "", ""),
    ]
    assert [key for key, _, _ in requester.effects()] == ["before", "after"]


def test_a_record_that_changes_what_it_is_about_frees_its_name(requester: Requester) -> None:
    requester.put(record("k1", 1), record("k1", 2, "2", TargetIdType="NB", TargetId="8"))
    assert requester.put(record("k2", 3)).said == [("Y", "")]


@pytest.mark.parametrize(
    "code", ["91110000600037341L", "913301007161035748", "91230500MA1B3N1N2M", "11230500001755309F"]
)
def test_genuine_credit_codes_are_known(code: str) -> None:
    assert is_uscc(code)
    assert not is_uscc(code[:-1] + ("0" if code[-1] != "0" else "1"))


@pytest.mark.parametrize("text", ["", "9111", "91110000600037341l", "9111000060003734IL", "91110000600037341LL"])
def test_other_texts_are_no_credit_codes(text: str) -> None:
    assert not is_uscc(text)


def test_a_hostile_text_is_held_as_it_was_said(requester: Requester) -> None:
    text = "&lt;/EntName&gt;&amp;amp;&#10;]]&gt;&#13;&#9;'&quot;"
    requester.put(record(EntName=text))
    (found,) = requester.show("records?key=k1")["records"]
    assert found["content"]["EntName"] == "</EntName>&amp;\n]]>\r\t'\""


# ------------------------------------------------------------------------------------------------------ finding


def test_what_is_held_is_found_refusals_included(requester: Requester) -> None:
    requester.put(record("k1", 1), record("k2", 2, RegState="7"))
    assert requester.ask(("k1", 1), ("k2", 2), ("k1", 9), ("k3", 1)) == [
        ("k1", "1", "Y", "HB13000000000001"),
        ("k2", "2", "N", ""),
    ]
    assert requester.ask(("k3", 1)) == []


def test_a_question_has_no_effect(requester: Requester) -> None:
    requester.ask(("k1", 1))
    assert requester.effects() == []


def test_a_key_comes_back_as_it_was_said(requester: Requester) -> None:
    requester.put(record("a&lt;b&gt;|&amp;&#10;"))
    assert requester.ask(("a&lt;b&gt;|&amp;&#10;", 1)) == [("a<b>|&\n", "1", "Y", "HB13000000000001")]


# ------------------------------------------------------------------------------------------------ its own doors


def test_a_version_that_took_effect_twice_would_be_seen(requester: Requester) -> None:
    requester.control("settings", deduplicates=False)
    requester.put(record("k1"))
    requester.put(record("k1"))
    state = requester.show("state")
    assert (state["effects"], state["double_effects"]) == (2, 1)


def test_the_counts_add_up(requester: Requester) -> None:
    requester.put(record("k1", 1), record("k1", 2, "2"), record("k2", RegState="7"))
    requester.ask(("k1", 1))
    assert requester.show("state") == {
        "effects": 2,
        "double_effects": 0,
        "records": 1,
        "refused_versions": 1,
        "documents": 1,
        "deliver_requests": 1,
        "find_requests": 1,
    }


def test_a_reset_forgets_everything(requester: Requester) -> None:
    requester.put(record())
    requester.control("faults", kind="500", times=3)
    requester.control("reset")
    assert requester.put(record("k9")).results[0]["SerialNo"] == "HB13000000000001"
    assert requester.show("state")["effects"] == 1


@pytest.mark.parametrize(
    ("door", "content"),
    [
        ("faults", {"kind": "earthquake"}),
        ("faults", {"kind": "broken_json"}),
        ("faults", {"kind": "500", "times": 0}),
        ("faults", {"kind": "500", "request": "health"}),
        ("settings", {"colour": "red"}),
        ("settings", {"window_seconds": 0}),
    ],
)
def test_an_order_that_cannot_be_followed_is_refused(
    requester: Requester, door: str, content: dict[str, object]
) -> None:
    answered = requester.control(door, **content)
    assert (answered["code"], answered["http"]) == ("C201", 400)


def test_an_unknown_door_is_named(requester: Requester) -> None:
    assert requester.control("colour") == {"code": "C404", "message": "没有此入口：POST /_sandbox/colour", "http": 404}


def test_deliveries_at_once_are_each_taken_once(requester: Requester) -> None:
    def put(number: int) -> None:
        body = package(record(f"k{number}", TargetIdType="NB", TargetId=str(number))).encode()
        requester.post("/hbssj/jcdx/put", body, requester.headers(body))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(put, range(20)))
    assert sorted(key for key, _, _ in requester.effects()) == sorted(f"k{number}" for number in range(20))
