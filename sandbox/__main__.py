"""`python -m sandbox serve`, `python -m sandbox console` and `python -m sandbox proxy`."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from sandbox.asgi import create_app
from sandbox.city import read_city
from sandbox.clock import Clock
from sandbox.console import write_console
from sandbox.fault_line import FaultLine
from sandbox.keys import open_keys
from sandbox.mini_proxy import product_at
from sandbox.proxying import serve as serve_proxy
from sandbox.wechat.pushes import set_push_url
from sandbox.world import open_world

HOST = "127.0.0.1"


def main() -> None:
    given = _parser().parse_args()
    if os.environ.get("ZB_ENVIRONMENT") == "production":
        sys.exit("the sandbox has no place in production")
    if given.command == "console":
        _write_console(given.state, given.city)
    elif given.command == "proxy":
        asyncio.run(serve_proxy(given.port, given.to, seed=given.seed))
    else:
        asyncio.run(_serve(given))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="play the outside world on a loopback port")
    serve.add_argument("--port", type=int, required=True)
    serve.add_argument("--callback-base", default="", help="where notify_url's host really is")
    serve.add_argument("--clock-offset", type=float, default=0, metavar="SECONDS")
    serve.add_argument("--time-scale", type=float, default=1, help="retries come so much sooner")
    serve.add_argument("--push-url", help="where WeChat pushes events; empty: nowhere any more")
    serve.add_argument("--product", default="", help="where the product answers, for the phone")
    serve.add_argument("--own-pages", type=Path, metavar="DIR", help="your page for the phone")
    console = commands.add_parser("console", help="write DIR/console.json: keys and ids for us")
    proxy = commands.add_parser("proxy", help="a TCP line that can be made bad, by orders on stdin")
    proxy.add_argument("--port", type=int, default=0, help="where to listen on loopback")
    proxy.add_argument("--to", required=True, metavar="HOST:PORT")
    proxy.add_argument("--seed", type=int, default=0)
    for command in (serve, console):
        command.add_argument("--state", type=Path, required=True, metavar="DIR")
        command.add_argument("--city", type=Path, required=True, metavar="DIR")
    return parser


def _write_console(state: Path, city_folder: Path) -> None:
    city = read_city(city_folder)
    path = write_console(state, city, open_keys(state, city))
    sys.stdout.write(f"{path}\n")


async def _serve(given: argparse.Namespace) -> None:
    world = open_world(given.state, given.city, clock=Clock(given.clock_offset))
    if given.push_url is not None:
        set_push_url(world, given.push_url)
    product = product_at(given.product)
    app = create_app(
        world,
        time_scale=given.time_scale,
        callback_base=given.callback_base,
        product=product,
        own_pages=given.own_pages,
    )
    line = FaultLine(app, world)
    server = Server(line, HOST, given.port, interface=Interfaces.ASGI, log_enabled=False)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, server.stop)
    announcing = asyncio.create_task(_announce(given.port))
    try:
        await server.serve()
    finally:
        announcing.cancel()
        await product.close()
        world.book.close()


async def _announce(port: int) -> None:
    """Print the address once it answers."""
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        sys.stdout.write(f"sandbox: http://{HOST}:{port}\n")
        sys.stdout.flush()
        return


if __name__ == "__main__":
    main()
