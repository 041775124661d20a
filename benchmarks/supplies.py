"""What requests use up: login codes, codes to scan, pictures to fetch, callbacks with orders. 用料

Each of these counts once, so there is one for each request; they are made shortly before.
"""

import asyncio
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

from benchmarks.people import Asker
from core.clock import CHINA, now
from core.files import FileStorage
from core.ids import new_id
from core.signing import Signer
from licences.faces.face import FaceForm
from licences.models import FaceLink, Licence, Presentation
from licences.taking_over import keep_portrait
from payments.gateways import Provider
from payments.models import Agency, FeeOrder, PaymentAttempt
from sandbox.crypto import seal_gcm, sign
from seeds.files import City

_TOGETHER = 500


class Callback(Struct, frozen=True):
    path: str
    headers: dict[str, str]
    body: bytes


async def login_codes(count: int, *, sandbox: str, appid: str) -> list[str]:
    """What wx.login gives on the phones of the city's people, one after another."""
    keys = [person.key for person in City().people if person.wechat]
    limit = asyncio.Semaphore(8)
    async with httpx.AsyncClient(base_url=sandbox, trust_env=False, timeout=30) as client:

        async def one(number: int) -> str:
            async with limit:
                path = f"/phone/{keys[number % len(keys)]}/wechat/login-code"
                answer = await client.post(path, json={"appid": appid})
            return str(answer.raise_for_status().json()["code"])

        return await asyncio.gather(*(one(number) for number in range(count)))


async def codes_to_scan(count: int, askers: Sequence[Asker], signer: Signer) -> list[str]:
    """Shown by people who are signed in, and good for an hour, unlike what a phone shows."""
    at = now()
    rows = [
        Presentation(
            licence_id=asker.licence_id,
            session_id=asker.session_id,
            shown_by=f"person:{asker.person_id}",
            fallback_no=f"{secrets.randbelow(10**16):016d}",
            consented_fields=["name", "vehicle_class", "valid_until"],
            shown_at=at,
            expires_at=at + timedelta(hours=1),
        )
        for asker in (askers[number % len(askers)] for number in range(count))
    ]
    await Presentation.bulk_create(rows, batch_size=_TOGETHER)
    return [signer.sign(row.id.bytes) for row in rows]


async def pictures_to_fetch(count: int, askers: Sequence[Asker], signer: Signer) -> list[str]:
    """Links to faces of licences as signed-in people ask for them, but good for an hour."""
    at = now()
    rows = [
        FaceLink(
            licence_id=asker.licence_id,
            session_id=asker.session_id,
            form=FaceForm.CARD,
            made_at=at,
            expires_at=at + timedelta(hours=1),
        )
        for asker in (askers[number % len(askers)] for number in range(count))
    ]
    await FaceLink.bulk_create(rows, batch_size=_TOGETHER)
    return [signer.sign(row.id.bytes) for row in rows]


async def give_portraits(askers: Sequence[Asker], files: FileStorage) -> None:
    """Each of their licences has a drawn picture of nobody then, by turns those of the city."""
    pictures = [path.read_bytes() for path in sorted((City().folder / "portraits").glob("*.jpg"))]
    without = Licence.filter(id__in=[asker.licence_id for asker in askers], portrait_id=None)
    for number, licence in enumerate(await without.order_by("id")):
        picture = pictures[number % len(pictures)]
        await keep_portrait(licence, picture, files=files, at=now())


class WechatPay:
    """What WeChat Pay would send to one merchant, from the sandbox's own keys."""

    def __init__(self, state: Path, *, mchid: str, appid: str) -> None:
        own = json.loads((state / "keys.json").read_bytes())["merchants"][mchid]
        key = load_pem_private_key(own["platform_private_key_pem"].encode(), None)
        assert isinstance(key, RSAPrivateKey)
        self._key, self._serial = key, str(own["public_key_id"])
        self._apiv3_key = str(own["apiv3_key"]).encode()
        self._mchid, self._appid = mchid, appid

    async def callbacks(self, count: int, askers: Sequence[Asker]) -> list[Callback]:
        """So many fees are paid: orders and tries to pay are written, their callbacks made."""
        agency = await Agency.filter(wechat_mchid=self._mchid).order_by("department").first()
        assert agency is not None
        at, run = now(), secrets.token_hex(4).upper()
        numbers = [f"Z{run}{number:08d}" for number in range(count)]
        orders = [
            _order(number, agency, askers[i % len(askers)], at) for i, number in enumerate(numbers)
        ]
        await FeeOrder.bulk_create(orders, batch_size=_TOGETHER)
        tries = [
            self._attempt(order, askers[i % len(askers)], at) for i, order in enumerate(orders)
        ]
        await PaymentAttempt.bulk_create(tries, batch_size=_TOGETHER)
        return [self._callback(number, at) for number in numbers]

    def _attempt(self, order: FeeOrder, asker: Asker, at: datetime) -> PaymentAttempt:
        return PaymentAttempt(
            order_id=order.id,
            account_id=asker.account_id,
            acted_by_id=asker.person_id,
            provider=Provider.WECHAT,
            merchant=self._mchid,
            appid=self._appid,
            number=order.order_no,
            status="ready",
            expires_at=at + timedelta(hours=2),
            created_at=at,
        )

    def _callback(self, number: str, at: datetime) -> Callback:
        notice = {
            "id": secrets.token_hex(16),
            "create_time": _moment(at),
            "resource_type": "encrypt-resource",
            "event_type": "TRANSACTION.SUCCESS",
            "summary": "支付成功",
            "resource": self._sealed(self._transaction(number, at)),
        }
        body = json.dumps(notice, ensure_ascii=False).encode()
        return Callback(f"/callbacks/wechat-pay/{self._mchid}", self._signed(body, at), body)

    def _transaction(self, number: str, at: datetime) -> dict[str, object]:
        amounts = {"total": 8000, "payer_total": 8000}
        return {
            "mchid": self._mchid,
            "appid": self._appid,
            "out_trade_no": number,
            "transaction_id": f"42{number}",
            "trade_type": "JSAPI",
            "trade_state": "SUCCESS",
            "success_time": _moment(at),
            "payer": {"openid": "benchmark"},
            "amount": amounts | {"currency": "CNY", "payer_currency": "CNY"},
        }

    def _sealed(self, transaction: dict[str, object]) -> dict[str, str]:
        nonce, about = secrets.token_hex(6), "transaction"
        text = json.dumps(transaction).encode()
        return {
            "original_type": about,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": seal_gcm(
                self._apiv3_key, nonce=nonce, associated_data=about, plaintext=text
            ),
            "associated_data": about,
            "nonce": nonce,
        }

    def _signed(self, body: bytes, at: datetime) -> dict[str, str]:
        timestamp, nonce = str(int(at.timestamp())), secrets.token_hex(16)
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": self._serial,
            "Wechatpay-Signature": sign(self._key, message),
            "Content-Type": "application/json",
        }


def _moment(at: datetime) -> str:
    return at.astimezone(CHINA).isoformat(timespec="seconds")


def _order(number: str, agency: Agency, asker: Asker, at: datetime) -> FeeOrder:
    return FeeOrder(
        id=new_id(),
        order_no=number,
        payer_id=asker.person_id,
        agency_id=agency.id,
        agency_reference=number,
        department=agency.department,
        division=agency.division,
        title="不动产登记费",
        amount_fen=8000,
        created_at=at,
    )
