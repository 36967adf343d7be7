# SPDX-License-Identifier: Apache-2.0
# Host tests: one program each, built natively with sanitizers from the real sources.
# host-test-NAME := sources. A file tests/host/NAME.mk may add tests of its own.

# Checksums, walks over a tree and a fixture that fills memory compare at every byte or word, and what libFuzzer
# notes of each comparison was most of the time. What it notes of branches stays.
FUZZ_BRANCHES_ONLY := -fno-sanitize=fuzzer-no-link -fsanitize-coverage=inline-8bit-counters,pc-table
$(foreach source,vmm/lib/crc32 tests/host/net_fixture $(LIBFDT_SOURCES:%.c=$(LIBFDT)/%), \
	$(eval FUZZ_CFLAGS-$(source) := $(FUZZ_BRANCHES_ONLY)))
