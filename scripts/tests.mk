# SPDX-License-Identifier: Apache-2.0
# Tests: see CONTRIBUTING.md. Included by the top Makefile.

# The kernels the scenarios run. A build takes minutes, so of two versions and two settings of
# software PAN there are two: the default kernel without PAN, the other one - or, where Debian has
# just one, the same - with it. And the default one with proxies only. More: TEST_KERNELS="...".
TEST_VERSIONS := $(foreach version,$(GUEST_VERSIONS), \
	$(if $(wildcard $(call SOURCE_ARCHIVE,$(version))),linux-$(version)))
TEST_KERNELS ?= $(GUEST) $(firstword $(filter-out $(GUEST),$(TEST_VERSIONS)) $(GUEST))-pan \
	$(GUEST)-proxies

# Tests at a time: a QEMU that waits for its guest's time leaves a core to another one.
TEST_JOBS ?= $(shell echo $$(($$(nproc) * 3 / 2)))

# ---- host tests ----------------------------------------------------------------------------------
#
# tests/host/*.mk has lines `host-test-NAME := SOURCES` and `host-fuzz-NAME := SOURCES`; each is a
# program. HOST_CFLAGS-PATH adds options for one source, FUZZ_CFLAGS-PATH to that for fuzzing. All run with
# the sanitizers.

