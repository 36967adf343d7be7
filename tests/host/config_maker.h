/* SPDX-License-Identifier: Apache-2.0 */
/* A description of VMs to start from, for tests: correct, and to be changed. */
#ifndef TESTS_HOST_CONFIG_MAKER_H
#define TESTS_HOST_CONFIG_MAKER_H

#include "vmm/config/vm_config.h"

#define CONFIG_TREE_MAX BUNDLE_CONFIG_MAX

extern const char config_source[];

void config_bundle(struct bundle *bundle);
size_t config_compile(const char *source, void *tree);
size_t config_compile_changed(const char *old, const char *new, void *tree);

#endif
