import pytest

from core.speech import spoken, spoken_number


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "零"),
        (10, "十"),
        (19, "十九"),
        (110, "一百一十"),
        (105, "一百零五"),
        (1005, "一千零五"),
        (10010, "一万零一十"),
        (105000, "十万五千"),
        (10000005, "一千万零五"),
        (100050000, "一亿零五万"),
        (10**16, "一" + "零" * 16),
    ],
)
def test_a_number_is_said_as_people_say_it(number: int, said: str) -> None:
    assert spoken_number(number) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("已缴费 80.00 元。", "已缴费 八十元。"),
        ("1,234.56元", "一千二百三十四元五角六分"),
        ("100.05元", "一百元零五分"),
        ("0.05元", "五分"),
        ("0.00元", "零元"),
        ("请打12345。", "请打一二三四五。"),
        ("15401991001", "一五四零一九九一零零一"),
        ("2026年11月22日 10:05", "二零二六年十一月二十二日 十点零五分"),
        ("有效期至 2027-06-30", "有效期至 二零二七年六月三十日"),
        ("「登记费」（查看；缴费）", "登记费，查看，缴费，"),
        ("3.5", "三点五"),
        ("007", "七"),
        ("1" * 5_000, "一" * 5_000),
        ("2" * 5_000 + "元", "二" * 5_000 + "元"),
        ("0" * 5_000 + "元", "零元"),
    ],
)
def test_amounts_days_and_telephones_are_read_as_words(text: str, said: str) -> None:
    assert spoken(text) == said
