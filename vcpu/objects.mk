# SPDX-License-Identifier: Apache-2.0
obj-y += vcpu/cp15.o
obj-y += vcpu/device_page.o
obj-y += vcpu/emulate.o
obj-y += vcpu/fault.o
obj-y += vcpu/guest_mem.o
obj-y += vcpu/hypercall.o
obj-y += vcpu/inject.o
obj-y += vcpu/mem_exec.o
obj-y += vcpu/proxy.o
obj-y += vcpu/proxy_mem.o
obj-y += vcpu/pv.o
obj-y += vcpu/pv_dacr.o
obj-y += vcpu/pv_entry.o
obj-y += vcpu/pv_page.o
obj-y += vcpu/vcpu.o

# A store that unmasks mostly goes by arch/arm/fastpath_irq.S, one to a device by fast_mmio.S.
# What a hypercall costs is its cache and table operations; the switch of address spaces has fastpath_switch.S.
small-y += vcpu/hypercall.o vcpu/mem_exec.o vcpu/pv_page.o
