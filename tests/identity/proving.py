"""People who sign in and prove who they are, for the tests of one person across channels."""

from core.sealing import Vault
from identity.callers import Caller
from identity.kinds import DocumentType
from identity.models import Person
from identity.real_names import verify_real_name
from identity.sessions import SignedIn, log_in
from identity.tokens import TokenIssuer
from tests.conftest import AT
from tests.fakes.identity import (
    NO_CACHE,
    FakeAlipay,
    FakePopulationRegister,
    FakeProvider,
    caller_of,
)

WANG, CHEN = "330100195103089023", "330100197609219066"
PERMIT, TRAVEL = "810000198703150003", "H12345678"
DEPARTMENT = "330199-data"


def make_register() -> FakePopulationRegister:
    """One person of it has two documents, and one name in the register."""
    people = {
        WANG: ("王桂兰", True),
        CHEN: ("陈丽", True),
        PERMIT: ("陈雪仪", True),
        TRAVEL: ("陈雪仪", True),
    }
    return FakePopulationRegister(people, refs={PERMIT: "ref-1", TRAVEL: "ref-1"})


async def tap(issuer: TokenIssuer, code: str = "openid-a", *, alipay: bool = False) -> SignedIn:
    provider = FakeAlipay("2021000000000001") if alipay else FakeProvider()
    return await log_in(code, provider=provider, issuer=issuer, at=AT)


async def arrive(issuer: TokenIssuer, code: str = "openid-a", *, alipay: bool = False) -> Caller:
    return await caller_of(await tap(issuer, code, alipay=alipay), at=AT)


async def prove(
    caller: Caller,
    register: FakePopulationRegister,
    vault: Vault,
    name: str,
    number: str,
    document_type: DocumentType = DocumentType.RESIDENT_ID,
) -> Person:
    return await verify_real_name(
        caller,
        name=name,
        id_number=number,
        document_type=document_type,
        register=register,
        vault=vault,
        states=NO_CACHE,
        department=DEPARTMENT,
        at=AT,
    )
