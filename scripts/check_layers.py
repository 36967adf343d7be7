#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Check who includes whom: an include line must not reach into a higher layer.

The table is the one of docs/architecture.md. Exit status 1, and one line each, if it is broken.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Folder: what its files may include, as folders (with all in them) or single headers. Every folder
# may include itself. The longest matching name in the table is a file's layer.
ALLOWED = {
    "vmm/lib": (),
    "devemu": ("net/frame.h", "net/offload.h", "net/switch.h", "vmm/lib"),
    "arch/arm": ("vmm/lib",),
    "board": ("devemu", "vmm/lib"),
    "net": ("devemu/clock.h", "devemu/dma.h", "devemu/virtqueue.h", "board/nic.h", "vmm/lib"),
    "net/remote": ("devemu/pl011_regs.h", "vmm/lib"),
    "domain": ("arch/arm", "devemu/mmio.h", "vmm/lib"),
    "vcpu": ("domain", "arch/arm", "devemu/mmio.h", "vmm/lib"),
    "vmm": ("vcpu", "domain", "devemu", "net", "net/remote", "arch/arm", "vmm/lib", "board/board.h",
            "board/card.h", "board/flash.h"),
}
# Single exceptions, each with its reason.
EXCEPTIONS = {
    # The first instructions run before there are layers. Constants only.
    ("arch/arm/boot.S", "board/boot_boards.h"): "machine ids",
    ("arch/arm/boot.S", "vmm/start/boot_early.h"): "what boot.S calls and hands over",
    ("arch/arm/boot.S", "vmm/start/image_header.h"): "the header of the image",
    ("arch/arm/mmu.c", "vmm/start/boot_info.h"): "where the early code put image, pool and bundle",
    # What runs before the image does has to find it. Constants only.
    ("board/palmetto/stub.S", "vmm/start/image_header.h"): "where the image says how large it is",
    # The early code knows every board, to name the one it is on (and the wrong one).
    ("vmm/start/boot_early.c", "board/boot_boards.h"): "all boards: machine id and UART",
    ("vmm/start/boot_early.c", "board/boot_uart.h"): "their UART before any driver",
    # Encodings shared with the rewriter; the header includes nothing but <stdint.h>.
    ("arch/arm/vectors.S", "vcpu/guest_abi.h"): "how a proxy looks",
    ("arch/arm/vectors.S", "vcpu/pv_abi.h"): "the address of the page shared with the guest",
    ("arch/arm/fastpath.S", "vcpu/pv_abi.h"): "the page shared with the guest's kernel",
    ("arch/arm/fastpath_dacr.S", "vcpu/pv_abi.h"): "the same page",
    ("arch/arm/fastpath_irq.S", "vcpu/pv_abi.h"): "the same page",
    ("arch/arm/fastpath_irq.S", "domain/shadow_offsets.h"): "what an entry depends on",
    ("arch/arm/fastpath_switch.S", "vcpu/pv_abi.h"): "the same page",
    ("arch/arm/fastpath_switch.S", "domain/shadow_offsets.h"): "what a switch changes",
    # A board's windows have the kinds that a memory map has; vm_mem.h is a leaf.
    ("board/board.h", "domain/vm_mem.h"): "enum of window kinds",
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def layer_of(path):
    return max((layer for layer in ALLOWED if path.startswith(layer + "/")), key=len, default=None)


def is_allowed(includer, included):
    layer = layer_of(includer)
    if layer_of(included) == layer or (includer, included) in EXCEPTIONS:
        return True
    return any(included == entry or (layer_of(included) == entry) for entry in ALLOWED[layer])


def complaints(includer, text):
    for match in INCLUDE.finditer(text):
        included = match[1]
        line = text.count("\n", 0, match.start()) + 1
        if not (ROOT / included).is_file():
            yield f"{includer}:{line}: {included}: no such file from the root of the tree"
        elif not is_allowed(includer, included):
            yield (f"{includer}:{line}: {layer_of(includer)} must not include {included}; it may "
                   f"include {', '.join(ALLOWED[layer_of(includer)]) or 'nothing but itself'}")


def main():
    files = [path for layer in ALLOWED for path in (ROOT / layer).rglob("*")
             if path.suffix in (".c", ".h", ".S")]
    found = []
    for path in sorted(set(files)):
        name = str(path.relative_to(ROOT))
        found += complaints(name, path.read_text(encoding="utf-8"))
    for complaint in found:
        print(complaint, file=sys.stderr)
    if not files:
        sys.exit("check_layers: found no sources")
    print(f"layers: {len(set(files))} files, {len(found)} wrong includes")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
