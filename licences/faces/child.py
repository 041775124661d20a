"""The process that draws: faces in, pictures out, one after another, until its input ends. 绘图进程

It knows no secret, no address and no database; what it is given it forgets. A picture that breaks
the renderer takes this process with it and not the server.
"""

import os
import resource
import sys
import traceback
from typing import BinaryIO

import msgspec

from licences.faces.face import Face
from licences.faces.painting import paint

DONE, FAILED = b"\0", b"\1"
LENGTH = 4
_MEMORY = 2 * 1024**3


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    while (asked := _read(sys.stdin.buffer)) is not None:
        answer = _answer(asked)
        answers.write(len(answer).to_bytes(LENGTH, "big") + answer)
        answers.flush()


def _answer(asked: bytes) -> bytes:
    try:
        return DONE + paint(msgspec.msgpack.decode(asked, type=Face))
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        sys.stderr.write(f"face not drawn: {type(error).__name__} at {where.name}\n")  # no values
        return FAILED


def _read(source: BinaryIO) -> bytes | None:
    head = source.read(LENGTH)
    if len(head) < LENGTH:
        return None
    return source.read(int.from_bytes(head, "big"))


if __name__ == "__main__":
    main()
