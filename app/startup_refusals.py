"""What stops a command for a reason that whoever started it can mend, in one line. 启动失败"""

from collections.abc import Iterator

from asyncpg import InvalidAuthorizationSpecificationError, InvalidCatalogNameError

from core.database import DatabaseGone
from core.sealing import SealBroken


def said_plainly(error: BaseException) -> str | None:
    """The line, without an address or a password; None for what is a fault of ours."""
    told = [said for each in _with_causes(error) if (said := _said(each)) is not None]
    return told[-1] if told else None  # the deepest cause knows best


def _said(error: BaseException) -> str | None:
    match error:
        case InvalidAuthorizationSpecificationError():
            return "数据库不接受这个账号或口令：请核对 ZB_DATABASE_URL"
        case InvalidCatalogNameError():
            return "数据库服务器上没有 ZB_DATABASE_URL 指定的库：请先建一个空库"
        case DatabaseGone():
            reason = error.context.get("reason", "")
            return (
                f"数据库连不上（{reason}）：请核对 ZB_DATABASE_URL 的主机和端口，以及它是否在运行"
            )
        case SealBroken() if error.context.get("table") == "core_data_key":
            return "数据库里的内容是用另一个 ZB_KEK 加密的：请换回原来的 KEK，或者换一个空库"
        case _:
            return None


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
