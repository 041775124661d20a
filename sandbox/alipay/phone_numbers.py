"""my.getPhoneNumber: an encrypted, signed payload with nothing in it but the number. 手机号"""

import json
import secrets

from sandbox.city import Person
from sandbox.clock import stamp
from sandbox.crypto import seal_cbc, sign
from sandbox.world import World


def give_phone_payload(world: World, person: Person, app_id: str) -> str:
    """The text of res.response, which the mini-program posts to its server as it is."""
    app = world.alipay_apps[app_id]
    number = {"code": "10000", "msg": "Success", "mobile": person.phone}
    sealed = seal_cbc(app.aes_key, json.dumps(number, separators=(",", ":")).encode())
    now = stamp(world.clock.now())
    world.book.write(
        "INSERT INTO phone_numbers (code, provider, person, appid, made_at, used_at)"
        " VALUES (?, 'alipay', ?, ?, ?, ?)",
        secrets.token_hex(16),
        person.key,
        app_id,
        now,
        now,
    )
    return json.dumps(
        {
            "response": sealed,
            "sign": sign(app.alipay_key, f'"{sealed}"'.encode()),
            "sign_type": "RSA2",
            "encrypt_type": "AES",
            "charset": "UTF-8",
        }
    )
