# SPDX-License-Identifier: Apache-2.0
"""What scripts/trace is made of; docs/statistics.md explains what it shows."""
