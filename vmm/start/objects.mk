# SPDX-License-Identifier: Apache-2.0
obj-y += vmm/start/loader.o
obj-y += vmm/start/loader_read.o

# Small rather than fast: Thumb (vmm/objects.mk).
cold-y += vmm/start/boot_early.o vmm/start/boot_params.o vmm/start/bundle.o vmm/start/loader_read.o

# Small ARM code (vmm/objects.mk).
small-y += vmm/start/loader.o
