"""The control matrix says what the tests say."""

from tests import control_matrix


def test_every_mark_names_a_promise_that_exists():
    assert set(control_matrix.proofs()) <= set(control_matrix.IDS)


def test_the_page_is_fresh():
    assert control_matrix.PAGE.read_text() == control_matrix.page(), "run `make matrix`"
