"""How a feed says that it may ask: nothing, a token, a key, a signature, or a token that has to be got first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gateway.errors import OptionError
from gateway.messages import Message
from gateway_rest.destination import address
from gateway_rest.question import assert_distinct
from gateway_rest.words import Declared, HeaderName, HeaderText, JsonPath, Path, Text, by_name

ONE_PLACE = Message(
    "rest.one_place_of_key",
    zh="header 与 query 必须写明，且只能写其中一个：它说明密钥放在哪里",
    en="either header or query says where the key stands, and not both",
)
COLON_IN_USER = Message(
    "rest.colon_in_user",
    zh="用户名不能含有冒号",
    en="the name of a user cannot hold a colon",
)

MESSAGES = (ONE_PLACE, COLON_IN_USER)


class NoAccess(Declared):
    """Anybody may ask."""

    type: Literal["none"]


class Signed(Declared):
    """Every request is signed, as the platform or the option `signature` says."""

    type: Literal["signature"]


class Bearer(Declared):
    """A token that somebody was given: `Authorization: Bearer …`."""

    type: Literal["bearer"]
    secret: Text


class ApiKey(Declared):
    """A key in a header of its own, or in the address."""

    type: Literal["api_key"]
    secret: Text
    header: HeaderName | None = None
    query: Text | None = None

    @model_validator(mode="after")
    def _one_place(self) -> ApiKey:
        if (self.header is None) == (self.query is None):
            raise OptionError(ONE_PLACE)
        return self


def _user(text: str) -> str:
    if ":" in text:
        raise OptionError(COLON_IN_USER)
    return text


class Basic(Declared):
    """A user and a password: `Authorization: Basic …`."""

    type: Literal["basic"]
    user: Annotated[Text, AfterValidator(_user)]
    secret: Text


class Login(Declared):
    """A token that is got by posting credentials; after 401, or a code in `expired`, it is got once more.

    `send` are the members of the login that are no secrets, `secrets` those that are, by the names of the secrets.
    `token` and `expires_in`, in seconds, are paths into the answer.
    """

    type: Literal["login"]
    path: Path
    form: Literal["json", "form"] = "json"
    send: Mapping[str, str] = {}
    secrets: Annotated[Mapping[str, Text], Field(min_length=1)]
    token: JsonPath
    expires_in: JsonPath | None = None
    header: HeaderName = "Authorization"
    prefix: HeaderText = ""
    expired: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _each_member_once(self) -> Login:
        assert_distinct([*self.send, *self.secrets], nested=self.form == "json")
        return self


class OAuth2(Declared):
    """A token by the client credentials of OAuth 2 (RFC 6749, 4.4); got anew when it runs out, and once after 401."""

    type: Literal["oauth2"]
    token_url: Annotated[str, AfterValidator(address)]
    client: Text
    secret: Text
    client_in: Literal["header", "body"] = "header"
    scope: str = ""
    send: Mapping[str, str] = {}


Auth = Annotated[
    NoAccess | Signed | Bearer | ApiKey | Basic | Login | OAuth2, Field(discriminator="type"), BeforeValidator(by_name)
]
