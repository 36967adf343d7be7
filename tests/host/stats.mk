# SPDX-License-Identifier: Apache-2.0
# The console's keys, and the statistics behind them.
host-test-console_keys := tests/host/test_console_keys.c vmm/console/console_one.c vmm/console/console_key.c \
	vmm/console/uart.c vmm/stats_none.c vmm/lib/log.c vmm/lib/printf.c devemu/pl011.c devemu/device.c
host-test-stats := tests/host/test_stats.c vmm/stats.c vmm/stats_report.c vmm/lib/log.c \
	vmm/lib/printf.c
