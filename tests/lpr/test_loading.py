"""Storing reads: each once, matched, conflicts kept aside, whatever comes at the same time."""


def test_it_runs(load_read):
    print(load_read(), load_read())
