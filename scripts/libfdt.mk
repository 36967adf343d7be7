# SPDX-License-Identifier: Apache-2.0
# libfdt, which reads the description of the VMs: its sources are those of the kernel's own device
# tree compiler, taken out of the source archive that the guest is built from. Included by the top
# Makefile.

LIBFDT := build/src/libfdt
LIBFDT_SOURCES := fdt.c fdt_ro.c
LIBFDT_HEADERS := fdt.h libfdt.h libfdt_internal.h
# Its own libfdt_env.h needs a C library; ours is in vmm/libfdt. Other people's code: no warnings.
LIBFDT_INCLUDES := -isystem vmm/libfdt -isystem $(LIBFDT)
LIBFDT_CFLAGS = $(filter-out $(WARNINGS),$(CFLAGS)) -w -Os $(LIBFDT_INCLUDES)

$(LIBFDT).unpacked: build/src/linux-6.12.archive
	@rm -rf $(LIBFDT)
	@mkdir -p $(LIBFDT)
	@tar -C $(LIBFDT) --strip-components=4 -xf $(call SOURCE_ARCHIVE,6.12) \
		$(LIBFDT_SOURCES:%=linux-source-6.12/scripts/dtc/libfdt/%) \
		$(LIBFDT_HEADERS:%=linux-source-6.12/scripts/dtc/libfdt/%)
	@touch $@

$(addprefix $(LIBFDT)/,$(LIBFDT_SOURCES)): $(LIBFDT).unpacked ;

# Who includes <libfdt.h>.
LIBFDT_USERS := vmm/config/vm_config vmm/config/config_tree
$(foreach user,$(LIBFDT_USERS),$(eval CFLAGS-$(user) += $(LIBFDT_INCLUDES)) \
	$(eval HOST_CFLAGS-$(user) += $(LIBFDT_INCLUDES)))
$(foreach user,$(LIBFDT_USERS),$(foreach board,$(BOARDS) $(PORTS),build/$(board)/$(user).o) \
	build/host/test/$(user).o build/host/fuzz/$(user).o): | $(LIBFDT).unpacked

$(foreach source,$(LIBFDT_SOURCES:.c=), \
	$(eval HOST_CFLAGS-$(LIBFDT)/$(source) := -O2 -w $(LIBFDT_INCLUDES)))

# $(1) board
define LIBFDT_RULES
build/$(1)/libfdt/%.o: $(LIBFDT)/%.c
	@mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc $$(LIBFDT_CFLAGS) -MMD -MP -c -o $$@ $$<
endef
$(foreach board,$(BOARDS) $(PORTS),$(eval $(call LIBFDT_RULES,$(board))))
