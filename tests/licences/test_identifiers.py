import pytest

from licences.identifiers import Identifier, IdentifierInvalid, new_identifier, read_identifier

GIVEN_OUT = (
    "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F",
    "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
    "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
    "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
)
"""Identifiers in public code and documents of four different provinces."""


@pytest.mark.parametrize("text", GIVEN_OUT)
def test_identifiers_that_were_really_given_out_are_read(text: str) -> None:
    assert str(read_identifier(text)) == text


def test_an_identifier_is_taken_apart() -> None:
    assert read_identifier(GIVEN_OUT[2]) == Identifier(
        "11100000000013338W009", "11330105002500287C", "2025052201", 2
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(GIVEN_OUT[0][:-1] + "G", id="another check character"),
        pytest.param(GIVEN_OUT[0].replace("2430599", "2430598"), id="one figure changed"),
        pytest.param(GIVEN_OUT[0].replace("2430599", "2435099"), id="two figures exchanged"),
        pytest.param(GIVEN_OUT[0].replace("1.2.156", "1.2.157"), id="another root"),
        pytest.param(GIVEN_OUT[0].lower(), id="small letters"),
        pytest.param(GIVEN_OUT[0] + "\n", id="a line more"),
        pytest.param(GIVEN_OUT[0].replace(".001.", "."), id="no version"),
        pytest.param(GIVEN_OUT[0].replace("2430599", "2" * 200), id="too long"),
        pytest.param("", id="nothing"),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(IdentifierInvalid):
        read_identifier(text)


def test_a_new_identifier_is_a_right_one_and_no_two_are_alike() -> None:
    made = {
        new_identifier("11100000000013127D001", issuer_code="11330199MB0LX0001B") for _ in range(50)
    }

    assert len(made) == 50
    assert {read_identifier(text).version for text in made} == {1}


def test_an_issuer_without_a_right_code_gets_no_identifiers() -> None:
    with pytest.raises(IdentifierInvalid):
        new_identifier("11100000000013127D001", issuer_code="11330199MB0LX00019")
