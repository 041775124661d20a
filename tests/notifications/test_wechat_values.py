import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.channels import ValueRefused
from notifications.channels.wechat_values import fit_value, fit_values

KEYS = ("thing1", "number2", "time3", "date4", "amount5", "name6", "phrase7", "character_string8")


@pytest.mark.parametrize(
    ("key", "value", "fitted"),
    [
        (
            "thing1",
            "二十个字正好不用剪的事项名称就是这么长吧",
            "二十个字正好不用剪的事项名称就是这么长吧",
        ),
        (
            "thing1",
            "二十一个字就会被剪掉最后一个换成省略号啊啊",
            "二十一个字就会被剪掉最后一个换成省略号…",
        ),
        ("thing1", "第一行\n第二行\t完", "第一行 第二行 完"),
        ("thing1", "缴费\u202e成功\u200b", "缴费成功"),
        ("thing1", "缴费成功🎉👨‍👩‍👧", "缴费成功"),
        ("thing1", "气温 36℃", "气温 36℃"),
        ("amount2", "80.00元", "80.00元"),
        ("amount2", "¥80.00", "¥80.00"),
        ("time3", "2026年11月22日 10:00", "2026年11月22日 10:00"),
        ("time3", "15:01", "15:01"),
        ("time3", "9:00~17:00", "9:00~17:00"),
        ("date4", "2026-11-22", "2026-11-22"),
        ("name5", "买买提·艾力", "买买提·艾力"),
        ("phrase6", "已到账", "已到账"),
        ("character_string7", "F20261122ABC", "F20261122ABC"),
        ("number8", "12.5", "12.5"),
        ("car_number9", "浙A12345", "浙A12345"),
        ("phone_number10", "0571-12345", "0571-12345"),
        ("letter11", "ABC", "ABC"),
        ("symbol12", "!!", "!!"),
    ],
)
def test_a_value_that_fits_or_can_be_cut_goes_through(key: str, value: str, fitted: str) -> None:
    """D10."""
    assert fit_value(key, value) == fitted


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thing1", ""),
        ("thing1", " \u200b\n"),
        ("thing1", "🎉"),
        ("thing1", "{{thing2.DATA}}"),
        ("thing1", "点 http://evil.test"),
        ("thing1", "点 www.evil.test"),
        ("thing1", "点 evil.com"),
        ("amount2", "八十元"),
        ("amount2", "12345678901"),
        ("amount2", "1.234"),
        ("amount2", "８０元"),
        ("time3", "25:00"),
        ("time3", "明天"),
        ("date4", "2026-11/22"),
        ("name5", "十一个汉字的名字就太长了"),
        ("phrase6", "六个汉字太长"),
        ("phrase6", "abc"),
        ("character_string7", "有汉字"),
        ("number8", "1e9"),
        ("number8", "9" * 33),
        ("unheard13", "x"),
    ],
)
def test_a_value_that_would_be_wrong_is_refused_with_its_field(key: str, value: str) -> None:
    """D10."""
    with pytest.raises(ValueRefused) as refused:
        fit_values({key: value})

    assert refused.value.details() == {"field": key}


@given(st.sampled_from(KEYS), st.text(max_size=60))
def test_whatever_comes_what_goes_out_is_one_short_visible_line(key: str, value: str) -> None:
    """D10."""
    try:
        fitted = fit_value(key, value)
    except ValueRefused:
        return

    assert fitted == fitted.strip() != ""
    assert len(fitted) <= 60
    assert fitted.isprintable() or all(char == " " or char.isprintable() for char in fitted)
    assert "{{" not in fitted
    if key == "thing1":
        assert len(fitted) <= 20
