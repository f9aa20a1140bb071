"""Whoever asks is let in as the feed declares, tokens are got anew when it is time, and no sentence tells a secret."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.errors import GatewayError, SourceError, StartError
from gateway.interfaces import Source
from gateway_rest.access import Granted, Token
from tests.plugins.gateway_rest.vendor import ROWS, SECRETS, Asked, Said, Vendor, opened, rows_of, served

LOGIN = {
    "type": "login",
    "path": "/api/login",
    "send": {"user": "gateway"},
    "secrets": {"password": "key"},
    "token": "data.token",
    "header": "X-Token",
    "prefix": "T ",
}
NOT_LET_IN = Said({"msg": "no"}, status="401 Unauthorized")


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with served(Vendor(lambda _: {"rows": ROWS})) as vendor:
        yield vendor


def failure(source: Source) -> SourceError:
    with pytest.raises(SourceError) as caught:
        rows_of(source)
    return caught.value


# ------------------------------------------------------------------------------------------------ what needs no token


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"type": "bearer", "secret": "token"}, "AUTHORIZATION", "Bearer t0ken-s3cret"),
        ({"type": "api_key", "secret": "token", "header": "X-API-Key"}, "X_API_KEY", "t0ken-s3cret"),
        (
            {"type": "basic", "user": "用户", "secret": "key"},
            "AUTHORIZATION",
            f"Basic {base64.b64encode('用户:k-密 y&?='.encode()).decode()}",
        ),
    ],
    ids=["bearer", "api key", "basic"],
)
def test_a_secret_goes_in_its_header(vendor: Vendor, auth: Any, header: str, value: str) -> None:
    assert rows_of(opened(vendor, auth=auth)) == ROWS
    assert vendor.asked[0].headers[header] == value


@pytest.mark.parametrize("auth", ["none", {"type": "none"}])
def test_without_access_nothing_is_sent_along(vendor: Vendor, auth: Any) -> None:
    assert rows_of(opened(vendor, auth=auth, headers={"X-Tenant": "370400"})) == ROWS
    assert ("AUTHORIZATION" in vendor.asked[0].headers, vendor.asked[0].headers["X_TENANT"]) == (False, "370400")


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_key_in_the_address_arrives_whatever_it_holds(vendor: Vendor, method: str) -> None:
    auth = {"type": "api_key", "secret": "key", "query": "appkey"}
    rows_of(opened(vendor, auth=auth, method=method, ask={"a": "1"}))
    key = {"appkey": SECRETS["key"]}
    assert vendor.asked[0].query == ({"a": "1", **key} if method == "get" else key)


def test_a_key_that_a_next_link_holds_already_is_not_sent_twice(vendor: Vendor) -> None:
    vendor.answer = lambda asked: {"rows": [], "next": "?appkey=theirs" if "x" in asked.query else None}
    auth = {"type": "api_key", "secret": "token", "query": "appkey"}
    rows_of(opened(vendor, auth=auth, ask={"x": "1"}, pagination={"type": "next_link", "next": "next"}))
    first = {"x": "1", "appkey": "t0ken-s3cret"}
    assert [each.query for each in vendor.asked] == [first, {"appkey": "theirs"}, first]


def test_a_secret_that_no_header_can_hold_stops_the_start_unsaid(vendor: Vendor) -> None:
    with pytest.raises(StartError) as caught:
        opened(vendor, auth={"type": "bearer", "secret": "line"})
    assert (caught.value.message.code, "l1ne" in repr(caught.value)) == ("rest.secret_not_sendable", False)


# ------------------------------------------------------------------------------------------------ login, then token


def lets_in(vendor: Vendor, refused: Any = NOT_LET_IN, lasts: int = 1_000) -> None:
    """A vendor whose tokens are numbered, each good for so many questions."""
    logins: list[int] = []
    left = [0]

    def answer(asked: Asked) -> Any:
        if asked.path == "/api/login":
            logins.append(1)
            left[0] = lasts
            return {"data": {"token": f"issued-{len(logins)}"}}
        left[0] -= 1
        return {"rows": ROWS} if left[0] >= 0 and asked.headers["X_TOKEN"] == f"T issued-{len(logins)}" else refused

    vendor.answer = answer


def paths(vendor: Vendor) -> list[str]:
    return [each.path.removeprefix("/api/") for each in vendor.asked]


@pytest.mark.parametrize("form", ["json", "form"])
def test_the_token_is_got_once_for_all_questions(vendor: Vendor, form: str) -> None:
    lets_in(vendor)
    source = opened(vendor, auth={**LOGIN, "form": form})
    assert [rows_of(source), rows_of(source)] == [ROWS, ROWS]
    assert paths(vendor) == ["login", "list", "list"]
    sent = vendor.asked[0].json if form == "json" else vendor.asked[0].form
    assert sent == {"user": "gateway", "password": SECRETS["key"]}


@pytest.mark.parametrize(
    "refused", [NOT_LET_IN, Said({"code": "40101", "msg": "token expired"})], ids=["401", "a code with 200"]
)
def test_a_token_that_has_run_out_is_got_once_more(vendor: Vendor, refused: Said) -> None:
    lets_in(vendor, refused, lasts=1)
    answer = {"code": "code || '0'", "success": ["0"], "message": "msg"}
    source = opened(vendor, auth={**LOGIN, "expired": ["40101"]}, answer=answer)
    assert [rows_of(source), rows_of(source)] == [ROWS, ROWS]
    assert paths(vendor) == ["login", "list", "list", "login", "list"]


def test_a_token_is_got_once_more_and_not_for_ever(vendor: Vendor) -> None:
    lets_in(vendor, lasts=0)
    error = failure(opened(vendor, auth=LOGIN, attempts="3"))
    assert (error.message.code, error.values["status"]) == ("rest.question_refused", 401)
    assert paths(vendor) == ["login", "list", "login", "list"]


@pytest.mark.parametrize(
    "auth", ["none", {"type": "bearer", "secret": "token"}, {"type": "api_key", "secret": "token", "query": "k"}]
)
def test_what_cannot_be_renewed_is_not_asked_twice(vendor: Vendor, auth: Any) -> None:
    vendor.answer = lambda _: NOT_LET_IN
    assert failure(opened(vendor, auth=auth)).message.code == "rest.question_refused"
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (NOT_LET_IN, "rest.question_refused"),
        (Said({"data": {}, "msg": "wrong password"}), "rest.no_token"),
        (Said({"data": {"token": "two\nlines"}}), "rest.no_token"),
        (Said({"data": {"token": ["a"]}}), "rest.no_token"),
        (Said(b"<html><title>login</title></html>", content_type="text/html"), "rest.web_page"),
        (Said(b"wrong password"), "rest.unreadable_page"),
    ],
)
def test_a_login_that_fails_is_tried_once_and_says_so(vendor: Vendor, answer: Said, code: str) -> None:
    """More would lock the account."""
    vendor.answer = lambda _: answer
    assert (failure(opened(vendor, auth=LOGIN, attempts="3")).message.code, paths(vendor)) == (code, ["login"])


def test_a_login_that_is_busy_is_tried_again(vendor: Vendor) -> None:
    lets_in(vendor)
    vendor.instead = [Said({}, status="503 Busy")]
    assert rows_of(opened(vendor, auth=LOGIN, attempts="2")) == ROWS
    assert paths(vendor) == ["login", "login", "list"]


def test_a_login_may_say_how_long_its_token_holds(vendor: Vendor) -> None:
    vendor.answer = lambda asked: (
        {"token": "t", "seconds": 0} if asked.path == "/api/login" else {"rows": ROWS}  # used up at once
    )
    source = opened(vendor, auth={**LOGIN, "token": "token", "expires_in": "seconds"})
    assert [rows_of(source), rows_of(source)] == [ROWS, ROWS]
    assert paths(vendor) == ["login", "list"] * 2


def test_a_dot_in_a_member_of_a_login_leads_inside(vendor: Vendor) -> None:
    lets_in(vendor)
    rows_of(opened(vendor, auth={**LOGIN, "send": {"user.name": "g"}, "secrets": {"user.password": "token"}}))
    assert vendor.asked[0].json == {"user": {"name": "g", "password": SECRETS["token"]}}


# --------------------------------------------------------------------------------------------------------- oauth 2


def oauth(vendor: Vendor, **more: Any) -> dict[str, Any]:
    return {"type": "oauth2", "token_url": f"{vendor.url}/oauth/token", "client": "我/x", "secret": "key", **more}


def issues(vendor: Vendor, **said: Any) -> None:
    """A token service that answers so beside the token, and takes only its last token."""
    issued: list[str] = []

    def answer(asked: Asked) -> Any:
        if asked.path == "/oauth/token":
            issued.append(f"granted-{len(issued) + 1}")
            return {"access_token": issued[-1], "token_type": "bearer", **said}
        return {"rows": ROWS} if asked.headers["AUTHORIZATION"] == f"Bearer {issued[-1]}" else NOT_LET_IN

    vendor.answer = answer


@pytest.mark.parametrize("client_in", ["header", "body"])
def test_client_credentials_are_sent_as_the_standard_has_it(vendor: Vendor, client_in: str) -> None:
    issues(vendor, expires_in=3600)
    source = opened(vendor, auth=oauth(vendor, client_in=client_in, scope="read", send={"audience": "x"}))
    assert [rows_of(source), rows_of(source)] == [ROWS, ROWS]
    first = vendor.asked[0]
    client = {"client_id": "我/x", "client_secret": SECRETS["key"]} if client_in == "body" else {}
    assert first.form == {"grant_type": "client_credentials", "scope": "read", "audience": "x", **client}
    by_header = base64.b64encode(b"%E6%88%91%2Fx:k-%E5%AF%86+y%26%3F%3D").decode()
    assert first.headers.get("AUTHORIZATION") == (None if client else f"Basic {by_header}")
    assert [each.path for each in vendor.asked] == ["/oauth/token", "/api/list", "/api/list"]


def test_a_token_is_got_before_each_question_where_it_runs_out_at_once(vendor: Vendor) -> None:
    issues(vendor, expires_in="0")
    source = opened(vendor, auth=oauth(vendor))
    assert [rows_of(source), rows_of(source)] == [ROWS, ROWS]
    assert [each.path for each in vendor.asked] == ["/oauth/token", "/api/list"] * 2


def test_a_granted_token_that_is_refused_is_got_once_more(vendor: Vendor) -> None:
    issues(vendor)
    source = opened(vendor, auth=oauth(vendor))
    rows_of(source)
    vendor.instead = [NOT_LET_IN]
    assert rows_of(source) == ROWS
    assert [each.path for each in vendor.asked[2:]] == ["/api/list", "/oauth/token", "/api/list"]


@pytest.mark.parametrize(
    ("seconds", "at", "tokens"),
    [(3600, 3569, 1), (3600, 3570, 2), (100, 89, 1), (100, 90, 2), (0, 0, 2), (None, 10**9, 1)],
)
def test_a_token_is_replaced_shortly_before_it_runs_out(seconds: float | None, at: float, tokens: int) -> None:
    times = [0.0]
    got: list[str] = []

    def get() -> Granted:
        got.append("x")
        return Granted(f"t{len(got)}", seconds)

    token = Token(get, lambda: times[0])
    assert token.text() == "t1"
    times[0] = at
    assert (token.text(), len(got)) == (f"t{tokens}", tokens)


# ---------------------------------------------------------------------------------------- nothing tells a secret

Declare = Callable[[Vendor], dict[str, Any]]
EVERY_AUTH: dict[str, Declare] = {
    "bearer": lambda _: {"type": "bearer", "secret": "token"},
    "header": lambda _: {"type": "api_key", "secret": "token", "header": "X-Key"},
    "query": lambda _: {"type": "api_key", "secret": "token", "query": "key"},
    "basic": lambda _: {"type": "basic", "user": "u", "secret": "token"},
    "login": lambda _: {**LOGIN, "secrets": {"password": "token"}},
    "oauth2": lambda vendor: oauth(vendor, secret="token", client_in="body"),
}


def echo(asked: Asked) -> Any:
    """A vendor that repeats whatever it was told."""
    if asked.path in {"/api/login", "/oauth/token"} and b"again" not in asked.body:
        return {"data": {"token": "got-s3cret"}, "access_token": "got-s3cret"}
    told = f"refused: {asked.query} {asked.headers} {asked.body.decode()}"
    return Said({"code": told, "msg": told}, status="400 Bad")


@pytest.mark.parametrize("auth", EVERY_AUTH.values(), ids=EVERY_AUTH)
@pytest.mark.parametrize("trouble", ["echoed", "echoed as text", "echoed as a page", "broken off", "not reached"])
def test_no_sentence_repr_or_log_tells_a_secret(
    vendor: Vendor, auth: Declare, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = {"code": "code", "success": ["0"], "message": "msg"} if trouble == "echoed" else None
    source = opened(vendor, auth=auth(vendor), answer=answer, method="get")
    vendor.answer = {
        "echoed": echo,
        "echoed as text": lambda asked: _as(echo(asked), "text/plain", b""),
        "echoed as a page": lambda asked: _as(echo(asked), "text/html", b"<title>"),
        "broken off": lambda _: Said(b"", status="200 OK", headers=(("Transfer-Encoding", "chunked"),)),
        "not reached": echo,
    }[trouble]
    if trouble == "not reached":
        source = opened(vendor, auth=_elsewhere(auth(vendor)), url="http://127.0.0.1:1")
    with pytest.raises(GatewayError) as caught:
        rows_of(source)
    told = [caught.value.text("zh"), repr(caught.value), repr(caught.value.values), repr(source)]
    told.append(_chain(caught.value))
    told += [record.getMessage() for record in caplog.records if not record.name.startswith("gateway.sandbox_host")]
    hidden = ["t0ken-s3cret", "got-s3cret", base64.b64encode(b"u:t0ken-s3cret").decode()]
    assert [secret for secret in hidden if any(secret in each for each in told)] == []


def _as(said: Any, content_type: str, before: bytes) -> Any:
    return Said(before + said.body, said.status, content_type) if isinstance(said, Said) else said


def _elsewhere(auth: dict[str, Any]) -> dict[str, Any]:
    return {**auth, "token_url": "http://127.0.0.1:1/t"} if "token_url" in auth else auth


def _chain(error: BaseException) -> str:
    """What a traceback would show."""
    told = ""
    each: BaseException | None = error
    while each is not None:
        told += f"{each!r} {each}"
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return told


# ------------------------------------------------------------------------------------------------------ options


@pytest.mark.parametrize(
    "options",
    [
        {"auth": None},
        {"auth": "bearer"},
        {"auth": "signature"},
        {"auth": {"type": "bearer", "secret": ""}},
        {"auth": {"type": "bearer", "token": "t0ken-s3cret"}},
        {"auth": {"type": "api_key", "secret": "key"}},
        {"auth": {"type": "api_key", "secret": "key", "header": "X", "query": "x"}},
        {"auth": {"type": "api_key", "secret": "key", "header": "X Y"}},
        {"auth": {"type": "api_key", "secret": "key", "query": "x"}, "ask": {"x": "1"}},
        {"auth": {"type": "basic", "user": "a:b", "secret": "key"}},
        {"auth": {**LOGIN, "secrets": {}}},
        {"auth": {**LOGIN, "send": {"password": "open"}}},
        {"auth": {**LOGIN, "prefix": "two\nlines"}},
        {"auth": {"type": "oauth2", "token_url": "http://me:pw@h/", "client": "c", "secret": "key"}},
        {"auth": "none", "requester": "r"},
        {"auth": "none", "secret": "key"},
        {"headers": {"X": "two\nlines"}},
    ],
    ids=str,
)
def test_an_access_that_makes_no_sense_is_refused(vendor: Vendor, options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        opened(vendor, **options)
