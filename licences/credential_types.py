"""What the types of credentials are, for wallets and verifiers: their type metadata. 凭证类型"""

from typing import Any

from msgspec import Struct

from licences.issuing import LicenceIssuer
from licences.licence_fields import definitions
from licences.licence_types import get_licence_type


class CredentialType(Struct, frozen=True):
    """Type metadata: names as people read them, and the fields, each of which may be withheld."""

    vct: str
    name: str
    description: str
    display: list[dict[str, str]]
    claims: list[dict[str, Any]]


async def describe_type(code: str, *, issuer: LicenceIssuer) -> CredentialType:
    """LicenceTypeNotFound when there is no such kind of licence."""
    licence_type = await get_licence_type(code)
    claims = [
        {
            "path": [field.key],
            "display": [{"lang": "zh-CN", "locale": "zh-CN", "label": field.label}],
            "sd": "always",
        }
        for field in definitions(licence_type)
    ]
    name = licence_type.name
    return CredentialType(
        vct=issuer.type_uri(code),
        name=name,
        description=licence_type.notice or name,
        display=[{"lang": "zh-CN", "locale": "zh-CN", "name": name}],
        claims=claims,
    )
