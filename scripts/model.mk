# SPDX-License-Identifier: Apache-2.0
# The model of the ARM926's caches, write buffer and TLB: docs/arm926-model.md. Included by the top
# Makefile.

MODEL_KERNEL := linux-6.12

.PHONY: model-programs model-check test-model
# All that scripts/model runs: under the VMM and, of the same build, natively.
model-programs: guest-tests $(foreach board,$(BOARDS), \
	build/$(board)/$(MODEL_KERNEL)/zImage-hako build/$(board)/$(MODEL_KERNEL)/zImage-hako-stress)

model-check: model-programs ## would the caches of a real ARM926 show anything stale? both boards
	@scripts/model --check --kernel $(MODEL_KERNEL)

test-model: model-programs ## the same in short: one board, boot and reboot, some test guests
	@scripts/model --check-short --kernel $(MODEL_KERNEL)