include $(wildcard tests/host/*.mk tests/remote/*.mk)
HOST_TESTS := $(sort $(patsubst host-test-%,%,$(filter host-test-%,$(.VARIABLES))))
HOST_FUZZERS := $(sort $(patsubst host-fuzz-%,%,$(filter-out host-fuzz-slow-%, \
	$(filter host-fuzz-%,$(.VARIABLES)))))
# Runs of each fuzz target: bounded by count, not by time, so that every machine does the same. A run
# of one with a line `host-fuzz-slow-NAME := N` takes N times as long as others: it gets fewer.
FUZZ_RUNS ?= 300000
fuzz_runs = $(shell echo $$(($(FUZZ_RUNS) / $(or $(host-fuzz-slow-$(1)),1))))
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
HOST_CFLAGS := -std=gnu11 -g -O1 -fno-omit-frame-pointer -I. -DHOST_TEST $(WARNINGS) \
	-Wno-sign-conversion

build/host/test/%.o: %.c
	@mkdir -p $(@D)
	$(Q)gcc $(HOST_CFLAGS) $(HOST_CFLAGS-$*) $(SANITIZE) -MMD -MP -c -o $@ $<

build/host/fuzz/%.o: %.c
	@mkdir -p $(@D)
	$(Q)clang $(HOST_CFLAGS) $(HOST_CFLAGS-$*) $(SANITIZE) -fsanitize=fuzzer-no-link $(FUZZ_CFLAGS-$*) \
		-MMD -MP -c -o $@ $<

# $(1) test or fuzz, $(2) name, $(3) sources, $(4) link command
define HOST_PROGRAM_RULES
build/host/$(1)-$(2): $(addprefix build/host/$(1)/,$(3:.c=.o))
	$$(Q)$(4) -o $$@ $$^ $(LIBS-host-$(1)-$(2))
-include $(addprefix build/host/$(1)/,$(3:.c=.d))
endef
LINK_TEST := gcc $(SANITIZE)
LINK_FUZZ := clang $(SANITIZE) -fsanitize=fuzzer
$(foreach name,$(HOST_TESTS),$(eval LIBS-host-test-$(name) += -lcmocka -lcapstone) \
	$(eval $(call HOST_PROGRAM_RULES,test,$(name),$(host-test-$(name)),$(LINK_TEST))))
$(foreach name,$(HOST_FUZZERS), \
	$(eval $(call HOST_PROGRAM_RULES,fuzz,$(name),$(host-fuzz-$(name)),$(LINK_FUZZ))))

HOST_PROGRAMS := $(HOST_TESTS:%=build/host/test-%) $(HOST_FUZZERS:%=build/host/fuzz-%)

# ---- bare-metal test guests ----------------------------------------------------------------------

-include tests/guest/guest.mk

# ---- Linux scenarios -----------------------------------------------------------------------------

TEST_BUNDLES := $(foreach board,$(BOARDS),$(foreach kernel,$(TEST_KERNELS), \
	build/$(board)/$(kernel)/zImage-hako build/$(board)/$(kernel)/zImage-hako-stress)) \
	$(foreach board,$(BOARDS),build/$(board)-stats/$(firstword $(TEST_KERNELS))/zImage-hako \
	build/$(board)-vms/$(firstword $(TEST_KERNELS))/zImage-hako)

# Several VMs: the kernel makes no difference. What VMS=NAME makes has its rule already.
# $(1) board, $(2) source
test_bundle_vms = build/$(1)-$(call vms_image,$(2))/$(firstword $(TEST_KERNELS))/$(basename $(notdir \
	$(2)))/zImage-hako
# One whose name ends in that of a board is for no other.
vms_sources_of = $(filter-out $(foreach other,$(filter-out $(1),$(BOARDS)),%-$(other).dts),$(VMS_SOURCES))
TEST_BUNDLES_VMS := $(foreach board,$(BOARDS),$(foreach source,$(call vms_sources_of,$(board)),$(call \
	test_bundle_vms,$(board),$(source))))
$(foreach board,$(BOARDS),$(foreach source,$(call vms_sources_of,$(board)),$(if $(filter $(BUNDLE),$(call \
	test_bundle_vms,$(board),$(source))),,$(eval $(call vms_rule,$(board),$(firstword \
	$(TEST_KERNELS)),$(source),build/$(board)-$(call vms_image,$(source))/vmm.bin)))))

# ---- what a person asks for ----------------------------------------------------------------------

.PHONY: test test-host test-guest test-linux lint layers headers format format-check test-programs
test: ## all tests below
	+@scripts/run_tests lint test-host test-remote-short test-guest test-linux test-model

# Some tests in Python look into the VMM.
HOST_INPUTS := $(HOST_PROGRAMS) $(foreach board,$(BOARDS),$(foreach kind,-stats -vms -remote, \
	build/$(board)$(kind)/vmm.elf) build/$(board)/vmm.elf)

test-programs: $(HOST_INPUTS) guest-tests $(TEST_BUNDLES) $(TEST_BUNDLES_VMS)

test-host: $(HOST_INPUTS) ## tests that need no board, with sanitizers; fuzz targets, bounded
	@scripts/run_host_tests $(HOST_TESTS:%=build/host/test-%) \
		$(foreach name,$(HOST_FUZZERS),build/host/fuzz-$(name)=$(call fuzz_runs,$(name)))
	@$(PYTHON) -m pytest -q -n $(TEST_JOBS) tests/host

test-guest: guest-tests ## bare-metal guests on the bare boards and under the VMM: same output?
	@$(PYTHON) -m pytest -q -n $(TEST_JOBS) tests/guest

test-linux: $(TEST_BUNDLES) $(TEST_BUNDLES_VMS) ## Linux scenarios on both boards and all kernels
	@HAKO_KERNELS="$(TEST_KERNELS)" $(PYTHON) -m pytest -q -n $(TEST_JOBS) --durations=25 tests/qemu

lint: layers headers format-check ## include directions, stand-alone headers, layout

layers:
	@scripts/check_layers.py

headers:
	@scripts/check_headers.sh

CLANG_FORMAT_FILES = $(wildcard $(shell git ls-files -co --exclude-standard '*.c' '*.h'))
format: ## lay the C files out with clang-format
	clang-format -i $(CLANG_FORMAT_FILES)

# Releases of clang-format differ in small ways: that of Debian 12 decides.
format-check: ## is every C file laid out that way?
	@if clang-format --version | grep -q 'version 14\.'; then \
		clang-format --dry-run -Werror $(CLANG_FORMAT_FILES) || \
			{ echo 'make format lays these files out' >&2; exit 1; }; \
	else \
		echo 'format-check: left out, it needs clang-format 14 (Debian 12)'; \
	fi
