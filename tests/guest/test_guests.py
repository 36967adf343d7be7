# SPDX-License-Identifier: Apache-2.0
"""One test per board and test guest (run.py). They share nothing: pytest-xdist may spread them."""

import importlib.util
import pathlib

import pytest

_PATH = pathlib.Path(__file__).with_name("run.py")
_SPEC = importlib.util.spec_from_file_location("guest_run", _PATH)
run = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(run)

CASES = [(board, name) for board in run.BOARDS for name in run.guests(board)]


def test_guests_were_built():
    assert CASES, f"no test guests in {run.OUT}: run `make guest-tests`"


@pytest.mark.parametrize("board, name", CASES)
def test_guest(board, name):
    try:
        run.check(board, name, "both")
    except run.Failure as failure:
        pytest.fail(str(failure), pytrace=False)
