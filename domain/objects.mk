# SPDX-License-Identifier: Apache-2.0
obj-y += domain/guest_walk.o
obj-y += domain/shadow.o
obj-y += domain/shadow_announce.o
obj-y += domain/shadow_fill.o
obj-y += domain/shadow_read.o
obj-y += domain/shadow_recycle.o
obj-y += domain/shadow_space.o
obj-y += domain/shadow_table.o
obj-y += domain/shadow_vectors.o
obj-y += domain/shadow_view.o
obj-y += domain/vm_mem.o

# Only windows of other boards are tracked memory.
remote-y += domain/shadow_track.o

# A switch mostly goes by arch/arm/fastpath_switch.S.
small-y += domain/shadow_space.o domain/shadow_track.o domain/shadow_vectors.o
# It takes long in any case.
cold-y += domain/shadow_recycle.o
