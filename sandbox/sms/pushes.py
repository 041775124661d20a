"""Receipts and replies on their way to our server, in each supplier's own shape. 状态报告与上行"""

import json
import secrets
from datetime import datetime
from hashlib import md5
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from sandbox.clock import CHINA, moment, rfc3339
from sandbox.crypto import mac
from sandbox.keys import MachineKey
from sandbox.posting import Callback, post_callback
from sandbox.world import World

SUPPLIERS = ("sms_json", "sms_form")
FORM_STATES = {"delivered": "DELIVRD", "failed": "UNDELIV"}


def push_url(world: World, supplier: str) -> str:
    """Where our server wants them, as it was entered at the supplier; empty when nowhere."""
    row = world.book.row("SELECT value FROM switches WHERE name = ?", f"{supplier}_push_url")
    return str(row["value"]) if row else ""


def set_push_url(world: World, supplier: str, url: str) -> None:
    world.book.write(
        "INSERT OR REPLACE INTO switches (name, value) VALUES (?, ?)", f"{supplier}_push_url", url
    )


def push_receipt(world: World, sms: dict[str, Any]) -> None:
    """In the caller's transaction."""
    if sms["supplier"] == "sms_json":
        event = {
            "event_id": f"receipt-{sms['message_id']}",
            "type": "receipt",
            "message_id": sms["message_id"],
            "request_id": sms["request_id"],
            "phone": sms["phone"],
            "status": sms["state"].upper(),
            "error": sms["error"].upper(),
            "at": rfc3339(sms["due_at"]),
        }
        _post(world, sms["supplier"], event["event_id"], "receipt", sms["phone"], event)
        return
    told = {
        "type": "report",
        "taskid": sms["message_id"],
        "mobile": sms["phone"],
        "status": FORM_STATES[sms["state"]],
        "time": _compact(moment(sms["due_at"])),
    }
    _post(world, sms["supplier"], f"report-{sms['message_id']}", "receipt", sms["phone"], told)


def push_reply(world: World, row: dict[str, str]) -> None:
    event_id = f"reply-{row['reply_id']}"
    told: dict[str, Any] = {"type": "mo", "mobile": row["phone"], "ext": row["extension"]}
    told |= {"content": row["text"], "time": _compact(moment(row["made_at"]))}
    if row["supplier"] == "sms_json":
        told = {
            "event_id": event_id,
            "type": "reply",
            "phone": row["phone"],
            "extension": row["extension"],
            "text": row["text"],
            "at": rfc3339(row["made_at"]),
        }
    _post(world, row["supplier"], event_id, "reply", row["phone"], told)


def letter(
    key: MachineKey, supplier: str, url: str, body: str, *, at: datetime
) -> tuple[dict[str, str], bytes]:
    """Headers and content of one try, signed anew."""
    if supplier == "sms_form":
        form = json.loads(body) | form_signature(key, at)
        content_type = "application/x-www-form-urlencoded; charset=utf-8"
        return {"Content-Type": content_type}, urlencode(form).encode()
    content = msgspec.json.encode({"events": [json.loads(body)]})
    timestamp, nonce = str(int(at.timestamp())), secrets.token_hex(16)
    lines = (b"POST", urlsplit(url).path.encode(), timestamp.encode(), nonce.encode(), content)
    headers = {
        "Content-Type": "application/json",
        "X-App-Key": key.app_key,
        "X-Timestamp": timestamp,
        "X-Nonce": nonce,
        "X-Signature": mac(key.secret, *lines),
    }
    return headers, content


def form_signature(key: MachineKey, at: datetime) -> dict[str, str]:
    """How the form supplier and we know each other: an MD5 over account, secret and time."""
    timestamp = _compact(at)
    text = f"{key.app_key}{key.secret}{timestamp}"
    sign = md5(text.encode(), usedforsecurity=False).hexdigest()
    return {"account": key.app_key, "timestamp": timestamp, "sign": sign}


def is_acknowledged(supplier: str, status: int, answer: bytes) -> bool:
    if supplier == "sms_form":
        return status == 200 and answer == b"0"
    try:
        told = json.loads(answer)
    except ValueError:
        return False
    return status == 200 and isinstance(told, dict) and told.get("code") == "OK"


def read_form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def _post(
    world: World, supplier: str, event_id: str, kind: str, phone: str, told: dict[str, Any]
) -> None:
    callback = Callback(
        event_id=f"{supplier}-{event_id}",
        provider=supplier,
        merchant=world.keys.machines[supplier].app_key,
        event_type=f"sms.{kind}",
        number=phone,
        url=push_url(world, supplier),
        body=json.dumps(told, ensure_ascii=False),
    )
    post_callback(world, callback)


def _compact(at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%Y%m%d%H%M%S")
