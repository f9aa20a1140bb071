"""Asking for a page: the question put together, asked patiently, and no secret in what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from gateway.errors import DeliveryError, SourceError
from gateway.interfaces import Surroundings
from gateway.messages import Message
from gateway.transport.http import HttpClient
from gateway.transport.patience import ask_patiently
from gateway.transport.soap import Credentials, SoapService, Wsdl
from gateway_soap.options import ServiceOptions, SoapOptions
from gateway_soap.page import Page, read_page
from gateway_soap.parameters import filled, secret_names

NOT_ASKED = Message(
    "soap.not_asked",
    zh="{url} 的第 {page} 页没有取到：{why_zh}；没有保存任何数据，下次运行从头再取",
    en="page {page} of {url} was not got: {why}; nothing was stored, the next run asks from the beginning",
)

MESSAGES = (NOT_ASKED,)


class Asking:
    """Asks one operation; raises StartError for a secret that is not there."""

    def __init__(self, options: SoapOptions, surroundings: Surroundings) -> None:
        auth = options.auth
        self._options = options
        self._surroundings = surroundings
        self._secrets = {name: surroundings.secret(name) for name in secret_names(options.parameters)}
        self._credentials = Credentials(auth.type, auth.user, surroundings.secret(auth.secret)) if auth else None

    def page(self, number: int, before: int) -> Page:
        """The page of a number, which so many rows stand before; raises SourceError."""
        options = self._options
        try:
            return ask_patiently(
                lambda: read_page(options, self._service.ask(self._parameters(number, before))),
                attempts=options.attempts,
                first_wait_seconds=options.first_wait_seconds,
                longest_wait_seconds=options.longest_wait_seconds,
            )
        except DeliveryError as error:
            why, why_zh = self._hidden(error.text("en")), self._hidden(error.text("zh"))
            raise SourceError(NOT_ASKED, url=options.url, page=number, why=why, why_zh=why_zh) from None
        except SourceError as error:
            values = {name: self._hidden(value) for name, value in error.values.items()}
            raise SourceError(error.message, **values) from None

    @cached_property
    def _service(self) -> SoapService:
        options, surroundings = self._options, self._surroundings
        return SoapService(
            wsdl_of(options, surroundings),
            url=options.url,
            operation=options.operation,
            binding=options.binding,
            credentials=self._credentials,
            http=HttpClient(
                connect_seconds=options.connect_seconds,
                answer_seconds=options.timeout_seconds,
                limit_bytes=options.answer_bytes,
                ca_file=surroundings.directory / options.ca_file if options.ca_file else None,
                environment=surroundings.environment,
            ),
        )

    def _parameters(self, number: int, before: int) -> Mapping[str, Any]:
        values = {"page": str(number), "offset": str(before), "page_size": str(self._options.page_size or "")}
        content: Mapping[str, Any] = filled(self._options.parameters, values, self._secrets)
        return content

    def _hidden(self, value: Any) -> Any:
        """A text without the secrets, which a service may repeat in its answer."""
        if not isinstance(value, str):
            return value
        password = [self._credentials.password] if self._credentials else []
        for secret in sorted([*self._secrets.values(), *password], key=len, reverse=True):
            value = value.replace(secret, "***")
        return value


def wsdl_of(options: ServiceOptions, surroundings: Surroundings) -> Wsdl:
    """The WSDL that a feed names, in the deployment's folder."""
    schemas = {address: surroundings.directory / file for address, file in options.schemas.items()}
    return Wsdl(surroundings.directory / options.wsdl, schemas)
