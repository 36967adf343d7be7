# SPDX-License-Identifier: Apache-2.0
"""How long the board's interrupts wait for the VMM, and how late a real-time guest is."""
