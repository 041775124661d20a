import pytest

from core.errors import Rejected
from core.sealing import Vault
from identity.id_documents import DocumentNumberInvalid, document_of, read_document
from identity.kinds import DocumentType, Sex

HK, PR = "810000198703150003", "933999198509220005"


@pytest.mark.parametrize(
    ("document_type", "written", "number"),
    [
        (DocumentType.RESIDENT_ID, " 33010019510308902 3", "330100195103089023"),
        (DocumentType.RESIDENT_ID, "330100510308902", "330100195103089023"),
        (DocumentType.HMT_RESIDENCE, HK, HK),
        (DocumentType.HM_TRAVEL, "h12345678", "H12345678"),
        (DocumentType.HM_TRAVEL, "H1234567801", "H12345678"),
        (DocumentType.TW_TRAVEL, "00000001", "00000001"),
        (DocumentType.FOREIGN_RESIDENCE, PR, PR),
        (DocumentType.FOREIGN_RESIDENCE, "usa330085092212", "USA330085092212"),
    ],
)
def test_a_number_has_one_spelling(document_type: DocumentType, written: str, number: str) -> None:
    document = read_document(written, document_type)

    assert (document.document_type, document.number) == (document_type, number)


@pytest.mark.parametrize(
    ("document_type", "number"),
    [
        pytest.param(DocumentType.RESIDENT_ID, HK, id="a permit is no identity card"),
        pytest.param(DocumentType.RESIDENT_ID, PR, id="nor is a foreigner's card"),
        pytest.param(DocumentType.RESIDENT_ID, "330100195103089024", id="check character"),
        pytest.param(DocumentType.HMT_RESIDENCE, "330100195103089023", id="place code"),
        pytest.param(DocumentType.HMT_RESIDENCE, HK[:-1] + "4", id="check character of a permit"),
        pytest.param(DocumentType.HM_TRAVEL, "T12345678", id="neither H nor M"),
        pytest.param(DocumentType.HM_TRAVEL, "H12345678\n1", id="too long by one"),
        pytest.param(DocumentType.HM_TRAVEL, "Ｈ12345678", id="full width"),
        pytest.param(DocumentType.TW_TRAVEL, "1234567", id="too short"),
        pytest.param(DocumentType.TW_TRAVEL, "１２３４５６７８", id="other figures"),
        pytest.param(DocumentType.FOREIGN_RESIDENCE, PR[:-1] + "6", id="check character, 2023"),
        pytest.param(DocumentType.FOREIGN_RESIDENCE, "USA330085133212", id="no such month"),
    ],
)
def test_what_the_type_cannot_have_is_refused(document_type: DocumentType, number: str) -> None:
    with pytest.raises(Rejected):
        read_document(number, document_type)


def test_a_number_says_itself_of_which_type_it_is() -> None:
    for document_type, number in [
        (DocumentType.RESIDENT_ID, "330100195103089023"),
        (DocumentType.HMT_RESIDENCE, HK),
        (DocumentType.HM_TRAVEL, "M12345678"),
        (DocumentType.TW_TRAVEL, "12345678"),
        (DocumentType.FOREIGN_RESIDENCE, PR),
        (DocumentType.FOREIGN_RESIDENCE, "USA330085092212"),
    ]:
        assert document_of(number).document_type is document_type


def test_a_permit_tells_birth_and_sex_as_an_identity_card_does() -> None:
    document = read_document(HK, DocumentType.HMT_RESIDENCE)

    assert (str(document.birth_date), document.sex) == ("1987-03-15", Sex.FEMALE)
    assert read_document("12345678", DocumentType.TW_TRAVEL).birth_date is None


def test_numbers_of_two_types_never_find_one_another(vault: Vault) -> None:
    twins = [
        read_document("12345678", DocumentType.TW_TRAVEL),
        read_document("H12345678", DocumentType.HM_TRAVEL),
        read_document("M12345678", DocumentType.HM_TRAVEL),
    ]

    assert len({document.index(vault) for document in twins}) == 3
    assert "1234" not in repr(twins)


def test_the_refusal_names_the_type() -> None:
    with pytest.raises(DocumentNumberInvalid) as refused:
        read_document("H1", DocumentType.HM_TRAVEL)

    assert refused.value.context == {"document_type": DocumentType.HM_TRAVEL}
