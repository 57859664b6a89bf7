"""The benchmarks' own arithmetic, and the file that others read (issue 2, "Speed")."""

import json
import re

import pytest

from benchmarks import __main__ as program
from benchmarks import measure, query_function
from benchmarks.measure import Ratio


def test_sides_take_turns_and_each_begins_as_often():
    order = []
    clock = iter(range(1000)).__next__
    cost = measure.turn_by_turn({"ours": lambda number: order.append(("ours", number)),
                                 "theirs": lambda number: order.append(("theirs", number))},
                                rounds=4, warm=2, clock=clock)
    assert [name for name, _ in order] == ["ours", "theirs", "theirs", "ours"] * 3
    assert cost == {"ours": [1] * 4, "theirs": [1] * 4}


def test_a_ratio_is_of_medians_and_a_percentile_is_a_measured_value():
    assert measure.ratio([3.0, 3.0, 90.0], [1.0, 2.0, 1.5]) == 2.0
    values = [float(number) for number in range(1, 101)]
    assert (measure.percentile(values, 0.5), measure.percentile(values, 0.99), measure.percentile([7.0], 0.99)) == (50, 99, 7)


def test_the_table_marks_a_missed_goal_in_a_word_and_the_file_has_the_agreed_shape(settings, tmp_path, capsys):
    settings.DATA_DIR = tmp_path
    (tmp_path / "bench.json").write_text(json.dumps({"other": {"ratio": 9.0, "goal": 1.0, "what": "kept"}}))
    program._report([Ratio("slow", 1.314, 1.3, "a against b"), Ratio("fast", 1.3, 1.3, "c against d")], whole=False)
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert " MISSED " in lines["slow"]
    assert " met " in lines["fast"]
    assert json.loads((tmp_path / "bench.json").read_text()) == {
        "other": {"ratio": 9.0, "goal": 1.0, "what": "kept"}, "slow": {"ratio": 1.31, "goal": 1.3, "what": "a against b"},
        "fast": {"ratio": 1.3, "goal": 1.3, "what": "c against d"}}


@pytest.mark.parametrize("arguments", [["nothing"], ["--reads", "10"], ["loading", "--reads", "0"],
                                       ["loading", "audit_append", "--reads", "5"]])
def test_a_wrong_call_is_refused(arguments, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks", *arguments])
    with pytest.raises(SystemExit) as end:
        program._arguments()
    assert end.value.code == 2


def test_every_benchmark_of_the_issue_is_there():
    assert set(program.NAMES) == {"audit_append", "audit_verify", "audit_export", "audit_search", "query_function", "hot_plate",
                                  "growth", "query_http", "many_users", "loading", "upload", "alert_mail", "names"}


def test_the_statement_written_by_hand_knows_every_variable_of_the_function():
    statement = query_function.same_sql()
    assert "FROM store.visible_read" in statement
    assert not re.search(r"(?<![\w.])(s\.|since|wanted|upper_at|closed_places)", statement)
