"""alipay.data.dataservice.bill.downloadurl.query, and the file behind the address. 账单下载"""

import re
import zipfile
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency

from sandbox.alipay.bills import Bill, Period, Row, make_bill
from sandbox.alipay.calls import Call, yuan_of
from sandbox.clock import CHINA, beijing, stamp
from sandbox.crypto import is_same, mac
from sandbox.refusals import AlipayRefusal
from sandbox.world import AlipayApp, World

PATH = "/dwbillcenter.alipay.com/downloadBillFile.resource"
URL_LASTS_SECONDS = 30
READY_AT_HOUR, READY_ON_DAY, MONTHS_KEPT = 10, 4, 30
TYPES = ("trade", "signcustomer")
EXPIRED = "<html><head><title>支付宝</title></head><body>下载链接已失效</body></html>"
LINE = "-" * 40


class GbkInfo(zipfile.ZipInfo):
    """A member whose name is written in GBK and says nothing about it, as Alipay's are."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("gb18030"), self.flag_bits


def query_url(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    """An address that works for 30 seconds, for a bill that is ready and not empty."""
    bill_type, bill_date = str(call.content.get("bill_type")), str(call.content.get("bill_date"))
    period = _period(bill_date)
    now = world.clock.now()
    if bill_type not in TYPES or period is None or not _is_kept(period, now):
        raise AlipayRefusal("40004", "isv.invalid-arguments", "参数有误: bill_type, bill_date")
    is_ready = now >= _ready_at(period)
    if not is_ready or not make_bill(world, app.seller_id, bill_type, period).rows:
        raise AlipayRefusal("40004", "isp.bill_not_exist", "账单不存在")
    asked = {
        "bizType": bill_type,
        "userId": f"{app.seller_id}0156",
        "fileType": "csv.zip",
        "bizDates": bill_date,
        "timestamp": str(int(now.timestamp())),
    }
    asked["token"] = mac(world.keys.identity_secret, *(one.encode() for one in asked.values()))
    return {"bill_download_url": f"{call.host}{PATH}?{urlencode(asked)}"}


@get(PATH)
async def download(
    request: Request[None, None, State], world: NamedDependency[World]
) -> Response[bytes]:
    """The ZIP, unsigned; a page that says so when the address is too old."""
    asked = dict(request.query_params)
    token = asked.pop("token", "")
    expected = mac(world.keys.identity_secret, *(one.encode() for one in asked.values()))
    if not is_same(token, expected) or _is_old(world, asked["timestamp"]):
        return Response(EXPIRED.encode(), media_type="text/html; charset=utf-8")
    period = _period(asked["bizDates"])
    assert period is not None
    seller_id = asked["userId"].removesuffix("0156")
    bill = make_bill(world, seller_id, asked["bizType"], period)
    name = f"{seller_id}0156_{asked['bizDates'].replace('-', '')}"
    packed = _pack(bill, name, period, told_at=beijing(stamp(world.clock.now())))
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv.zip"'}
    return Response(packed, media_type="application/octet-stream", headers=headers)


def _is_old(world: World, timestamp: str) -> bool:
    return world.clock.now().timestamp() - int(timestamp) > URL_LASTS_SECONDS


def _period(bill_date: str) -> Period | None:
    """A day, or a month, in China."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}", bill_date):
            begins = datetime.strptime(bill_date, "%Y-%m").replace(tzinfo=CHINA)
            return Period(begins, (begins + timedelta(days=32)).replace(day=1))
        begins = datetime.strptime(bill_date, "%Y-%m-%d").replace(tzinfo=CHINA)
    except ValueError:
        return None
    return Period(begins, begins + timedelta(days=1))


def _is_kept(period: Period, now: datetime) -> bool:
    begins, today = period.begins, now.astimezone(CHINA)
    months = (today.year - begins.year) * 12 + today.month - begins.month
    return period.ends <= now and months <= MONTHS_KEPT


def _ready_at(period: Period) -> datetime:
    is_month = period.ends - period.begins > timedelta(days=1)
    day = READY_ON_DAY if is_month else period.ends.day
    return period.ends.replace(day=day, hour=READY_AT_HOUR)


def _pack(bill: Bill, name: str, period: Period, *, told_at: str) -> bytes:
    """The sheet of totals comes first: a member is chosen by its header, not by its place."""
    totals = {
        "业务笔数": str(len(bill.rows)),
        "收入金额（元）": yuan_of(sum(bill.income)),
        "支出金额（元）": yuan_of(sum(bill.expense)),
        "净额（元）": yuan_of(sum(bill.income) + sum(bill.expense)),
    }
    sheets = {
        f"{bill.name}(汇总)": _table(list(totals), [totals]),
        bill.name: _table(bill.columns, bill.rows),
    }
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for title, table in sheets.items():
            lines = [
                f"#支付宝{bill.name.removesuffix('明细')}明细查询",
                f"#账号：[{name.partition('_')[0]}]",
                f"#起始日期：[{_day(period.begins)}]   终止日期：[{_day(period.ends)}]",
                f"#{LINE}{title}列表{LINE}",
                *table,
                f"#{LINE}{title}列表结束{LINE}",
                f"#支出合计：{len(bill.expense)}笔，共{yuan_of(sum(bill.expense))}元",
                f"#收入合计：{len(bill.income)}笔，共{yuan_of(sum(bill.income))}元",
                f"#导出时间：[{told_at}]",
            ]
            text = "".join(f"{line}\r\n" for line in lines)
            archive.writestr(GbkInfo(f"{name}_{title}.csv"), text.encode("gb18030"))
    return packed.getvalue()


def _table(columns: list[str], rows: list[Row]) -> list[str]:
    """Cells are padded with a tabulator, so that no spreadsheet takes a number for a quantity."""
    body = [",".join(f"{row.get(column, '')}\t" for column in columns) for row in rows]
    return [",".join(columns), *body]


def _day(at: datetime) -> str:
    return f"{at:%Y年%m月%d日 %H:%M:%S}"
