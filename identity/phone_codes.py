"""Signing in to the app by a phone number and a code sent to it. 手机号验证码登录

Who asks for a code is told an id that nobody else knows, and the code counts only with it: whoever
guesses at a number spends tries of codes of their own asking, never those of its owner. Five
guesses end a code; how many codes a phone may be sent a day is for the edge to limit.

A number is no identity. It opens the account that this number had, as a stranger's: whoever was
proved to stand behind it is parted from it when the number was proved elsewhere meanwhile, or was
not used here for as long as carriers hold a number back before they give it out again.
"""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from msgspec import Struct
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from core import audit
from core.errors import DomainError, NotSignedIn, Rejected, TooMany, UpstreamFailed
from core.ids import new_number
from core.sealing import Vault
from core.wire import NoAnswer
from core.wire.sms import NumberBusy, NumberRefused, SmsLine, SmsRefused
from identity.accounts import end_sessions
from identity.contacts import phone_index, take_phone, wait_for_turn
from identity.kinds import ProviderName
from identity.login_devices import DeviceHint, note_login, was_on
from identity.models import Account, LoginDevice, PhoneChallenge, PhoneContact, Session
from identity.parting import part
from identity.providers import ProviderUnknown, Subject
from identity.sessions import SignedIn, signed_in, start_session
from identity.subjects import account_of
from identity.tokens import TokenIssuer

APP = "app"
"""The appid of accounts at our own app."""

LASTS = timedelta(minutes=10)
RESEND_AFTER = timedelta(minutes=1)
MAX_TRIES = 5
REISSUED_AFTER = timedelta(days=90)
_CODE_DIGITS = 6
_KEPT = timedelta(days=1)


class PhoneCodeRefused(NotSignedIn):
    code = "identity.phone_code_refused"
    message = "验证码不正确或已失效，请重新获取"


class PhoneNotReachable(Rejected):
    code = "identity.phone_not_reachable"
    message = "无法向该手机号发送短信，请核对号码"


class PhoneBusy(TooMany):
    code = "identity.phone_busy"
    message = "向该手机号发送短信过于频繁，请稍后再试"


class SmsFailed(UpstreamFailed):
    code = "identity.sms_failed"
    message = "短信暂时发不出去，请稍后再试"


class SmsLines:
    """The suppliers that codes may be sent by, the preferred one first."""

    def __init__(self, lines: Sequence[SmsLine] = ()) -> None:
        self._lines = lines

    async def send(self, phone: str, text: str, *, at: datetime) -> None:
        """By the first that takes it: a code that comes twice does no harm. ProviderUnknown when
        there is none; PhoneNotReachable or PhoneBusy when it is for the number that one refused."""
        if not self._lines:
            raise ProviderUnknown(provider=ProviderName.PHONE.value)
        number = new_number("C", at)
        error: DomainError = SmsFailed()
        for line in self._lines:
            try:
                return await line.send(phone, text, number=number)
            except NumberRefused:
                error = PhoneNotReachable()
            except NumberBusy:
                error = PhoneBusy(retry_after=int(RESEND_AFTER.total_seconds()))
            except (SmsRefused, NoAnswer):
                continue
        raise error


class CodeSent(Struct, frozen=True, kw_only=True):
    """What the asking device keeps: the code counts only with this id. 验证码已发送"""

    challenge_id: UUID
    expires_at: datetime
    resend_after_seconds: int


async def send_code(phone: str, *, lines: SmsLines, vault: Vault, at: datetime) -> CodeSent:
    """Send a code to a mainland number, by the first supplier that takes it.

    Answers alike whether or not anybody has the number here.
    """
    code = f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}d}"
    challenge_id = uuid4()
    challenge = await PhoneChallenge.create(
        id=challenge_id,
        phone_index=phone_index(phone, vault),
        code_digest=_digest(challenge_id, code, vault),
        asked_at=at,
        expires_at=at + LASTS,
    )
    minutes = int(LASTS.total_seconds()) // 60
    text = f"您的登录验证码是{code}，{minutes}分钟内有效。工作人员不会向您索要验证码。"
    await lines.send(phone, text, at=at)
    return CodeSent(
        challenge_id=challenge.id,
        expires_at=challenge.expires_at,
        resend_after_seconds=int(RESEND_AFTER.total_seconds()),
    )


