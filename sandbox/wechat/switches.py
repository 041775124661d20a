"""What is on or off at WeChat for whoever tests: kept in the book under a name. 开关"""

from sandbox.world import World

OPEN_PLATFORM = "wechat_open_platform"
"""The mini-program is bound to an account of the Open Platform: logins tell a unionid."""
NO_BALANCE = "wechat_phone_number_balance_gone"
"""Nobody paid for phone numbers: the button gives no code."""


SENT_RESULT = "wechat_sent_result"
"""What the event says of each message that was taken, where it is not success."""


def turn(world: World, name: str, *, on: bool, value: str = "on") -> None:
    if on:
        write = "INSERT OR REPLACE INTO switches (name, value) VALUES (?, ?)"
        world.book.write(write, name, value)
    else:
        world.book.write("DELETE FROM switches WHERE name = ?", name)


def is_on(world: World, name: str) -> bool:
    return world.book.row("SELECT 1 AS found FROM switches WHERE name = ?", name) is not None


def high_risk(person_key: str) -> str:
    """WeChat takes this person for a risk and lets nobody log them in."""
    return f"wechat_high_risk {person_key}"


def banned(template_id: str) -> str:
    """The template was banned: a prompt for it says `ban`."""
    return f"wechat_banned_template {template_id}"


def main_switch_off(person_key: str) -> str:
    """This person turned off messages of the mini-program altogether."""
    return f"wechat_messages_off {person_key}"
