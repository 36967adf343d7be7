# SPDX-License-Identifier: Apache-2.0
# Host tests of disks on the board's own devices.
# The driver's source is included: its accessors are the model's.
host-test-pl181 := tests/host/test_pl181.c
