"""Fields that are personal data: sealed at rest, bound to the place they stand in. 字段加密

Envelope encryption: a key-encrypting key from outside wraps data keys that are kept in the
database, one class of data each, in versions. A sealed value says which version and suite made
it, and opens only at its own table, column and row, so a ciphertext moved elsewhere is refused.
What is opened was made by any suite; what is sealed, by the deployment's (`core.suites`).
"""

import secrets
from collections.abc import Mapping
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core.errors import DomainError
from core.ids import new_id
from core.models import DataKey
from core.suites import INTL, NotGenuine, Suite, find_suite

PERSONAL, LOOKUP = "personal", "lookup"
"""Classes of data keys: values that are opened again, and values that are only found again."""

_KEY_SIZE, _NONCE_SIZE, _HEADER_SIZE = 32, 12, 3
_INDEX_SIZE = 16


class SealBroken(DomainError):
    """The value was changed, moved, or made under a key we do not have. Nothing of it is shown."""

    code = "core.seal_broken"
    message = "该条信息暂时无法显示，工作人员会尽快处理"


class Place(Struct, frozen=True):
    """Where a sealed value stands. `table` and `column` are the database's own names."""

    table: str
    column: str
    row_id: UUID

    def associated(self, header: bytes) -> bytes:
        return b"|".join((header, self.table.encode(), self.column.encode(), self.row_id.bytes))


class IndexKey(Struct, frozen=True):
    """Makes keyed hashes, by the suite it was made with: another would find nothing of before."""

    key: bytes
    suite: Suite


class Vault:
    """Seals and opens fields, and makes the keyed hashes that find them."""

    def __init__(
        self, keys: Mapping[int, bytes], *, index_key: bytes | IndexKey, suite: Suite = INTL
    ) -> None:
        if not keys:
            raise ValueError("at least one data key is needed")
        self._keys = dict(keys)
        self._newest = max(keys)
        self._suite = suite
        self._index = index_key if isinstance(index_key, IndexKey) else IndexKey(index_key, suite)

    def seal(self, place: Place, text: str) -> bytes:
        """Suite and version, nonce, ciphertext with its tag."""
        header = bytes([self._suite.code]) + self._newest.to_bytes(2, "big")
        nonce = secrets.token_bytes(_NONCE_SIZE)
        key = self._keys[self._newest]
        sealed = self._suite.encrypt(key, nonce, text.encode(), place.associated(header))
        return header + nonce + sealed

    def open(self, place: Place, sealed: bytes) -> str:
        """The text that was sealed at this very place, or SealBroken."""
        header, rest = bytes(sealed[:_HEADER_SIZE]), bytes(sealed[_HEADER_SIZE:])
        key = self._keys.get(int.from_bytes(header[1:], "big"))
        suite = find_suite(header[0]) if header else None
        if key is None or suite is None or len(rest) <= _NONCE_SIZE:
            raise SealBroken(table=place.table, column=place.column, row_id=place.row_id)
        nonce, ciphertext = rest[:_NONCE_SIZE], rest[_NONCE_SIZE:]
        try:
            return suite.decrypt(key, nonce, ciphertext, place.associated(header)).decode()
        except NotGenuine as error:
            raise SealBroken(table=place.table, column=place.column, row_id=place.row_id) from error

    def blind_index(self, column: str, text: str) -> bytes:
        """128 bits by which an equal value in the same column is found, and nothing else learnt."""
        mac = self._index.suite.mac
        return mac(mac(self._index.key, column.encode()), text.encode())[:_INDEX_SIZE]


async def load_vault(kek: bytes, *, suite: Suite = INTL) -> Vault:
    """Unwrap the data keys, making the first ones when there are none. Safe in many processes.

    `kek` is 32 bytes; ValueError when it is not, SealBroken when it is another than the keys' own.
    """
    if len(kek) != _KEY_SIZE:
        raise ValueError("a key-encrypting key has 32 bytes")
    async with in_transaction():
        for data_class in (PERSONAL, LOOKUP):
            await _make_first(data_class, kek, suite)
    keys = await DataKey.all().order_by("version")
    opened = {(key.data_class, key.version): _unwrap(kek, key) for key in keys}
    index_key, made_by = opened[LOOKUP, 1]
    personal = {
        version: key for (data_class, version), (key, _) in opened.items() if data_class == PERSONAL
    }
    return Vault(personal, index_key=IndexKey(index_key, made_by), suite=suite)


async def _make_first(data_class: str, kek: bytes, suite: Suite) -> None:
    key = DataKey(id=new_id(), data_class=data_class, version=1)
    nonce, plain = secrets.token_bytes(_NONCE_SIZE), secrets.token_bytes(_KEY_SIZE)
    key.wrapped = bytes([suite.code]) + nonce + suite.encrypt(kek, nonce, plain, _label(key))
    await DataKey.bulk_create([key], ignore_conflicts=True)


def _unwrap(kek: bytes, key: DataKey) -> tuple[bytes, Suite]:
    """The key, and the suite that it was wrapped and is used with."""
    code, nonce = key.wrapped[0], bytes(key.wrapped[1 : _NONCE_SIZE + 1])
    suite = find_suite(code)
    try:
        if suite is None:
            raise NotGenuine
        return suite.decrypt(kek, nonce, bytes(key.wrapped[_NONCE_SIZE + 1 :]), _label(key)), suite
    except NotGenuine as error:
        raise SealBroken(table="core_data_key", column="wrapped", row_id=key.id) from error


def _label(key: DataKey) -> bytes:
    return f"{key.data_class}|{key.version}".encode()
