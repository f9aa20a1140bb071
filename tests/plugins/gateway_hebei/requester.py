"""A requester of the simulated platform that writes, signs and reads by hand."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from xml.etree import ElementTree as ET

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

SECRET = "s3cret-密钥"
REQUESTER = "130634"
NUMBERS = count(1)
_TARGET = {"TargetKind": "QY", "TargetIdType": "USCC", "TargetId": "91130634MA07K1LX23", "TargetLabel": ""}
# The fields of each service in the order of its XSD, and a record with nothing wrong.
USUAL: Mapping[str, Mapping[str, str]] = {
    "bm": {
        "DeptCode": "130634-scjg",
        "DeptName": "曲阳县市场监督管理局",
        "UniSCID": "",
        "RegionCode": "130634",
        "DeptLevel": "40",
        "ParentCode": "",
    },
    "jcdx": {
        **_TARGET,
        "EntName": "曲阳县某某雕塑有限公司",
        "LeRep": "",
        "EntType": "",
        "RegCap": "50.5",
        "RegCapCur": "CNY",
        "EstDate": "1998-04-07",
        "RegState": "1",
        "IndustryCo": "",
        "OpScope": "",
        "Province": "河北",
        "RegionCode": "130634",
        "RegionName": "",
        "Dom": "",
        "Tel": "",
        "RiskClass": "",
        "CreditClass": "",
    },
    "jcsx": {
        "ItemCode": "A1",
        "DeptCode": "130634-scjg",
        "CheckProject": "登记事项检查",
        **dict.fromkeys(("CheckSubProject", "CheckContent", "CheckBasis", "CheckWay"), ""),
        "ResultWay": "正常/不正常",
        **dict.fromkeys(("Category", "CheckObject", "ItemClass", "ImplLevel", "Joint", "State"), ""),
    },
    "zfry": {
        "DeptCode": "130634-scjg",
        "Name": "某某",
        "Position": "",
        "CertKind": "执法证",
        "CertNo": "1",
        **dict.fromkeys(("Post", "Tel", "CertValidTo", "Category", "RegionCode", "Expert", "State"), ""),
    },
    "jcjg": {
        "TaskNo": "",
        "DeptCode": "130634-scjg",
        **_TARGET,
        "TargetName": "曲阳县某某雕塑有限公司",
        "CheckDate": "2022-05-09",
        "FinishDate": "",
        "CertNos": "1;2",
        "CheckWay": "",
        "Result": "正常",
        "Description": "",
        "SignRefused": "",
    },
    "jcjgmx": {
        "TaskNo": "",
        "DeptCode": "130634-scjg",
        **_TARGET,
        "ItemCode": "A1",
        "CheckProject": "登记事项检查",
        "Result": "正常",
        "Problem": "",
        "Handling": "",
    },
}


def record(key: str = "k1", number: object = 1, operation: str = "1", *, service: str = "jcdx", **fields: str) -> str:
    """A record of a service with nothing wrong but what is said otherwise; a withdrawal has no fields."""
    named = f"<RecordKey>{key}</RecordKey><ChangeNo>{number}</ChangeNo><Operation>{operation}</Operation>"
    told = "".join(f"<{name}>{value}</{name}>" for name, value in {**USUAL[service], **fields}.items())
    return f"<Record>{named}{'' if operation == '3' else f'<Data>{told}</Data>'}</Record>"


def package(
    *records: str, root: str = "DataPackage", catalog: str = "JCDX", number: str = "", size: object = None
) -> str:
    """A package of records with a number of its own."""
    head = (
        f"<PackageId>{number or f'p-{next(NUMBERS)}'}</PackageId><Catalog>{catalog}</Catalog><Format>2022-03</Format>"
        f"<RecordCount>{len(records) if size is None else size}</RecordCount>"
    )
    return f"<{root}><PackageHead>{head}</PackageHead><PackageBody>{''.join(records)}</PackageBody></{root}>"


def question(catalog: str, departments: str = "130634-scjg", *, page: object = 1, size: object = 200) -> str:
    """A question for a page."""
    return (
        f"<PullPackage><Catalog>{catalog}</Catalog><Format>2022-03</Format><DeptCodes>{departments}</DeptCodes>"
        f"<PageNo>{page}</PageNo><PageSize>{size}</PageSize></PullPackage>"
    )


def sm3(body: bytes) -> str:
    """The digest by the library alone."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(body)
    return digest.finalize().hex()