async def sign_in_by_phone(
    challenge_id: UUID,
    phone: str,
    code: str,
    *,
    vault: Vault,
    issuer: TokenIssuer,
    at: datetime,
    device: DeviceHint | None = None,
) -> SignedIn:
    """A session of the account with this number, for who brings the code and the id of its asking.

    The code counts once, also for two at once, and is used up with the session in one transaction.
    """
    await _guess(challenge_id, phone, code, vault, at)
    index = phone_index(phone, vault)
    async with in_transaction():
        unused = PhoneChallenge.filter(id=challenge_id, used_at=None)
        if not await unused.update(used_at=at):
            raise PhoneCodeRefused()
        await wait_for_turn(index)  # before the account, as whoever proves the number does
        subject = Subject(index.hex)
        account = await account_of(ProviderName.PHONE, APP, subject, at=at)
        account = await _without_former_owner(account, at=at)
        await take_phone(account, phone, vault=vault, at=at)
        session, refresh_token = await start_session(
            Session(account_id=account.id, party_id=account.person_id), at=at
        )
        await note_login(account, session, device, at=at)
        actor = f"person:{account.person_id}" if account.person_id else f"account:{account.id}"
        await audit.record(actor, "session.start", f"session:{session.id}")
    return await signed_in(session.id, refresh_token, issuer=issuer, at=at)


async def is_own_device(phone: str, device_id: str, *, vault: Vault, at: datetime) -> bool:
    """Whether the account of a number was signed in on this device: its owner asks, no stranger."""
    subject = phone_index(phone, vault).hex
    accounts = Account.filter(provider=ProviderName.PHONE, appid=APP, subject=subject)
    return await was_on(accounts, device_id, at=at)


async def forget_challenges(*, at: datetime) -> None:
    """Drop codes a day after their end."""
    await PhoneChallenge.filter(expires_at__lt=at - _KEPT).delete()


async def _guess(challenge_id: UUID, phone: str, code: str, vault: Vault, at: datetime) -> None:
    """Count the guess before it is looked at: of many at once only five are looked at."""
    living = PhoneChallenge.filter(
        id=challenge_id,
        phone_index=phone_index(phone, vault),
        used_at=None,
        expires_at__gt=at,
        tries__lt=MAX_TRIES,
    )
    if not await living.update(tries=F("tries") + 1):
        raise PhoneCodeRefused()
    challenge = await PhoneChallenge.get(id=challenge_id)
    given = _digest(challenge_id, code, vault)
    if not hmac.compare_digest(challenge.code_digest.bytes, given.bytes):
        raise PhoneCodeRefused()


async def _without_former_owner(account: Account, *, at: datetime) -> Account:
    """The account as whoever has the number now may find it: with nobody else in it."""
    if await _is_still_theirs(account, at=at):
        return account
    if account.person_id is None:
        await end_sessions(account.id, because="reissued", at=at)
        await LoginDevice.filter(account_id=account.id).delete()
        return account
    actor = "system:identity.phone_codes"
    await part(account.id, account.person_id, actor=actor, because="reissued", at=at)
    return await Account.get(id=account.id)


async def _is_still_theirs(account: Account, *, at: datetime) -> bool:
    lately = Session.filter(account_id=account.id, created_at__gt=at - REISSUED_AFTER)
    bound = PhoneContact.filter(account_id=account.id, ended_at=None)
    return await bound.exists() and await lately.exists()


def _digest(challenge_id: UUID, code: str, vault: Vault) -> UUID:
    text = f"{challenge_id.hex}:{code}"
    return UUID(bytes=vault.blind_index("identity_phone_challenge.code", text))
