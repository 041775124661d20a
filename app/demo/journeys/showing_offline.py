"""A licence is shown where neither side has a network; the verifier's own tool reads it. 离线"""

import asyncio
import sys

from app.demo.cast import Resident, Stage
from app.running import ROOT

FIELDS = ["name", "benefit_class"]
VALID, INVALID = 0, 1


async def keep_shelf(stage: Stage) -> None:
    """While there is a network: keys and status lists, and nothing of anybody."""
    with stage.show.step("景区检票员", "上山前同步公钥和状态名单") as step:
        code, lines = await _verifier(stage, "sync", stage.address)
        step.sees(" ".join(lines))
        step.check("已同步", code, VALID)


async def make_code(stage: Stage, holder: Resident) -> str:
    with stage.show.step(holder.name, "上山前生成老年人优待证的离线码") as step:
        wallet = (await holder.service.get("/v1/licences"))["items"]
        card = next(row for row in wallet if row["licence_type"] == "elder-card")
        path = f"/v1/licences/{card['id']}/offline-codes"
        made = await holder.service.post(path, {"fields": FIELDS})
        step.sees("；".join(made["notices"]))
        shown = {field["key"]: field["value"] for field in made["fields"]}
        step.check("姓名已脱敏", shown["name"], "王*兰")
    return str(made["code"])


async def check_code(stage: Stage, code: str) -> None:
    """Not a word with the product: the tool has what it needs on its own disk."""
    with stage.show.step("景区检票员", "山上没有网络，用 python -m verifier 核验") as step:
        ended, lines = await _verifier(stage, "check", code)
        for line in lines:
            step.sees(line)
        step.check("有效", ended, VALID)
        step.check("看到的是脱敏的姓名", any("王*兰" in line for line in lines), True)
    with stage.show.step("景区检票员", "核验一张改动过的离线码") as step:
        ended, lines = await _verifier(stage, "check", _altered(code))
        step.sees(lines[0])
        step.check("无效", ended, INVALID)


def _altered(code: str) -> str:
    middle = len(code) // 2
    other = "0" if code[middle] != "0" else "1"
    return f"{code[:middle]}{other}{code[middle + 1 :]}"


async def _verifier(stage: Stage, *arguments: str) -> tuple[int, list[str]]:
    """The tool as its user starts it: a process of its own, its exit code, what it prints."""
    folder, clock = str(stage.folder / "verifier"), str(stage.clock_offset_seconds)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "verifier", "--folder", folder, "--clock", clock, *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    lines = [line.strip() for line in printed.decode().splitlines()]
    return process.returncode or 0, [line for line in lines if line]
