"""C07: whoever guesses codes finds none."""

import random
import secrets
from base64 import urlsafe_b64encode

import pytest

from core.sealing import Vault
from licences.codes import CodeNotGenuine, find_presentation
from licences.models import Presentation
from licences.presentations import present_licence
from tests.conftest import AT
from tests.licences import make
from tests.licences.make import SIGNER

pytestmark = pytest.mark.usefixtures("db")


async def guess(vault: Vault, *, codes: int, numbers: int) -> int:
    """Guesses of both kinds while a code is shown; how many of them hit something."""
    caller = await make.caller(vault)
    licence = await make.licence(vault, caller.required_party())
    await present_licence(licence.id, consented=["name"], caller=caller, signer=SIGNER, at=AT)
    luck = random.Random(7)
    guesses = [urlsafe_b64encode(secrets.token_bytes(48)).decode() for _ in range(codes)]
    guesses += [f"{luck.randrange(10**16):016d}" for _ in range(numbers)]
    hits = 0
    for code in guesses:
        try:
            await find_presentation(code, SIGNER)
            hits += 1
        except CodeNotGenuine:
            continue
    return hits


async def test_no_hit_among_thousands_of_guesses(vault: Vault) -> None:
    """C07: and what is guessed is 128 random bits under a signature, or 16 digits for a minute."""
    assert await guess(vault, codes=5_000, numbers=500) == 0

    presentation = await Presentation.get()
    assert len(presentation.id.bytes) * 8 == 128
    assert len(presentation.fallback_no) == 16


@pytest.mark.soak
async def test_no_hit_among_a_hundred_thousand_guesses(vault: Vault) -> None:
    """C07"""
    assert await guess(vault, codes=90_000, numbers=10_000) == 0
