"""Operators, verifying organisations, their logins and their programs. 工作人员与核验方"""

from datetime import datetime
from uuid import UUID

from core.sealing import Vault
from identity.kinds import Role
from identity.machine_clients import register_machine_client
from identity.models import MachineClient
from identity.operators import register_operator
from identity.verifiers import register_organisation, register_verifier
from licences.uses import register_basis
from seeds.files import City
from seeds.registers import ACTOR, Parties
from seeds.rows import VerifierRow


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
        await register_verifier(
            organisation_id=await _organisation(row),
            login_name=row.username,
            password=row.password,
            actor=ACTOR,
        )
    return len(city.verifiers)


async def load_machines(city: City) -> int:
    """Programs without a key: they make their own, and its public half is registered by a human."""
    for row in city.machines:
        if not await MachineClient.exists(name=row.name):
            await register_machine_client(
                organisation_id=await _organisation(city.organisation(row.organisation)),
                name=row.name,
                scopes=row.scopes,
                networks=row.networks,
                daily_quota=row.daily_quota,
                actor=ACTOR,
            )
    return len(city.machines)


async def load_legal_bases(city: City, *, at: datetime) -> int:
    for row in city.legal_bases:
        await register_basis(
            organisation_id=await _organisation(city.organisation(row.organisation)),
            licence_type=row.licence_type,
            fields=row.fields,
            citation=row.citation,
            actor=ACTOR,
            at=at,
        )
    return len(city.legal_bases)


async def _organisation(row: VerifierRow) -> UUID:
    organisation = await register_organisation(
        name=row.organisation_name,
        department=row.department,
        division=row.division,
        licence_types=row.licence_types,
        fields=row.fields,
        purpose=row.purpose,
        actor=ACTOR,
    )
    return organisation.id
