from datetime import timedelta

import pytest
from msgspec.structs import replace

from notifications.channels.wechat_push import (
    PushKind,
    PushRejected,
    WechatPushes,
    is_encoding_key,
)
from tests.given import AT
from tests.notifications.pushing import KEYS, Letter, answered, events, letter, message, read, sent

POPUP = "subscribe_msg_popup_event"
GENUINE = letter(message(POPUP, answered("accept")))


def changed(**query: str) -> Letter:
    return Letter(GENUINE.query | query, GENUINE.body)


class TestRead:
    def test_a_genuine_push_says_who_answered_what_and_when(self) -> None:
        [event] = read(GENUINE)

        assert (event.kind, event.openid, event.template_id) == (
            PushKind.ANSWERED,
            "openid-1",
            "tpl-fee",
        )
        assert (event.word, event.provider_no, event.occurred_at) == ("accept", None, AT)
        assert "openid-1" not in event.digest

    def test_one_entry_or_a_list_and_texts_or_numbers_are_the_same(self) -> None:
        created = int(AT.timestamp())
        shapes = [
            events("subscribe_msg_sent_event", sent("17", "0"), CreateTime=str(created)),
            events("subscribe_msg_sent_event", [sent(17, 0)], CreateTime=created),
        ]

        assert shapes[0] == shapes[1]
        assert (shapes[0][0].provider_no, shapes[0][0].word) == ("17", "0")

    def test_several_entries_are_several_events(self) -> None:
        found = events(POPUP, [answered("accept", "tpl-a"), answered("reject", "tpl-b")])

        assert [(one.template_id, one.word) for one in found] == [
            ("tpl-a", "accept"),
            ("tpl-b", "reject"),
        ]
        assert len({one.digest for one in found}) == 2

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(message("user_enter_tempsession", []), id="another event"),
            pytest.param({"FromUserName": "o", "MsgType": "text", "Content": "您好"}, id="a text"),
            pytest.param(message(POPUP, []), id="no entries"),
        ],
    )
    def test_what_does_not_concern_us_says_nothing(self, content: object) -> None:
        assert read(letter(content)) == []

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(message(POPUP, {"TemplateId": "tpl-fee"}), id="no answer"),
            pytest.param(message(POPUP, answered("accept"), CreateTime="soon"), id="no time"),
            pytest.param(message(POPUP, answered("accept", "t" * 65)), id="too long"),
            pytest.param(
                message("subscribe_msg_sent_event", {"TemplateId": "t", "ErrorCode": "0"}),
                id="no number",
            ),
            pytest.param(message(POPUP, "nothing"), id="no list"),
            pytest.param([], id="no message"),
        ],
    )
    def test_a_genuine_one_in_another_form_is_no_forgery(self, content: object) -> None:
        with pytest.raises(ValueError, match=r"."):
            read(letter(content))

    def test_a_retry_carries_the_first_time_and_is_still_taken(self) -> None:
        assert len(read(GENUINE, at=AT + timedelta(seconds=599))) == 1

    @pytest.mark.parametrize(
        "forged",
        [
            pytest.param(
                letter(message(POPUP, answered("accept")), keys=replace(KEYS, token="other")),
                id="another token",
            ),
            pytest.param(
                letter(message(POPUP, answered("accept")), keys=replace(KEYS, appid="wx-other")),
                id="another app inside",
            ),
            pytest.param(
                letter(
                    message(POPUP, answered("accept")),
                    keys=replace(KEYS, encoding_aes_key="j" * 42 + "g"),
                ),
                id="another key",
            ),
            pytest.param(
                Letter(GENUINE.query, letter(message(POPUP, answered("reject"))).body),
                id="another body",
            ),
            pytest.param(Letter(GENUINE.query, b'{"Encrypt": "AAAA"}'), id="nothing sealed"),
            pytest.param(Letter(GENUINE.query, b'{"Encrypt": "\xc3\xa9"}'), id="no Base64"),
            pytest.param(Letter(GENUINE.query, b'{"Event": "x"}'), id="in plain"),
            pytest.param(Letter(GENUINE.query, b"\xff"), id="no JSON"),
            pytest.param(Letter(GENUINE.query, b""), id="empty"),
            pytest.param(
                changed(msg_signature=GENUINE.query["signature"]), id="the address's signature"
            ),
            pytest.param(changed(msg_signature=""), id="no signature"),
            pytest.param(changed(nonce="1"), id="another nonce"),
            pytest.param(changed(timestamp="9" * 400), id="an absurd time"),
            pytest.param(changed(timestamp="٣" * 10), id="other digits"),
            pytest.param(changed(encrypt_type="raw"), id="not in safe mode"),
        ],
    )
    def test_anything_else_is_refused(self, forged: Letter) -> None:
        with pytest.raises(PushRejected):
            read(forged)

    @pytest.mark.parametrize("late", [timedelta(seconds=601), -timedelta(seconds=601)])
    def test_a_replay_after_ten_minutes_is_refused(self, late: timedelta) -> None:
        with pytest.raises(PushRejected):
            read(GENUINE, at=AT + late)

    def test_only_our_app_is_read_and_without_keys_none(self) -> None:
        with pytest.raises(PushRejected):
            read(GENUINE, appid="wx-other")
        with pytest.raises(PushRejected):
            WechatPushes().read(KEYS.appid, GENUINE.address(), GENUINE.body, at=AT)


class TestCheckAddress:
    def test_the_address_that_wechat_signed_holds(self) -> None:
        WechatPushes([KEYS]).check_address(KEYS.appid, GENUINE.address(), at=AT)

    @pytest.mark.parametrize("query", [{"signature": ""}, {"nonce": "2"}, {"timestamp": ""}])
    def test_any_other_is_refused(self, query: dict[str, str]) -> None:
        with pytest.raises(PushRejected):
            WechatPushes([KEYS]).check_address(KEYS.appid, changed(**query).address(), at=AT)


def test_an_encoding_key_is_forty_three_characters_of_base64() -> None:
    assert is_encoding_key(KEYS.encoding_aes_key)
    assert not is_encoding_key("k" * 42)
    with pytest.raises(ValueError, match=r"."):
        is_encoding_key("！" * 43)
