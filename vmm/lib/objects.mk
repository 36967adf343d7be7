# SPDX-License-Identifier: Apache-2.0
obj-y += vmm/lib/crc32.o
obj-y += vmm/lib/log.o
obj-y += vmm/lib/printf.o
obj-y += vmm/lib/status.o
obj-y += vmm/lib/string.o

# Also used by vmm/start/boot_early.c, before the image is where it was linked for.
CFLAGS-vmm/lib/crc32 := -fpie -fvisibility=hidden
CFLAGS-vmm/lib/printf := -fpie -fvisibility=hidden
CFLAGS-vmm/lib/string := -fpie -fvisibility=hidden
obj-y += vmm/lib/heap.o

# Messages: small rather than fast.
cold-y += vmm/lib/heap.o vmm/lib/log.o
# Thumb code has no multiplication with a result of 64 bits, by which one divides by ten.
small-y += vmm/lib/printf.o

# Several VMs.
vms-y += vmm/lib/first_fit.o
vms-y += vmm/lib/in_steps.o
vms-y += vmm/lib/sha256.o
cold-y += vmm/lib/first_fit.o vmm/lib/in_steps.o
