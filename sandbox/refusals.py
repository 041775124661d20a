"""How each of them says no. What is raised here is answered in that platform's own form."""


class WechatRefusal(Exception):
    """HTTP 200 with an errcode."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errcode, errmsg)
        self.errcode = errcode
        self.errmsg = errmsg


class PayRefusal(Exception):
    """WeChat Pay v3: an HTTP status and a code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = code
        self.message = message


class AlipayRefusal(Exception):
    """HTTP 200 with a code and a sub_code."""

    def __init__(self, code: str, sub_code: str, sub_msg: str) -> None:
        super().__init__(code, sub_code, sub_msg)
        self.code = code
        self.sub_code = sub_code
        self.sub_msg = sub_msg


class MachineRefusal(Exception):
    """A register's or the bank's: an HTTP status, a code, a message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = code
        self.message = message


class PhoneRefusal(Exception):
    """What a user's hand did wrong: 400 with the client's errMsg and errCode."""

    def __init__(self, message: str, code: int = 0, *, status: int = 400) -> None:
        super().__init__(message, code)
        self.message = message
        self.code = code
        self.status = status
