# SPDX-License-Identifier: Apache-2.0
# Host tests: one program each, built natively with sanitizers from the real sources.
# host-test-NAME := sources. A file tests/host/NAME.mk may add tests of its own.
