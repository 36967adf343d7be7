# SPDX-License-Identifier: Apache-2.0
"""What goes where in the guest's memory."""

from typing import List, NamedTuple, Optional

from .errors import BundleError
from .guest import Guest

MIB = 1 << 20
PAGE = 4096

# Where initrd and device tree go if they fit: above any kernel with its bss and first tables.
HIGH = 32 * MIB
# A flat image does not say how much bss follows it; no kernel we know has more than this.
KERNEL_SLACK = 1 * MIB


class Range(NamedTuple):
    name: str
    gpa: int
    size: int

    def __str__(self) -> str:
        return f"{self.name} ({self.gpa:#010x} to {self.gpa + self.size:#010x})"


class Places(NamedTuple):
    initrd: int
    dtb: int


def _pages(size: int) -> int:
    return (size + PAGE - 1) // PAGE * PAGE


def place(guest: Guest, memory: int, initrd_size: int, dtb_size: int,
          initrd_at: Optional[int]) -> Places:
    """Places initrd and device tree, in this order; page aligned, out of the guest's way."""
    needed = _pages(initrd_size) + _pages(dtb_size)
    if initrd_at is not None:
        start = initrd_at
        if start % PAGE:
            raise BundleError(f"the initrd's address {start:#x} is no multiple of {PAGE}")
    else:
        lowest = _pages(guest.end + (KERNEL_SLACK if guest.is_linux else 0))
        start = max(lowest, HIGH)
        if start + needed > memory:
            start = memory - needed
        if needed and start < lowest:
            raise BundleError(f"{memory // MIB} MiB of guest memory are too little for a guest up "
                              f"to {guest.end:#x} and {needed // 1024} KiB of initrd and device "
                              "tree; raise --memory")
    return Places(start, start + _pages(initrd_size))


def check(ranges: List[Range], memory: int) -> None:
    """All inside the guest's memory, and none over another."""
    for item in ranges:
        if item.gpa + item.size > memory:
            raise BundleError(f"{item} does not fit into {memory // MIB} MiB of guest memory; "
                              "raise --memory")
    ordered = sorted(ranges, key=lambda item: item.gpa)
    for before, after in zip(ordered, ordered[1:]):
        if before.gpa + before.size > after.gpa:
            raise BundleError(f"overlapping addresses: {before} and {after}")
