"""Settings of a development machine: secrets made once, the sandbox as every platform. 开发"""

import secrets
import tempfile
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from app.running import write_private

Console = Mapping[str, Any]


class DevSecrets(Struct, frozen=True, kw_only=True):
    """What a deployment would keep in its vault."""

    kek: str
    audit_anchor_key: str
    presentation_keys: str
    resident_token_keys: str
    verifier_token_keys: str
    machine_token_keys: str = ""
    licence_keys: str = ""
    owner_password: str
    application_password: str


class Addresses(Struct, frozen=True, kw_only=True):
    """Where everything answers on this machine."""

    database_url: str
    valkey_url: str
    public_url: str
    sandbox: str
    file_store_url: str


def open_secrets(path: Path) -> DevSecrets:
    """Those of an earlier start, or new ones, kept from now on."""
    made = new_secrets()
    if path.exists():
        kept = msgspec.json.decode(path.read_bytes(), type=DevSecrets)
        if kept.machine_token_keys and kept.licence_keys:
            return kept
        made = replace(
            kept,
            machine_token_keys=kept.machine_token_keys or made.machine_token_keys,
            licence_keys=kept.licence_keys or made.licence_keys,
        )
    write_private(path, msgspec.json.format(msgspec.json.encode(made)))
    return made


def new_secrets() -> DevSecrets:
    from core.signature_keys import new_ed25519_key
    from identity.tokens import new_key_pem

    return DevSecrets(
        kek=_random_key(),
        audit_anchor_key=new_ed25519_key(),
        presentation_keys=_random_key(),
        resident_token_keys=new_key_pem(),
        verifier_token_keys=new_key_pem(),
        machine_token_keys=new_key_pem(),
        licence_keys=new_key_pem(),
        owner_password=secrets.token_urlsafe(24),
        application_password=secrets.token_urlsafe(24),
    )


def development_variables(
    kept: DevSecrets, console: Console, where: Addresses, *, clock_offset_seconds: int
) -> dict[str, str]:
    """The ZB_* variables of the children: what the platforms' consoles would hand out, and ours."""
    sections = {
        "WECHAT": console["wechat"] | {"base_url": f"{where.sandbox}/api.weixin.qq.com"},
        "WECHAT_PUSH": _push_section(console),
        "WECHAT_PAY": console["wechat_pay"]
        | {"base_url": f"{where.sandbox}/api.mch.weixin.qq.com"},
        "ALIPAY": {
            "apps": console["alipay"]["apps"],
            "gateway_url": f"{where.sandbox}/openapi.alipay.com/gateway.do",
        },
        "UNIFIED_IDENTITY": _unified(console, where.sandbox),
        "OPERATOR_OIDC": _operator_oidc(console, where.sandbox),
        "POPULATION_REGISTER": _machine(
            console["population_register"], f"{where.sandbox}/registers"
        ),
        "BUSINESS_REGISTER": _machine(console["business_register"], f"{where.sandbox}/registers"),
        "BANK": _machine(console["bank"], f"{where.sandbox}/bank"),
        "SMS": [
            _machine(given, f"{where.sandbox}/sms/{name[4:]}") | {"form": name[4:]}
            for name, given in console.get("sms", {}).items()
        ],
        "LICENCE_REGISTRIES": [
            _machine(given, f"{where.sandbox}/licence-registries/{given['name']}")
            for given in console.get("licence_registries", ())
        ],
    }
    plain = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": where.database_url,
        "VALKEY_URL": where.valkey_url,
        "PUBLIC_URL": where.public_url,
        "FILE_STORE_URL": where.file_store_url,
        "KEK": kept.kek,
        "AUDIT_ANCHOR_KEY": kept.audit_anchor_key,
        "PRESENTATION_KEYS": kept.presentation_keys,
        "RESIDENT_TOKEN_KEYS": kept.resident_token_keys,
        "VERIFIER_TOKEN_KEYS": kept.verifier_token_keys,
        "MACHINE_TOKEN_KEYS": kept.machine_token_keys,
        "LICENCE_KEYS": kept.licence_keys,
        "CLOCK_OFFSET_SECONDS": str(clock_offset_seconds),
        "OPERATING_DEPARTMENT": "330199-data",
        "STOP_SECONDS": "3",
    }
    encoded = {name: msgspec.json.encode(value).decode() for name, value in sections.items()}
    return {f"ZB_{name}": value for name, value in (plain | encoded).items()}


def throwaway_variables() -> dict[str, str]:
    """Enough to build the application and look at it; it reaches nobody."""
    machine = {"app_key": "none", "secret": "none"}
    console = {
        "wechat": {"appid": "wx0000000000000000", "secret": "none"},
        "wechat_pay": {"merchants": []},
        "alipay": {"apps": []},
        "population_register": machine,
        "business_register": machine,
        "bank": machine | {"debit_account": "0"},
    }
    nowhere = Addresses(
        database_url="asyncpg://nobody@127.0.0.1:1/nothing",
        valkey_url="redis://127.0.0.1:1/0",
        public_url="http://127.0.0.1:8000",
        sandbox="http://127.0.0.1:1",
        file_store_url=f"file://{tempfile.gettempdir()}",
    )
    return development_variables(new_secrets(), console, nowhere, clock_offset_seconds=0)


def _push_section(console: Console) -> dict[str, Any] | None:
    push = console.get("wechat_push")
    return push and _push(push) | {"more_apps": [_push(one) for one in push["more_apps"]]}


def _push(given: Mapping[str, str]) -> dict[str, Any]:
    return {name: given[name] for name in ("appid", "token", "encoding_aes_key")}


def _unified(console: Console, sandbox: str) -> dict[str, str] | None:
    known = console.get("unified_identity")
    return known and {**known, "base_url": f"{sandbox}/unified-identity"}


def _machine(given: Mapping[str, str], base_url: str) -> dict[str, str]:
    return {**given, "base_url": base_url}


def _random_key() -> str:
    return b64encode(secrets.token_bytes(32)).decode()


def _operator_oidc(console: Console, sandbox: str) -> dict[str, str] | None:
    known = console.get("operator_oidc")
    return known and {**known, "base_url": f"{sandbox}/operator-idp"}
