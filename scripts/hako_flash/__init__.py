# SPDX-License-Identifier: Apache-2.0
"""Puts images onto boards over their serial console: docs/flashing.md."""
