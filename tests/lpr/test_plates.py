"""The one normaliser of plate numbers."""

import ast
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr import plates


@pytest.mark.req("QRY-2")
@pytest.mark.parametrize(
    "written",
    [
        "XYZ1234",
        "xyz-1234",
        " XYZ 1234 ",
        "xyz.1234",
        "XYZ·1234",
        "XYZ\u20111234",
        "XYZ\u22121234",
        "ＸＹＺ１２３４",
        "X\u00a0YZ1234\n",
    ],
)
def test_all_ways_to_write_a_plate_are_one_plate(written):
    assert plates.fold(written) == "XYZ1234"


@pytest.mark.req("QRY-2")
def test_the_letter_o_is_never_taken_for_a_zero():
    assert plates.fold("O0I1") == "O0I1"
    assert plates.fold("OOO") != plates.fold("000")


@pytest.mark.req("LIM-1")
@pytest.mark.parametrize("wildcard", ["*", "?", "%", "_", "＊"])
def test_a_wildcard_is_refused_and_named(wildcard):
    with pytest.raises(plates.PlateNotValid, match="wildcard character") as refusal:
        plates.fold(f"AB{wildcard}12")
    assert "AB" not in str(refusal.value).replace("ABC", "")


@pytest.mark.parametrize("text", ["", "   ", "-", " .-· "])
def test_a_plate_without_characters_is_refused(text):
    with pytest.raises(plates.PlateNotValid, match="Enter a license plate number"):
        plates.fold(text)


def test_ten_characters_pass_and_eleven_are_refused():
    assert plates.fold("ABCDE-12345") == "ABCDE12345"
    with pytest.raises(plates.PlateNotValid, match="at most 10 characters"):
        plates.fold("ABCDE123456")


@pytest.mark.parametrize("text", ["ABC/12", "ÄBC12", "АВС12", "AB\x0012", "AB\n12", "straße", "ıstanbul", "A'B", "½"])
def test_other_characters_are_refused(text):
    with pytest.raises(plates.PlateNotValid, match="only the letters"):
        plates.fold(text)


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing_and_refusals_are_our_own(text):
    try:
        folded = plates.fold(text)
    except plates.PlateNotValid:
        return
    assert re.fullmatch("[A-Z0-9]{1,10}", folded)
    assert plates.fold(folded) == folded


@given(st.text("ABCZ0189", min_size=1, max_size=10), st.sampled_from([" ", "-", ".", "\u2013", "\u00b7"]))
def test_case_and_separators_never_matter(plate, separator):
    assert plates.fold(separator.join(plate.lower())) == plate


def test_the_room_imports_the_standard_library_alone():
    tree = ast.parse(Path(plates.__file__).read_text())
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names
