"""Fields that are personal data: sealed at rest, bound to the place they stand in. 字段加密

Envelope encryption: a key-encrypting key from outside wraps data keys that are kept in the
database, one class of data each, in versions. A sealed value says which version and suite made
it, and opens only at its own table, column and row, so a ciphertext moved elsewhere is refused.
Suite `intl` is AES-256-GCM and HMAC-SHA-256 (NIST SP 800-38D, FIPS 198-1).
"""

import hmac
import secrets
from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct
from tortoise.transactions import in_transaction

from core.errors import DomainError
from core.ids import new_id
from core.models import DataKey

SUITE_INTL = 1
PERSONAL, LOOKUP = "personal", "lookup"
"""Classes of data keys: values that are opened again, and values that are only found again."""

_NONCE_SIZE, _HEADER_SIZE = 12, 3
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


class Vault:
    """Seals and opens fields, and makes the keyed hashes that find them."""

    def __init__(self, keys: Mapping[int, bytes], *, index_key: bytes) -> None:
        if not keys:
            raise ValueError("at least one data key is needed")
        self._ciphers = {version: AESGCM(key) for version, key in keys.items()}
        self._newest = max(keys)
        self._index_key = index_key

    def seal(self, place: Place, text: str) -> bytes:
        """Version and suite, nonce, ciphertext with its tag."""
        header = bytes([SUITE_INTL]) + self._newest.to_bytes(2, "big")
        nonce = secrets.token_bytes(_NONCE_SIZE)
        cipher = self._ciphers[self._newest]
        return header + nonce + cipher.encrypt(nonce, text.encode(), place.associated(header))

    def open(self, place: Place, sealed: bytes) -> str:
        """The text that was sealed at this very place, or SealBroken."""
        header, rest = bytes(sealed[:_HEADER_SIZE]), bytes(sealed[_HEADER_SIZE:])
        cipher = self._ciphers.get(int.from_bytes(header[1:], "big"))
        if cipher is None or header[:1] != bytes([SUITE_INTL]) or len(rest) <= _NONCE_SIZE:
            raise SealBroken(table=place.table, column=place.column, row_id=place.row_id)
        nonce, ciphertext = rest[:_NONCE_SIZE], rest[_NONCE_SIZE:]
        try:
            return cipher.decrypt(nonce, ciphertext, place.associated(header)).decode()
        except InvalidTag as error:
            raise SealBroken(table=place.table, column=place.column, row_id=place.row_id) from error

    def blind_index(self, column: str, text: str) -> bytes:
        """128 bits by which an equal value in the same column is found, and nothing else learnt."""
        key = hmac.digest(self._index_key, column.encode(), sha256)
        return hmac.digest(key, text.encode(), sha256)[:_INDEX_SIZE]


async def load_vault(kek: bytes) -> Vault:
    """Unwrap the data keys, making the first ones when there are none. Safe in many processes.

    `kek` is 32 bytes; ValueError when it is not, SealBroken when it is another than the keys' own.
    """
    async with in_transaction():
        for data_class in (PERSONAL, LOOKUP):
            await _make_first(data_class, kek)
    keys = await DataKey.all().order_by("version")
    opened = {(key.data_class, key.version): _unwrap(kek, key) for key in keys}
    return Vault(
        {version: key for (data_class, version), key in opened.items() if data_class == PERSONAL},
        index_key=opened[LOOKUP, 1],
    )


async def _make_first(data_class: str, kek: bytes) -> None:
    key = DataKey(id=new_id(), data_class=data_class, version=1)
    nonce = secrets.token_bytes(_NONCE_SIZE)
    plain = AESGCM.generate_key(256)
    key.wrapped = nonce + AESGCM(kek).encrypt(nonce, plain, _label(key))
    await DataKey.bulk_create([key], ignore_conflicts=True)


def _unwrap(kek: bytes, key: DataKey) -> bytes:
    nonce, wrapped = bytes(key.wrapped[:_NONCE_SIZE]), bytes(key.wrapped[_NONCE_SIZE:])
    try:
        return AESGCM(kek).decrypt(nonce, wrapped, _label(key))
    except InvalidTag as error:
        raise SealBroken(table="core_data_key", column="wrapped", row_id=key.id) from error


def _label(key: DataKey) -> bytes:
    return f"{key.data_class}|{key.version}".encode()
