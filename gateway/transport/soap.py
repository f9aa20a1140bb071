"""SOAP: questions made as a WSDL says, sent over our own HTTP; zeep lives here and nowhere else.

The WSDL is a file, and so is everything that it imports: nothing is fetched from the addresses that stand inside, which
are often those of an inner network, and the question goes to the address that the feed names. zeep makes the envelope;
the answer is read by `gateway.transport.soap_answer`, as text, so that no value is taken for anything but what it says.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from lxml import etree

from gateway.errors import SourceError
from gateway.messages import Message
from gateway.transport.http import HttpClient, Reply

NO_ZEEP = Message(
    "soap.library_missing",
    zh="读取 SOAP 服务需要的库没有安装；请运行 pip install 'double-random-gateway[soap]'",
    en="the library that reads SOAP services is not installed; run pip install 'double-random-gateway[soap]'",
)
WRONG_WSDL = Message(
    "soap.wrong_wsdl",
    zh="WSDL 文件 {file} 不可用：{why}；请向对方重新索取，或核对 wsdl 选项",
    en="the WSDL {file} cannot be used: {why}; ask its operators for it again, or check the option wsdl",
)
NOT_FETCHED = Message(
    "soap.not_fetched",
    zh="WSDL 文件 {file} 引用了 {address}，网关不会自行下载；请把它存为文件，并在 schemas 中写明地址和文件",
    en="the WSDL {file} refers to {address}, which the gateway does not fetch by itself; save it as a file and name "
    "address and file in schemas",
)
UNKNOWN_OPERATION = Message(
    "soap.unknown_operation",
    zh="WSDL 文件 {file} 没有可用的操作“{operation}”；现有：{known}；请更正 operation 或 binding",
    en="the WSDL {file} has no usable operation {operation!r}; it has: {known}; correct operation or binding",
)
WRONG_PARAMETERS = Message(
    "soap.wrong_parameters",
    zh="操作“{operation}”的参数与 WSDL 不符：{why}；WSDL 中的写法是 {signature}；请更正 parameters",
    en="the parameters of the operation {operation!r} do not fit the WSDL: {why}; it says {signature}; correct "
    "parameters",
)

MESSAGES = (NO_ZEEP, WRONG_WSDL, NOT_FETCHED, UNKNOWN_OPERATION, WRONG_PARAMETERS)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who asks: by HTTP basic authentication, or by a user name token of WS-Security, its password open or digested."""

    kind: Literal["basic", "ws_security", "ws_security_digest"]
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wsdl:
    """A WSDL, and the files that stand for the addresses that it imports."""

    file: Path
    schemas: Mapping[str, Path] = field(default_factory=dict)

    def operations(self) -> Iterator[tuple[str, str]]:
        """The name and the signature of every operation, those of several bindings once; raises SourceError."""
        operations = (operation for binding in self._bindings(self.opened()) for operation in binding.all().values())
        yield from {operation.name: (operation.name, str(operation)) for operation in operations}.values()

    def operation(self, name: str, binding: str, url: str, post: Any, wsse: Any) -> tuple[Any, str]:
        """An operation at an address, to be called, and its signature; raises SourceError."""
        client = self.opened(post, wsse)
        for each in self._bindings(client):
            if binding in {"", each.name.localname} and name in each.all():
                return client.create_service(each.name.text, url)[name], str(each.get(name))
        known = (f"{each.name.localname}: {', '.join(each.all())}" for each in self._bindings(client))
        raise SourceError(UNKNOWN_OPERATION, file=str(self.file), operation=name, known="; ".join(known) or "-")

    def opened(self, post: Any = None, wsse: Any = None) -> Any:
        """The client of zeep; raises SourceError."""
        zeep = _zeep()
        settings = zeep.Settings(forbid_dtd=True, force_https=False, raw_response=True)
        try:
            return zeep.Client(str(self.file), wsse=wsse, transport=_Post(self, post), settings=settings)
        except (
            zeep.exceptions.Error,
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            NotImplementedError,
        ) as error:
            why = " ".join(str(error).split())[:300]
            raise SourceError(WRONG_WSDL, file=str(self.file), why=f"{type(error).__name__}: {why}") from error

    def load(self, address: str) -> bytes:
        """What stands at an address that the WSDL imports: a file beside it, or one that `schemas` names."""
        if address in self.schemas:
            return self.schemas[address].read_bytes()
        if urlsplit(address).scheme in {"http", "https", "ftp"}:
            raise SourceError(NOT_FETCHED, file=str(self.file), address=address)
        return Path(address).read_bytes()

    def _bindings(self, client: Any) -> list[Any]:
        from zeep.wsdl.bindings.soap import SoapBinding

        return [each for each in client.wsdl.bindings.values() if isinstance(each, SoapBinding)]


class SoapService:
    """One operation of a service; the WSDL is read at the first question."""

    def __init__(
        self,
        wsdl: Wsdl,
        *,
        url: str,
        operation: str,
        http: HttpClient,
        binding: str = "",
        credentials: Credentials | None = None,
    ) -> None:
        self._wsdl = wsdl
        self._url = url
        self._name = operation
        self._binding = binding
        self._http = http
        self._credentials = credentials

    def ask(self, parameters: Mapping[str, Any]) -> Reply:
        """Ask once; raises SourceError, or what `HttpClient.post` raises."""
        call, signature = self._operation
        try:
            reply: Reply = call(**parameters)
        except (_zeep().exceptions.Error, TypeError, ValueError, AttributeError) as error:
            why = " ".join(str(getattr(error, "message", error)).split())[:300]
            raise SourceError(WRONG_PARAMETERS, operation=self._name, why=why, signature=signature) from error
        return reply

    @cached_property
    def _operation(self) -> tuple[Any, str]:
        return self._wsdl.operation(self._name, self._binding, self._url, self._post, self._token())

    def _post(self, url: str, envelope: etree._Element, headers: Mapping[str, str]) -> Reply:
        body = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        return self._http.post(url, body, {**headers, **self._basic()})

    def _basic(self) -> dict[str, str]:
        who = self._credentials
        if who is None or who.kind != "basic":
            return {}
        return {"Authorization": f"Basic {base64.b64encode(f'{who.user}:{who.password}'.encode()).decode()}"}

    def _token(self) -> Any:
        who = self._credentials
        if who is None or who.kind == "basic":
            return None
        username = _zeep().wsse.username
        return username.UsernameToken(
            who.user, who.password, use_digest=who.kind == "ws_security_digest", zulu_timestamp=True
        )


@dataclass(frozen=True, slots=True)
class _Post:
    """What zeep asks of whoever carries its messages."""

    wsdl: Wsdl
    post: Any

    def load(self, address: str) -> bytes:
        return self.wsdl.load(address)

    def post_xml(self, address: str, envelope: etree._Element, headers: Mapping[str, str]) -> Reply:
        reply: Reply = self.post(address, envelope, headers)
        return reply


def _zeep() -> Any:
    """The library, loaded where a feed needs it; raises SourceError."""
    try:
        import zeep
        import zeep.wsse.username
    except ImportError:
        raise SourceError(NO_ZEEP) from None
    return zeep
