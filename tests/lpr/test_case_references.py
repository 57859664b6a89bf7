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


ALIEN = case_references.CaseNumbers(r"A[ -]?\d{2,3}[ -]?\d{3}[ -]?\d{3}", "A012 345 678", required=False)
OWN = case_references.CaseNumbers(r"[A-Z]{2}\d{2}", "NY24", required=True)


@pytest.mark.req("QRY-1", "ALR-2")
@pytest.mark.parametrize(("text", "numbers"), [
    ("A012345678", ALIEN), ("a012 345 678", ALIEN), ("ny24", OWN), ("Subject of ny24, test", OWN)])
def test_a_number_of_the_components_pattern_names_a_case(text, numbers):
    assert case_references.check(text, numbers) == text


@pytest.mark.req("QRY-1", "ALR-2")
def test_a_component_may_need_its_number_and_says_so_with_an_example():
    for text in ("Subject name John Doe, case number 12345678", "NY245", "XNY24", ""):
        with pytest.raises(case_references.CaseReferenceNotTelling, match=r"NY24|such as"):
            case_references.check(text, OWN)
    assert case_references.check("Subject name John Doe, case number 12345678", ALIEN)
    with pytest.raises(case_references.CaseReferenceNotTelling):
        case_references.check("test", ALIEN)


@pytest.mark.req("QRY-1", "ALR-2")
@pytest.mark.parametrize(("text", "why"), [
    ("test", "“test” says neither who nor which case."), ("Ongoing 12", "“Ongoing” says neither who nor which case."),
    ("aaaaaaa", "“aaaaaaa” only repeats itself."), ("x" * 400, f"“{'x' * 30}” only repeats itself."),
    ("1111", "“1111” only repeats itself."), ("Smith", "One word without a number"), ("24-7", "This number is too short"),
    ("case number", "This names neither a subject nor a case."), ("......", "This names neither a subject nor a case."),
])
def test_why_a_text_tells_nothing_is_said_in_words(text, why):
    with pytest.raises(case_references.CaseReferenceNotTelling) as refusal:
        case_references.check(text)
    assert str(refusal.value).startswith(why)
