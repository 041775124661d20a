"""Passwords, hashed with argon2id so that trying one costs (RFC 9106). 口令"""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from core.errors import Rejected

MIN_LENGTH, MAX_LENGTH = 12, 128

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_nobody = _hasher.hash("nobody has this password")


class PasswordTooWeak(Rejected):
    code = "identity.password_too_weak"
    message = "口令长度需为 12 至 128 个字符"


async def hash_password(password: str) -> str:
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise PasswordTooWeak()
    return await asyncio.to_thread(_hasher.hash, password)


async def password_fits(password: str, password_hash: str | None) -> bool:
    """Whether it is the password. Without a hash it takes as long, and the answer is no."""
    if len(password) > MAX_LENGTH:
        return False
    fits = await asyncio.to_thread(_verify, password, password_hash or _nobody)
    return fits and password_hash is not None


def _verify(password: str, password_hash: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False
