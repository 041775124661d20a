"""What somebody has in their two wallets. 余额"""

from litestar import get
from litestar.di import NamedDependency, Provide

from sandbox.city import Person
from sandbox.phone.people import phone_owner
from sandbox.world import World


@get("/phone/{person_key:str}/wallet", dependencies={"person": Provide(phone_owner)})
async def wallet(person: NamedDependency[Person], world: NamedDependency[World]) -> dict[str, int]:
    rows = world.book.rows("SELECT wallet, balance_fen FROM wallets WHERE person = ?", person.key)
    return {f"{row['wallet']}_balance_fen": row["balance_fen"] for row in rows}
