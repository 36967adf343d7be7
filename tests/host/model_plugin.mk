# SPDX-License-Identifier: Apache-2.0
# The parts of the ARM926 model's plugin that need no QEMU.
host-test-model_plugin := tests/host/test_model_plugin.c \
	$(addprefix tests/arm926-model/,findings.c plugin_insn.c plugin_options.c profiles.c symbols.c)
