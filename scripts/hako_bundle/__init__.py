# SPDX-License-Identifier: Apache-2.0
"""scripts/bundle: VMM, guests, device trees and initrds into one file, zImage-hako.

cli          command line, messages
files        reading and writing files
make         one VM's parts
vms          several VMs, by their description
reload       scripts/reload: a description for a board that runs
description  the description of VMs: read and checked
board_table  what a board has to give to VMs
guest        a rewritten guest: its pieces, entry and proxy table
devtree      what a VM's device tree says that the board's does not
fdt          flattened device trees: read, change, write
boards       what differs between boards
layout       what goes where in the guest's memory
image        the format of zImage-hako (docs/bundle.md); reads and writes it
errors       the one exception
"""
