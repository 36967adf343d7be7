# SPDX-License-Identifier: Apache-2.0
"""Boards, kernels and logs for the scenarios."""

import os
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from guest import ROOT, Guest, hako_qemu  # noqa: E402 (needs the path above)
from pair_of_boards import Pair  # noqa: E402
from vms import Vms  # noqa: E402

# Kernels of boards that bring a test of their own.
NOT_OF_BOARDS = [f"-{name}" for name in hako_qemu.MACHINES if name not in hako_qemu.BOARDS]


def built_kernels():
    """`make test-linux` says which kernels; by hand, all that were built."""
    named = os.environ.get("HAKO_KERNELS", "").split()
    kernels = named or sorted(path.parent.name for path in
                              ROOT.glob("build/guest/*/vmlinux.hako")
                              if not path.parent.name.endswith(("-screen", *NOT_OF_BOARDS)))
    if not kernels:
        raise pytest.UsageError("no guest kernel is built: make test-linux")
    return kernels


KERNELS = built_kernels()
PLAIN_KERNELS = [k for k in KERNELS if not k.endswith(("-pan", "-proxies"))]
DEFAULT_KERNEL = (PLAIN_KERNELS or KERNELS)[0]


# Every plain kernel on every board, the others on one board each: for what takes minutes.
SPREAD = ([(kernel, board) for kernel in PLAIN_KERNELS for board in hako_qemu.BOARDS]
          + [(kernel, hako_qemu.BOARDS[at % len(hako_qemu.BOARDS)])
             for at, kernel in enumerate(k for k in KERNELS if k not in PLAIN_KERNELS)])
# Every kernel on every board, but for proxies alone, the reference: on the board that SPREAD does without it.
PAIRS = [(kernel, board) for kernel in KERNELS for board in hako_qemu.BOARDS
         if not kernel.endswith("-proxies") or len(KERNELS) == 1 or (kernel, board) not in SPREAD]


def pytest_configure(config):
    config.addinivalue_line("markers", "spread: kernels that differ in PAN or PV on one board each")
    config.addinivalue_line("markers", "long: takes more than half a minute, and begins early")
    # Of pexpect, which still supports Python 2.
    config.addinivalue_line("filterwarnings", "ignore:setDaemon:DeprecationWarning")


def pytest_generate_tests(metafunc):
    if metafunc.definition.get_closest_marker("spread"):
        metafunc.parametrize("kernel, board", SPREAD)
        return
    if "kernel" in metafunc.fixturenames:
        metafunc.parametrize("kernel, board", PAIRS)
        return
    if "plain_kernel" in metafunc.fixturenames:  # without those that differ in PAN or PV only
        metafunc.parametrize("plain_kernel", PLAIN_KERNELS)
    if "board" in metafunc.fixturenames:
        metafunc.parametrize("board", hako_qemu.BOARDS)


def pytest_collection_modifyitems(items):
    """The long ones first: at the end no core waits for one of them."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScheduling

    class OneByOne(LoadScheduling):
        """Its usual batches are for short tests: here a worker has one to do and one to come."""

        def _send_tests(self, node, num):
            super()._send_tests(node, max(2 - len(self.node2pending[node]), 0))

    return OneByOne(config, log)


def log_name(request):
    return re.sub(r"[^\w.-]+", "-", request.node.name).strip("-")


@pytest.fixture
def start(request):
    """Start guests that end with the test: start(board, kernel, native=..., sd=...)."""
    guests = []

    def start_guest(board, kernel, **options):
        name = log_name(request) + (f"-{len(guests)}" if guests else "")
        guest = Guest(board, kernel, ROOT / "build/log/qemu" / f"{name}.log", **options)
        guests.append(guest)
        return guest

    yield start_guest
    for guest in guests:
        guest.__exit__()


@pytest.fixture
def start_vms(request):
    """Start boards with several VMs that end with the test: start_vms(board, description, ...)."""
    boards = []

    def start_board(board, description, **options):
        name = log_name(request) + (f"-{len(boards)}" if boards else "")
        vms = Vms(board, description, ROOT / "build/log/qemu" / f"{name}.log",
                  kernel=DEFAULT_KERNEL, **options)
        boards.append(vms)
        return vms

    yield start_board
    for vms in boards:
        vms.__exit__()


@pytest.fixture
def start_pair(request):
    """Start two boards on one cable that end with the test: start_pair(a, b, ...), see Pair."""
    pairs = []

    def start_both(a, b, **options):
        name = log_name(request) + (f"-{len(pairs)}" if pairs else "")
        pair = Pair(ROOT / "build/log/qemu" / name, a, b, kernel=DEFAULT_KERNEL, **options)
        pairs.append(pair)
        return pair

    yield start_both
    for pair in pairs:
        pair.__exit__()


@pytest.fixture
def linux(start, board, kernel):
    """A guest under the VMM at its prompt."""
    guest = start(board, kernel)
    guest.wait_for_shell()
    return guest


@pytest.fixture
def default_kernel():
    """The one kernel of scenarios in which the kernel's version makes no difference."""
    return DEFAULT_KERNEL
