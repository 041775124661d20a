"""Bills of a day: when there is one, and how it is fetched. 账单申请与下载"""

import gzip
import secrets
from datetime import date, datetime, time, timedelta
from hashlib import sha1

from msgspec import Struct

from sandbox.clock import CHINA, moment, stamp
from sandbox.refusals import PayRefusal
from sandbox.wechat_pay import fund_flow, trade_bills
from sandbox.wechat_pay.refund_endings import finish_refunds
from sandbox.world import Merchant, World

KINDS = {
    "tradebill": {"ALL", "SUCCESS", "REFUND"},
    "fundflowbill": {"BASIC", "OPERATION", "FEES"},
}
BEGUN_AT, READY_AT = time(9), time(10)
KEPT, TOKEN_LIVES = timedelta(days=90), timedelta(seconds=30)


class Statement(Struct, frozen=True):
    """Which bill somebody may fetch: a row of wechat_pay_bill_tokens."""

    token: str
    mchid: str
    kind: str
    part: str
    bill_date: date
    gzipped: bool
    made_at: str


class Request(Struct, frozen=True):
    """What the address asks for; `part` is the bill_type or the account_type."""

    kind: str
    part: str
    bill_date: str
    tar_type: str


def order_statement(world: World, merchant: Merchant, asked: Request) -> tuple[str, str]:
    """The token to fetch it with, and the SHA-1 of what is fetched once it is unpacked."""
    on = _day(asked)
    _check_day(on, world.clock.now())
    statement = Statement(
        token=secrets.token_urlsafe(48),
        mchid=merchant.mchid,
        kind=asked.kind,
        part=asked.part,
        bill_date=on,
        gzipped=asked.tar_type == "GZIP",
        made_at=stamp(world.clock.now()),
    )
    content = _content(world, statement)
    world.book.write(
        "INSERT INTO wechat_pay_bill_tokens (token, mchid, kind, part, bill_date, gzipped,"
        " made_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        statement.token,
        statement.mchid,
        statement.kind,
        statement.part,
        on.isoformat(),
        statement.gzipped,
        statement.made_at,
    )
    return statement.token, sha1(content, usedforsecurity=False).hexdigest()


def fetch_statement(world: World, merchant: Merchant, token: str) -> bytes:
    """The bill of this token, for half a minute: the shortest life that was ever documented."""
    query = "SELECT * FROM wechat_pay_bill_tokens WHERE token = ?"
    statement = world.book.find(Statement, query, token)
    if statement is None or world.clock.now() - moment(statement.made_at) > TOKEN_LIVES:
        raise PayRefusal(404, "RESOURCE_NOT_EXISTS", "下载链接不存在或已失效")
    if statement.mchid != merchant.mchid:
        raise PayRefusal(403, "NO_AUTH", "无权下载其他商户的账单")
    content = _content(world, statement)
    return gzip.compress(content, mtime=0) if statement.gzipped else content


def _day(asked: Request) -> date:
    if asked.part not in KINDS[asked.kind] or asked.tar_type not in ("", "GZIP"):
        raise PayRefusal(400, "PARAM_ERROR", "账单类型或压缩类型有误")
    try:
        return datetime.strptime(asked.bill_date, "%Y-%m-%d").replace(tzinfo=CHINA).date()
    except ValueError as error:
        raise PayRefusal(400, "PARAM_ERROR", "bill_date格式应为YYYY-MM-DD") from error


def _check_day(on: date, at: datetime) -> None:
    """A day's bill is made the next morning, and kept for three months."""
    here = at.astimezone(CHINA)
    age = here.date() - on
    if age > KEPT:
        raise PayRefusal(400, "INVALID_REQUEST", "只能下载三个月以内的账单")
    if age < timedelta(days=1) or (age == timedelta(days=1) and here.time() < BEGUN_AT):
        raise PayRefusal(400, "NO_STATEMENT_EXIST", "请求的账单文件不存在")
    if age == timedelta(days=1) and here.time() < READY_AT:
        raise PayRefusal(400, "STATEMENT_CREATING", "请求的账单正在生成中，请稍后再试")


def _content(world: World, statement: Statement) -> bytes:
    """The same bytes whenever it is asked for."""
    finish_refunds(world)
    if statement.kind == "tradebill":
        content = trade_bills.content(world, statement.mchid, statement.part, statement.bill_date)
    elif statement.part == "BASIC":
        content = fund_flow.content(world, statement.mchid, statement.bill_date)
    else:
        content = None
    if content is None:
        raise PayRefusal(400, "NO_STATEMENT_EXIST", "请求的账单文件不存在")
    return content
