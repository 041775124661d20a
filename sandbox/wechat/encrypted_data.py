"""What a client is given sealed with the session key: the older way to a number. 加密数据"""

import secrets
from base64 import b64decode, b64encode
from hashlib import sha1
from typing import Any

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from sandbox.city import Person
from sandbox.refusals import PhoneRefusal
from sandbox.wechat.session_keys import newest_session
from sandbox.world import World


def phone_number_data(world: World, person: Person, appid: str) -> dict[str, str]:
    """`encryptedData` and `iv` of the phone number button, for who holds the newest session key."""
    number = {"phoneNumber": person.phone, "purePhoneNumber": person.phone, "countryCode": "86"}
    return _sealed(world, appid, number, _session_key(world, person, appid))


def profile_data(world: World, person: Person, appid: str) -> dict[str, str]:
    """`rawData` and its `signature`, and the same sealed, as wx.getUserProfile gave them."""
    key = _session_key(world, person, appid)
    profile = {"nickName": "微信用户", "gender": 0, "language": "zh_CN", "avatarUrl": ""}
    raw = msgspec.json.encode(profile).decode()
    signature = sha1((raw + key).encode(), usedforsecurity=False).hexdigest()
    known = profile | {"openId": world.identities.openid(person, appid)}
    return {"rawData": raw, "signature": signature} | _sealed(world, appid, known, key)


def _session_key(world: World, person: Person, appid: str) -> str:
    """Of the last wx.login, whoever did or did not hear of it."""
    session = newest_session(world, appid, world.identities.openid(person, appid))
    if session is None:
        raise PhoneRefusal("getPhoneNumber:fail login first")
    return session.session_key


def _sealed(world: World, appid: str, known: dict[str, Any], key: str) -> dict[str, str]:
    """AES-128-CBC, with whose it is and when it was made inside."""
    stamped = {"timestamp": int(world.clock.now().timestamp()), "appid": appid}
    padder = PKCS7(128).padder()
    text = msgspec.json.encode(known | {"watermark": stamped})
    padded = padder.update(text) + padder.finalize()
    iv = secrets.token_bytes(16)
    encryptor = Cipher(AES(b64decode(key)), CBC(iv)).encryptor()
    data = encryptor.update(padded) + encryptor.finalize()
    return {"encryptedData": b64encode(data).decode(), "iv": b64encode(iv).decode()}
