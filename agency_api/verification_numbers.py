from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from identity.callers import VerifierCaller
from licences import verification_numbers
from licences.verification_numbers import NumberedVerification, NumberNotFound


class VerificationNumberController(Controller):
    """核验编号: proof, later, that there was a check."""

    path = "/verification-numbers"
    tags = ["核验"]

    @get(
        "/{verification_no:str}",
        summary="查验核验编号",
        description="凭核验编号查询当时核验的时间、证照种类、结果和核验机构，"
        "不含持证人和证照的任何内容。",
        errors=(NumberNotFound,),
    )
    async def show(
        self, verification_no: FromPath[str], verifier: NamedDependency[VerifierCaller]
    ) -> NumberedVerification:
        return await verification_numbers.look_up(verification_no)
