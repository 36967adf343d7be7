# SPDX-License-Identifier: Apache-2.0
# lwIP and the SHA-256 of mbedTLS, from Debian's source packages, which are never edited: the image
# with a network stack has them. Included by the top Makefile.
#
#   build/src/deb/lwip, build/src/deb/mbedtls   the unpacked sources (scripts/fetch_source)
#   build/BOARD/lwip/*.o, build/BOARD/mbedtls/*.o

SOURCE_PACKAGES := build/src/deb
LWIP := $(SOURCE_PACKAGES)/lwip/src
MBEDTLS := $(SOURCE_PACKAGES)/mbedtls
LWIP_SOURCES := core/def core/inet_chksum core/init core/ip core/ipv4/etharp core/ipv4/icmp core/ipv4/ip4 \
	core/ipv4/ip4_addr core/mem core/memp core/netif core/pbuf core/stats core/udp netif/ethernet
MBEDTLS_SOURCES := sha256 platform_util
remote-y += $(LWIP_SOURCES:%=lwip/%.o) $(MBEDTLS_SOURCES:%=mbedtls/%.o)

# Their own configuration headers are ours (and what they are built from: no -isystem). Other people's code: no
# warnings.
LWIP_INCLUDES := -Inet/stack -isystem $(LWIP)/include
MBEDTLS_INCLUDES := -DMBEDTLS_CONFIG_FILE='"net/mbedtls/mbedtls_config.h"' -isystem $(MBEDTLS)/include
# On the board there is no C library.
LIBC_INCLUDES := -isystem net/stack/libc
FOREIGN_CFLAGS = $(filter-out $(WARNINGS),$(CFLAGS)) -w $(LIBC_INCLUDES)

# The lists of packages are fetched with the first of them.
$(SOURCE_PACKAGES)/%.fetched: scripts/fetch_source
	@scripts/step "fetch source package $*" -- scripts/fetch_source $(SOURCE_PACKAGES) $*
	@touch $@

$(LWIP_SOURCES:%=$(LWIP)/%.c): $(SOURCE_PACKAGES)/lwip.fetched ;
$(MBEDTLS_SOURCES:%=$(MBEDTLS)/library/%.c): $(SOURCE_PACKAGES)/mbedtls.fetched ;

# Who includes <lwip/...>, and who <mbedtls/...>: $(1) files, $(2) package, $(3) options.
define FOREIGN_USERS
$(foreach user,$(1),
CFLAGS-$(user) += $(3) $$(LIBC_INCLUDES)
HOST_CFLAGS-$(user) += $(3)
$(foreach board,$(BOARDS) $(PORTS),build/$(board)/$(user).o) build/host/test/$(user).o build/host/fuzz/$(user).o: | \
	$(SOURCE_PACKAGES)/$(2).fetched
)
endef
LWIP_USERS := net/stack/stack net/stack/udp
MBEDTLS_USERS := net/remote/keys net/mbedtls/sha256_block
$(eval $(call FOREIGN_USERS,$(LWIP_USERS),lwip,$(LWIP_INCLUDES)))
$(eval $(call FOREIGN_USERS,$(MBEDTLS_USERS),mbedtls,$(MBEDTLS_INCLUDES)))

# For host tests: $(LWIP_HOST) and $(MBEDTLS_HOST) are their sources.
LWIP_HOST := $(LWIP_SOURCES:%=$(LWIP)/%.c)
MBEDTLS_HOST := $(MBEDTLS_SOURCES:%=$(MBEDTLS)/library/%.c)
$(foreach source,$(LWIP_HOST:.c=),$(eval HOST_CFLAGS-$(source) := -w $(LWIP_INCLUDES)))
$(foreach source,$(MBEDTLS_HOST:.c=),$(eval HOST_CFLAGS-$(source) := -w $(MBEDTLS_INCLUDES)))

# $(1) board
define NETSTACK_RULES
build/$(1)/lwip/%.o: $(LWIP)/%.c
	@mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc $$(FOREIGN_CFLAGS) -Os $(LWIP_INCLUDES) -MMD -MP -c -o $$@ $$<

build/$(1)/mbedtls/%.o: $(MBEDTLS)/library/%.c
	@mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc $$(FOREIGN_CFLAGS) $(MBEDTLS_INCLUDES) -MMD -MP -c -o $$@ $$<
endef
$(foreach board,$(BOARDS) $(PORTS),$(eval $(call NETSTACK_RULES,$(board))))
