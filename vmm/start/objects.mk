# SPDX-License-Identifier: Apache-2.0
obj-y += vmm/start/loader.o
obj-y += vmm/start/loader_read.o
one-y += vmm/start/boot_told_none.o
vms-y += vmm/start/boot_told.o

cold-y += vmm/start/boot_early.o vmm/start/boot_params.o vmm/start/bundle.o vmm/start/loader_read.o
cold-y += vmm/start/boot_told.o vmm/start/boot_told_none.o

small-y += vmm/start/loader.o
