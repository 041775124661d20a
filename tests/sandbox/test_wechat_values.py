"""D10, from the other side: what each kind of value may be."""

import pytest

from sandbox.wechat.values import is_allowed

ALLOWED = [
    ("thing1", "字" * 20),
    ("thing1", "缴费\u3000成功"),
    ("number2", "1" * 32),
    ("number2", "1.5"),
    ("letter3", "a" * 32),
    ("symbol4", "*#!?+"),
    ("character_string5", "F20261122-ABC/1"),
    ("time6", "2019年10月1日 15:01"),
    ("time6", "15:01"),
    ("time6", "15:01~16:30"),
    ("date7", "2019年10月1日"),
    ("date7", "2019.10.1"),
    ("date7", "2019-10-01~2019-10-02"),
    ("amount8", "¥80.00元"),
    ("amount8", "1" * 10),
    ("phone_number9", "+86-0571 88888888"),
    ("phone_number9", "138****1234"),
    ("car_number10", "粤A8Z888挂"),
    ("name11", "王" * 10),
    ("name11", "a" * 20),
    ("phrase12", "已经缴费了"),
]
REFUSED = [
    ("thing1", "字" * 21),
    ("thing1", ""),
    ("thing1", " "),
    ("thing1", "a\nb"),
    ("thing1", "a\x07b"),
    ("thing1", "a\u202eb"),
    ("number2", "1" * 33),
    ("number2", "1,5"),
    ("letter3", "a" * 33),
    ("letter3", "字"),
    ("symbol4", "*" * 6),
    ("character_string5", "办结"),
    ("character_string5", "a" * 33),
    ("time6", "24:00"),
    ("time6", "3 pm"),
    ("date7", "2019年10月"),
    ("date7", "2019-10/01"),
    ("amount8", "¥" + "1" * 11),
    ("amount8", "八十元"),
    ("phone_number9", "1" * 18),
    ("phone_number9", "ext"),
    ("car_number10", "粤A8Z888888"),
    ("name11", "王" * 11),
    ("name11", "a" * 21),
    ("phrase12", "已经缴费成功"),
    ("phrase12", "paid"),
    ("invented13", "a"),
]


@pytest.mark.parametrize(("key", "value"), ALLOWED)
def test_what_a_key_allows(key: str, value: str) -> None:
    assert is_allowed(key, value)


@pytest.mark.parametrize(("key", "value"), REFUSED)
def test_what_a_key_refuses(key: str, value: str) -> None:
    assert not is_allowed(key, value)


def test_a_listed_value_is_one_of_the_list() -> None:
    assert is_allowed("enum1", "已办结", ["已办结", "办理中"])
    assert not is_allowed("enum1", "退回", ["已办结", "办理中"])
