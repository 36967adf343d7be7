# SPDX-License-Identifier: Apache-2.0
# The bundle, what a boot loader hands over, and vmm/lib.
bundle-sources := vmm/start/bundle.c vmm/lib/crc32.c

host-test-bundle := tests/host/test_bundle.c tests/host/bundle_maker.c $(bundle-sources)
host-test-boot_params := tests/host/test_boot_params.c vmm/start/boot_params.c
host-test-boot_boards := tests/host/test_boot_boards.c board/boot_boards.c
host-test-lib := tests/host/test_lib.c vmm/lib/crc32.c vmm/lib/log.c vmm/lib/printf.c vmm/lib/status.c
host-test-printf := tests/host/test_printf.c
host-fuzz-bundle := tests/host/fuzz_bundle.c tests/host/bundle_maker.c $(bundle-sources)
host-fuzz-boot_params := tests/host/fuzz_boot_params.c vmm/start/boot_params.c

# The description of VMs, once for each board.
CONFIG_SOURCES := vmm/config/vm_config.c vmm/lib/in_steps.c vmm/config/config_vm.c vmm/config/config_window.c vmm/config/config_virtio.c \
	vmm/config/config_tree.c vmm/config/config_remote.c vmm/config/config_serve.c vmm/config/config_station.c vmm/config/vm_models.c vmm/start/bundle.c vmm/lib/crc32.c \
	tests/host/config_maker.c devemu/remote.c \
	$(LIBFDT_SOURCES:%=$(LIBFDT)/%)
CONFIG_BOARD-integratorcp := devemu/icp_cm.c devemu/icp_cpregs.c devemu/icp_ic.c devemu/icp_pic.c \
	devemu/icp_timer.c board/drivers/icp_pic.c board/integratorcp/board.c
CONFIG_BOARD-versatilepb := devemu/pl190.c devemu/sp805.c devemu/sp810.c devemu/vpb_sic.c \
	devemu/vpb_sysregs.c board/drivers/pl190.c board/versatilepb/board.c
CONFIG_MODELS := devemu/device.c devemu/pl031.c devemu/arm_timer_core.c devemu/hako_power.c devemu/inert.c \
	devemu/pl011.c devemu/sp804.c board/drivers/pl011.c board/drivers/arm_timer.c
$(foreach board,integratorcp versatilepb,$(foreach test,vm_config vm_config_mistakes vm_config_remote, \
	$(eval host-test-$(test)_$(board) := tests/host/test_$(test).c tests/host/vm_config_fixture.c \
	vmm/config/vm_config_common.c $(CONFIG_SOURCES) $(CONFIG_MODELS) $(CONFIG_BOARD-$(board)))))
host-fuzz-vm_config := tests/host/fuzz_vm_config.c $(CONFIG_SOURCES) $(CONFIG_MODELS) \
	$(CONFIG_BOARD-integratorcp)

# Another description for a board that runs.
host-test-reload_plan := tests/host/test_reload_plan.c vmm/reload_plan.c vmm/console/receive.c \
	vmm/lib/printf.c $(CONFIG_SOURCES) $(CONFIG_MODELS) $(CONFIG_BOARD-integratorcp)
host-test-receive := tests/host/test_receive.c vmm/console/receive.c vmm/lib/first_fit.c vmm/lib/crc32.c
host-fuzz-receive := tests/host/fuzz_receive.c vmm/console/receive.c