@dataclass(frozen=True)
class Answered:
    """What came back; of a pull `results` are the rows of the page, and `count` those of all pages."""

    http: int
    code: str
    error: str
    message: str
    package: str
    count: int
    results: Sequence[Mapping[str, str]]
    body: bytes = field(repr=False, compare=False)

    @property
    def said(self) -> list[tuple[str, str]]:
        """State and error code of each record."""
        return [(each["State"], each["ErrorCode"]) for each in self.results]


@dataclass
class Requester:
    """Speaks to the platform without a line of the gateway's own code."""

    url: str
    secret: str = SECRET
    offset_seconds: float = 0
    last_headers: dict[str, str] = field(default_factory=dict)

    def put(self, *records: str, **said: Any) -> Answered:
        """Deliver inspection targets; the package may be said otherwise."""
        return self.signed("/hbssj/jcdx/put", package(*records, **said))

    def ask(self, *versions: tuple[str, int]) -> list[tuple[str, str, str, str]]:
        """Ask for versions: key, number, state and serial number of each that is held."""
        asked = (f"<Record><RecordKey>{key}</RecordKey><ChangeNo>{no}</ChangeNo></Record>" for key, no in versions)
        answer = self.signed("/hbssj/jcdx/ask", package(*asked, root="QueryPackage"))
        assert answer.count == len(answer.results)
        return [(each["RecordKey"], each["ChangeNo"], each["State"], each["SerialNo"]) for each in answer.results]

    def pull(self, catalog: str, *said: str, **page: object) -> Answered:
        """Ask for a page of a catalog."""
        return self.signed(f"/hbssj/{catalog.lower()}/get", question(catalog, *said, **page))

    def signed(self, path: str, content: str | bytes, **headers: str) -> Answered:
        """Post a content; headers, `_` for `-`, may be said otherwise, or left out by saying ""."""
        body = content.encode() if isinstance(content, str) else content
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        self.last_headers = {name: value for name, value in {**self.headers(body), **changed}.items() if value}
        return self.post(path, body, self.last_headers)

    def headers(self, body: bytes, nonce: str = "") -> dict[str, str]:
        """The signature, by the library alone."""
        rtime, nonce = str(int((time.time() + self.offset_seconds) * 1000)), nonce or f"nonce-{next(NUMBERS)}"
        mac = HMAC(self.secret.encode(), hashes.SM3())
        mac.update("\n".join((REQUESTER, rtime, nonce, sm3(body))).encode())
        return {
            "X-HB-Requester": REQUESTER,
            "X-HB-Timestamp": rtime,
            "X-HB-Nonce": nonce,
            "X-HB-Digest": sm3(body),
            "X-HB-Signature": mac.finalize().hex(),
        }

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        """Post and read the answer."""
        return self._open(Request(self.url + path, body, {"Content-Type": "application/xml", **headers}))

    def get(self, path: str) -> Answered:
        """Get and read the answer."""
        return self._open(Request(self.url + path))

    def control(self, door: str, **content: Any) -> dict[str, Any]:
        """Use one of the sandbox's own doors, with the HTTP status under "http"."""
        status, body = _sent(Request(f"{self.url}/_sandbox/{door}", json.dumps(content).encode()))
        return {**json.loads(body), "http": status}

    def show(self, door: str) -> dict[str, Any]:
        """Look through one of the sandbox's own doors."""
        _, body = _sent(Request(f"{self.url}/_sandbox/{door}"))
        shown: dict[str, Any] = json.loads(body)
        return shown

    def effects(self) -> list[list[Any]]:
        """Every effect in the order taken: key, number, operation."""
        return list(self.show("effects")["effects"])

    def _open(self, request: Request) -> Answered:
        status, body = _sent(request)
        root = ET.fromstring(body)
        head = {each.tag: each.text or "" for each in root[0]}
        return Answered(
            http=status,
            code=head["Code"],
            error=head["ErrorCode"],
            message=head["Message"],
            package=head["PackageId"],
            count=int(head["RecordCount"]),
            results=[{each.tag: each.text or "" for each in result} for result in root[1]],
            body=body,
        )


def _sent(request: Request) -> tuple[int, bytes]:
    try:
        with urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()
