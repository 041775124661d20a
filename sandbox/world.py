"""Everything a request out there may need, opened once from the state folder and the city."""

import asyncio
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from sandbox.alipay.certificates import certificate_sn, certify_alipay, root_bundle_sn
from sandbox.book import Book
from sandbox.city import City, read_city
from sandbox.clock import Clock
from sandbox.crypto import private_key
from sandbox.faults import Faults
from sandbox.identities import Identities
from sandbox.keys import Keys, keep_keys, open_keys

MERCHANT_STARTS_WITH_FEN = 10_000_000_00


class Merchant:
    """A WeChat Pay merchant with its keys loaded."""

    def __init__(self, mchid: str, keys: Keys) -> None:
        own = keys.merchants[mchid]
        self.mchid = mchid
        self.serial_no = own.serial_no
        self.public_key: RSAPublicKey = private_key(own.private_key_pem).public_key()
        self.apiv3_key = own.apiv3_key.encode()
        self.platform_key_id = own.public_key_id
        self.platform_key: RSAPrivateKey = private_key(own.platform_private_key_pem)


class AlipayApp:
    """An Alipay application with its keys loaded. Without certificates it is in key mode."""

    def __init__(self, app_id: str, keys: Keys) -> None:
        own = keys.alipay_apps[app_id]
        self.app_id = app_id
        self.seller_id = own.seller_id
        self.public_key: RSAPublicKey = private_key(own.app_private_key_pem).public_key()
        self.aes_key = own.aes_key
        self.app_cert_sn = certificate_sn(own.app_cert_pem) if own.app_cert_pem else ""
        bundle = keys.alipay_authority.root_bundle_pem if keys.alipay_authority else ""
        self.root_cert_sn = root_bundle_sn(bundle)
        pems = [one.certificate_pem for one in own.certified_keys]
        self.alipay_certs = {certificate_sn(pem): pem for pem in pems}
        signs_with = own.certified_keys[-1].private_key_pem if pems else own.alipay_private_key_pem
        self.alipay_key: RSAPrivateKey = private_key(signs_with)
        self.alipay_cert_sn = certificate_sn(pems[-1]) if pems else ""


class World:
    """The state of the outside world. `posted` wakes whoever delivers callbacks.

    What takes time out there takes so much less of it as `time_scale` says.
    """

    def __init__(self, city: City, keys: Keys, book: Book, clock: Clock, state: Path) -> None:
        self.city = city
        self.keys = keys
        self.book = book
        self.clock = clock
        self.identities = Identities(city, keys.identity_secret)
        self.posted = asyncio.Event()
        self.time_scale = 1.0
        self.faults = Faults()
        self._state = state
        self._fill_wallets()

    @cached_property
    def merchants(self) -> dict[str, Merchant]:
        return {mchid: Merchant(mchid, self.keys) for mchid in self.city.platforms.mchids()}

    @cached_property
    def alipay_apps(self) -> dict[str, AlipayApp]:
        app_ids = self.city.platforms.alipay_app_ids()
        return {app_id: AlipayApp(app_id, self.keys) for app_id in app_ids}

    def change_alipay_certificate(self, app_id: str) -> str:
        """Let Alipay sign with another key from now on; the number of its certificate."""
        own = self.keys.alipay_apps[app_id]
        assert self.keys.alipay_authority is not None
        own.certified_keys.append(certify_alipay(self.keys.alipay_authority, own.seller_id))
        keep_keys(self._state, self.keys)
        self.alipay_apps[app_id] = AlipayApp(app_id, self.keys)
        return self.alipay_apps[app_id].alipay_cert_sn

    def _fill_wallets(self) -> None:
        """Give everybody new what the city says they have; who is in the book keeps theirs."""
        wallet = "INSERT OR IGNORE INTO wallets (person, wallet, balance_fen) VALUES (?, ?, ?)"
        merchant = "INSERT OR IGNORE INTO merchants (merchant, balance_fen) VALUES (?, ?)"
        sellers = (self.keys.alipay_apps[a].seller_id for a in self.city.platforms.alipay_app_ids())
        with self.book.together():
            for person in self.city.people.values():
                self.book.write(wallet, person.key, "wechat", person.wechat_balance_fen)
                self.book.write(wallet, person.key, "alipay", person.alipay_balance_fen)
            for name in (*self.city.platforms.mchids(), *sellers, self.keys.debit_account):
                self.book.write(merchant, name, MERCHANT_STARTS_WITH_FEN)


def open_world(state: Path, city_folder: Path, *, clock: Clock) -> World:
    """Open the state folder, or begin one. Closing the book is the caller's."""
    city = read_city(city_folder)
    keys = open_keys(state, city)
    return World(city, keys, Book(state / "book.sqlite3"), clock, state)
