"""Operators, verifying organisations and their logins. 工作人员与核验方"""

from core.sealing import Vault
from identity.kinds import Role
from identity.operators import register_operator
from identity.verifiers import register_organisation, register_verifier
from seeds.files import City
from seeds.registers import ACTOR, Parties


async def load_operators(city: City, parties: Parties, *, vault: Vault) -> int:
    for row in city.operators:
        await register_operator(
            person_id=parties[row.person],
            login_name=row.username,
            password=row.password,
            totp_secret=row.totp_secret,
            roles=[Role(role) for role in row.roles],
            department=row.department,
            division=row.division,
            vault=vault,
            actor=ACTOR,
        )
    return len(city.operators)


async def load_verifiers(city: City) -> int:
    for row in city.verifiers:
        organisation = await register_organisation(
            name=row.organisation_name,
            department=row.department,
            division=row.division,
            licence_types=row.licence_types,
            fields=row.fields,
            purpose=row.purpose,
            actor=ACTOR,
        )
        await register_verifier(
            organisation_id=organisation.id,
            login_name=row.username,
            password=row.password,
            actor=ACTOR,
        )
    return len(city.verifiers)
