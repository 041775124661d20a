"""What the platforms' consoles and the bureau hand to the product. 控制台"""

from pathlib import Path
from typing import Any

import msgspec

from sandbox import idp
from sandbox.city import City
from sandbox.city_licences import LicenceRegistry
from sandbox.crypto import private_key, public_pem
from sandbox.keys import REGISTRY, Keys, MachineKey, write_private
from sandbox.sms.messages import SIGN_NAME
from sandbox.sms.pushes import SUPPLIERS
from sandbox.unified import ISSUER, REDIRECT_URI

FILE = "console.json"


def write_console(state: Path, city: City, keys: Keys) -> Path:
    """Write DIR/console.json anew from the keys: asked twice, it says the same."""
    path = state / FILE
    write_private(path, msgspec.json.format(msgspec.json.encode(console(city, keys))))
    return path


def console(city: City, keys: Keys) -> dict[str, Any]:
    platforms = city.platforms
    return {
        "wechat": {
            "appid": platforms.wechat.appid,
            "secret": keys.wechat_secret,
            "templates": platforms.wechat.templates,
            "more_apps": [
                {
                    "appid": app.appid,
                    "secret": keys.wechat_secrets[app.appid],
                    "templates": app.templates,
                }
                for app in platforms.wechat.more_apps
            ],
        },
        "wechat_push": _push(platforms.wechat.appid, keys)
        | {"more_apps": [_push(app.appid, keys) for app in platforms.wechat.more_apps]},
        "unified_identity": {
            "issuer": ISSUER,
            "client_id": keys.unified.client_id,
            "client_secret": keys.unified.client_secret,
            "redirect_uri": REDIRECT_URI,
        },
        "wechat_pay": {
            "transfer_scene_id": platforms.wechat_pay.transfer_scene_id,
            "merchants": [_merchant(mchid, keys) for mchid in platforms.mchids()],
        },
        "alipay": _alipay(platforms.alipay.app_id, keys)
        | {"apps": [_alipay(app_id, keys) for app_id in platforms.alipay_app_ids()]},
        "operator_oidc": {
            "issuer": idp.ISSUER,
            "client_id": idp.CLIENT_ID,
            "client_secret": idp.client_secret(keys),
            "redirect_uri": idp.REDIRECT_URI,
        },
        "population_register": keys.machines["population_register"],
        "business_register": keys.machines["business_register"],
        "licence_registries": [_registry(row, keys) for row in city.licence_registries],
        "bank": {
            "app_key": keys.machines["bank"].app_key,
            "secret": keys.machines["bank"].secret,
            "debit_account": keys.debit_account,
        },
        "sms": {name: _sms(keys.machines[name]) for name in SUPPLIERS},
    }


def _registry(row: LicenceRegistry, keys: Keys) -> dict[str, str]:
    key = keys.machines[f"{REGISTRY}{row.name}"]
    return {
        "name": row.name,
        "region": row.region,
        "region_name": row.region_name,
        "app_key": key.app_key,
        "secret": key.secret,
    }


def _sms(key: MachineKey) -> dict[str, str]:
    return {"app_key": key.app_key, "secret": key.secret, "sign_name": SIGN_NAME}


def _push(appid: str, keys: Keys) -> dict[str, str]:
    push = keys.wechat_pushes[appid]
    return {
        "appid": appid,
        "original_id": push.original_id,
        "token": push.token,
        "encoding_aes_key": push.encoding_aes_key,
    }


def _merchant(mchid: str, keys: Keys) -> dict[str, str]:
    merchant = keys.merchants[mchid]
    return {
        "mchid": mchid,
        "serial_no": merchant.serial_no,
        "private_key_pem": merchant.private_key_pem,
        "apiv3_key": merchant.apiv3_key,
        "public_key_id": merchant.public_key_id,
        "public_key_pem": public_pem(private_key(merchant.platform_private_key_pem)),
    }


def _alipay(app_id: str, keys: Keys) -> dict[str, Any]:
    """In certificate mode the three certificates stand where else Alipay's public key does."""
    app = keys.alipay_apps[app_id]
    known = {
        "app_id": app_id,
        "seller_id": app.seller_id,
        "app_private_key_pem": app.app_private_key_pem,
        "aes_key": app.aes_key,
    }
    if not app.certified_keys or keys.alipay_authority is None:
        alipay_key = private_key(app.alipay_private_key_pem)
        return known | {"alipay_public_key_pem": public_pem(alipay_key)}
    return known | {
        "app_cert_pem": app.app_cert_pem,
        "alipay_cert_pem": app.certified_keys[-1].certificate_pem,
        "root_bundle_pem": keys.alipay_authority.root_bundle_pem,
    }
