"""`soap`: an operation of a SOAP service as a source, as its WSDL describes it and its vendor uses it."""

from __future__ import annotations

from gateway.hookspecs import offers
from gateway.interfaces import SourceOffer
from gateway.transport import http, soap, soap_answer
from gateway_soap.asking import MESSAGES as ASKING_MESSAGES
from gateway_soap.options import MESSAGES as OPTION_MESSAGES
from gateway_soap.options import SoapOptions
from gateway_soap.page import MESSAGES as PAGE_MESSAGES
from gateway_soap.source import MESSAGES as SOURCE_MESSAGES
from gateway_soap.source import SoapSource, discover


@offers
def gateway_sources() -> list[SourceOffer]:
    """Offer the source `soap`."""
    return [
        SourceOffer(
            name="soap",
            title="SOAP 服务（WSDL）",
            options=SoapOptions,
            open=SoapSource,
            messages=(
                *http.MESSAGES,
                *soap.MESSAGES,
                *soap_answer.MESSAGES,
                *OPTION_MESSAGES,
                *PAGE_MESSAGES,
                *ASKING_MESSAGES,
                *SOURCE_MESSAGES,
            ),
            discover=discover,
        )
    ]
