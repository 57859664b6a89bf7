"""What a case reference must tell (QRY-1, ALR-2)."""

import pytest

from lpr import case_references


@pytest.mark.req("QRY-1", "ALR-2")
@pytest.mark.parametrize("text", [
    "Subject name John Doe, case number 12345678", "Maria Lopez A123456789", "12345678", "NYC-24-1187", "J. Roe, case 24-7",
    "An Nguyen", "Garcia 42", "王小明 2024-17", "María-José Núñez, A 098 765 432", "Homicide investigation 2026-0417",
])
def test_a_subject_or_a_case_number_passes(text):
    assert case_references.check(f"  {text} ") == text


@pytest.mark.req("QRY-1", "ALR-2")
@pytest.mark.parametrize("text", [
    "", "   ", "\n\t", "aaaaaaa", "xxxxxx xxxxx", "1111 2222", "abababab", "......", "Smith", "Garcia-Lopez", "test", "TEST test",
    "asdf", "asdf asdf", "investigation", "n/a", "N.A.", "none", "unknown", "case number", "ongoing criminal investigation",
    "test 123", "test12345", "1234", "law enforcement", "John John", "official business only", "no case number yet",
])
def test_what_tells_an_auditor_nothing_is_refused_with_an_example(text):
    with pytest.raises(case_references.CaseReferenceNotTelling, match="Subject name John Doe, case number 12345678"):
        case_references.check(text)
