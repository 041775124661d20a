"""What of a person is shown when nobody needs more. Views mask by default. 脱敏"""


def mask_name(name: str) -> str:
    """张小明 → 张*明, 张明 → 张*."""
    return name[:1] + "*" * max(len(name) - 2, 1) + (name[-1] if len(name) > 2 else "")


def mask_id_number(number: str) -> str:
    """330102195006011234 → 3301**********1234; short ones keep less."""
    return _keep(number, 4, 4) if len(number) >= 15 else _keep(number, 1, 2)


def mask_phone(phone: str) -> str:
    """13812345678 → 138****5678."""
    return _keep(phone, 3, 4)


def mask_account(account_no: str) -> str:
    """Only the last four figures of a bank account."""
    return _keep(account_no, 0, 4)


def _keep(text: str, head: int, tail: int) -> str:
    if len(text) <= head + tail:
        return "*" * len(text)
    return text[:head] + "*" * (len(text) - head - tail) + text[len(text) - tail :]
