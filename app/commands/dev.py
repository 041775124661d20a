"""Everything on this machine, in one terminal, until Ctrl-C."""

import argparse

from rich.console import Console

from app.embedded.server import ServerNotStarted
from app.running import AlreadyRunning, Running, announce, sole_holder
from app.startup import StepFailed, start_all
from app.supervision import Stopped, Supervisor


def run(given: argparse.Namespace) -> int:
    """Start, say where it answers, keep it alive, end it all; 0 when it was asked to end."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        with sole_holder(given.folder), Supervisor(console.print) as supervisor:
            running = start_all(
                supervisor,
                folder=given.folder.resolve(),
                port=given.port,
                clock_offset_seconds=given.clock_offset,
                say=console.print,
                own_pages=given.own_pages,
            )
            announce(given.folder, running)
            _invite(console, given, running)
            supervisor.watch()
    except AlreadyRunning as error:
        console.print(f"[yellow]{error}[/yellow]")
        return 1
    except (StepFailed, ServerNotStarted) as error:
        console.print(f"[red]没有启动：{error}[/red]")
        return 1
    except Stopped:
        console.print(f"已全部结束；数据留在 {given.folder}，下次启动继续使用")
    return 0


def _invite(console: Console, given: argparse.Namespace, running: Running) -> None:
    console.print()
    console.print(f"[bold]掌上办已就绪[/bold]  {running.address}")
    console.print(f"  接口文档   {running.address}/docs")
    console.print(
        f"  沙箱账本   {running.sandbox}/book/logins  （微信、支付宝、登记库、银行都由沙箱扮演）"
    )
    console.print(f"  手机       {running.sandbox}/phone  （挑一位居民，拿起他的手机）")
    console.print("  演示流程   另开一个终端运行 make demo")
    console.print(f"  日志       {given.folder / 'log'}")
    console.print("  结束       Ctrl-C")
