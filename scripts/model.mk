# SPDX-License-Identifier: Apache-2.0
# The model of the ARM926's caches, write buffer and TLB: docs/arm926-model.md. Included by the top
# Makefile.

MODEL_KERNEL := linux-6.12

.PHONY: model-programs model-check model-mutants test-model
# All that scripts/model runs: under the VMM, with paravirtual code and without, and, of the same
# build, natively.
model-programs: guest-tests $(BOARDS:%=build/%/vmm.bin) $(BOARDS:%=build/%-vms/vmm.bin) \
	build/guest/$(MODEL_KERNEL)/vmlinux.hako \
	build/guest/$(MODEL_KERNEL)-proxies/vmlinux.hako $(INITRD) $(INITRD_STRESS)

model-check: model-programs ## would the caches of a real ARM926 show anything stale? both boards
	@scripts/model --check --kernel $(MODEL_KERNEL)

test-model: model-programs ## does the model see, and the same in short: one board, some runs
	@$(PYTHON) -m pytest -q -n $(shell nproc) tests/model
	@scripts/model --check-short --kernel $(MODEL_KERNEL)

model-mutants: model-programs ## does it notice when the VMM lacks a cache or TLB operation?
	@scripts/model_mutants
