# SPDX-License-Identifier: Apache-2.0
"""How deep the stacks of an image of the VMM can get: scripts/stack_depth."""
