# SPDX-License-Identifier: Apache-2.0
"""What scripts/bench is made of. docs/benchmarks.md explains the method."""
