# SPDX-License-Identifier: Apache-2.0
"""scripts/bundle: VMM, guest, device tree and initrd into one file, zImage-hako.

cli       command line, files, messages
guest     a rewritten guest: its pieces, entry and proxy table
devtree   what a VM's device tree says that the board's does not
fdt       flattened device trees: read, change, write
boards    what differs between boards
layout    what goes where in the guest's memory
image     the format of zImage-hako (docs/bundle.md); reads and writes it
errors    the one exception
"""
