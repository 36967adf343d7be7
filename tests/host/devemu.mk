# SPDX-License-Identifier: Apache-2.0
# Host tests of the device models and the boards' descriptions.
DEVICE_FIXTURE := tests/host/device_fixture.c devemu/device.c devemu/mmio.c
ICP_MODELS := devemu/icp_cm.c devemu/icp_cpregs.c devemu/icp_ic.c devemu/icp_pic.c devemu/icp_timer.c
VPB_MODELS := devemu/pl190.c devemu/sp804.c devemu/sp805.c devemu/sp810.c devemu/vpb_sic.c \
	devemu/vpb_sysregs.c
AST_MODELS := devemu/ast2400_scu.c devemu/ast2400_timer.c devemu/ast2400_vic.c devemu/ast2400_wdt.c devemu/ns16550.c
COMMON_MODELS := devemu/arm_timer_core.c devemu/hako_power.c devemu/inert.c devemu/pl011.c \
	devemu/pl031.c
COMMON_DRIVERS := board/drivers/pl011.c board/drivers/arm_timer.c

host-test-mmio := tests/host/test_mmio.c $(DEVICE_FIXTURE)
host-test-timer_rate := tests/host/test_timer_rate.c $(DEVICE_FIXTURE)
host-test-arm_timer := tests/host/test_arm_timer.c $(DEVICE_FIXTURE) devemu/arm_timer_core.c \
	devemu/icp_timer.c devemu/sp804.c
host-test-pl011 := tests/host/test_pl011.c $(DEVICE_FIXTURE) devemu/pl011.c
host-test-ns16550 := tests/host/test_ns16550.c $(DEVICE_FIXTURE) devemu/ns16550.c
host-test-ast2400 := tests/host/test_ast2400.c $(DEVICE_FIXTURE) $(AST_MODELS)
host-test-pl031 := tests/host/test_pl031.c $(DEVICE_FIXTURE) devemu/pl031.c
host-test-icp_pic := tests/host/test_icp_pic.c $(DEVICE_FIXTURE) devemu/icp_pic.c devemu/icp_ic.c
host-test-pl190 := tests/host/test_pl190.c $(DEVICE_FIXTURE) devemu/pl190.c devemu/vpb_sic.c
host-test-system_regs := tests/host/test_system_regs.c $(DEVICE_FIXTURE) devemu/icp_cm.c \
	devemu/icp_cpregs.c devemu/icp_ic.c devemu/vpb_sysregs.c devemu/sp805.c devemu/sp810.c \
	devemu/inert.c devemu/hako_power.c
host-test-devemu_fuzz := tests/host/test_devemu_fuzz.c $(DEVICE_FIXTURE) $(COMMON_MODELS) \
	$(ICP_MODELS) $(VPB_MODELS) $(AST_MODELS)
host-test-board_integratorcp := tests/host/test_board.c $(DEVICE_FIXTURE) $(COMMON_MODELS) \
	$(ICP_MODELS) devemu/ast2400_vic.c $(COMMON_DRIVERS) board/drivers/icp_pic.c board/integratorcp/board.c \
	domain/vm_mem.c
host-test-board_palmetto := tests/host/test_board.c $(DEVICE_FIXTURE) $(COMMON_MODELS) \
	$(AST_MODELS) board/drivers/ns16550.c board/drivers/ast2400_timer.c board/drivers/ast2400_vic.c \
	board/palmetto/board.c domain/vm_mem.c
host-test-board_versatilepb := tests/host/test_board.c $(DEVICE_FIXTURE) $(COMMON_MODELS) \
	$(VPB_MODELS) devemu/ast2400_vic.c $(COMMON_DRIVERS) board/drivers/pl190.c board/versatilepb/board.c \
	domain/vm_mem.c
