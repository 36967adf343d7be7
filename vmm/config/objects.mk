# SPDX-License-Identifier: Apache-2.0
obj-y += vmm/config/vm_config_common.o
one-y += vmm/config/vm_config_one.o
vms-y += vmm/config/config_tree.o
vms-y += vmm/config/config_virtio.o
vms-y += vmm/config/config_vm.o
vms-y += vmm/config/config_window.o
vms-y += vmm/config/vm_config.o
vms-y += vmm/config/vm_config_read.o
vms-y += vmm/config/vm_models.o
remote-y += vmm/config/config_station.o
remote-y += vmm/config/config_remote.o
remote-y += vmm/config/config_serve.o

cold-y += vmm/config/config_remote.o vmm/config/config_serve.o vmm/config/config_station.o
cold-y += vmm/config/config_tree.o vmm/config/config_virtio.o vmm/config/config_vm.o
cold-y += vmm/config/config_window.o vmm/config/vm_config.o vmm/config/vm_config_common.o
cold-y += vmm/config/vm_config_one.o vmm/config/vm_config_read.o
