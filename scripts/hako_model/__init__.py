# SPDX-License-Identifier: Apache-2.0
"""Runs QEMU with the model of the ARM926's memory system: docs/arm926-model.md."""
