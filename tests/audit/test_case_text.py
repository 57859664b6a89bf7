"""What the help desk must not get is refused, what may be it is asked about, and what is neither passes (ACC-13)."""

import time

import pytest

from audit.case_text import CASE, PERSON, PLATE, look_over

pytestmark = pytest.mark.req("ACC-13")


@pytest.mark.parametrize(("text", "what"), [
    ("My plate HBX4172 does not fire", PLATE),
    ("license plate number: ABC 1234", PLATE),
    ("plate abc 1234", PLATE),
    ("The plate is XYZ-1234 of Ohio", PLATE),
    ("tag no. 7ABC123", PLATE),
    ("plate 123456", PLATE),
    ("plate: 8 ABC 123", PLATE),
    ("plate ＨＢＸ４１７２", PLATE),
    ("plate H\u200bBX41\u00ad72", PLATE),
    ("case number 12345678", CASE),
    ("case 2024-00123 is missing", CASE),
    ("Docket no. 19-55512", CASE),
    ("alien number A123 456 789", CASE),
    ("it is about A-123-456-789", CASE),
    ("Subject name John Doe", PERSON),
])
def test_what_surely_is_case_text_is_found(text, what):
    assert [find.what for find in look_over(text) if find.is_sure][:1] == [what]


@pytest.mark.parametrize(("text", "what"), [
    ("nothing comes for HBX4172", PLATE),
    ("7ABC123", PLATE),
    ("ABC 1234 gives nothing", PLATE),
    ("See H.B.X.4.1.7.2", PLATE),
    ("h b x 4 1 7 2", PLATE),
    ("plate SUNNYDAY is not there", PLATE),
    ("report 1234567", CASE),
    ("12345678 is not found", CASE),
    ("the suspect John Doe", PERSON),
])
def test_what_may_be_case_text_is_asked_about(text, what):
    finds = look_over(text)
    assert [find.what for find in finds][:1] == [what]
    assert not any(find.is_sure for find in finds)


@pytest.mark.parametrize("text", [
    "The map stays gray on my tablet.",
    "error 404 on page 12 at 10:30 on 2026-11-21",
    "I cannot sign in since 3pm EST on 11/21/2026, error code 5003",
    "call me at 212-555-0134 or +1 212-555-0134",
    "Windows11, Chrome 120, iOS17 on an iPhone15",
    "ticket HD-000042 and request AR-000012",
    "request number 0190a0a0-0000-7000-8000-000000000000 from 10.0.0.1",
    "two plates were not found, 45 queries in 2025",
    "18 U.S.C. 1956 is missing in the list of offenses",
    "My alert list has 2500 entries", "",
])
def test_what_people_write_to_a_help_desk_passes(text):
    assert look_over(text) == []


def test_one_word_is_found_once_and_the_sure_find_counts():
    finds = look_over("HBX4172 again: plate HBX-4172, and HBX4172")
    assert [(find.words, find.is_sure) for find in finds] == [("HBX-4172", True)]


@pytest.mark.parametrize("text", [
    "A1 " * 1333, "HBX 41 " * 570, "subject " * 500, "1" * 4000, "a-" * 2000, "A B " * 1000, "plate " * 660])
def test_the_longest_text_is_looked_over_in_time(text):
    started = time.process_time()
    look_over(text)
    assert time.process_time() - started < 2
