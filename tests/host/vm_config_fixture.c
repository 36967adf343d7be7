/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/vm_config_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

struct bundle bundle;
struct system_config config;
struct config_error error;
uint8_t tree[CONFIG_TREE_MAX] __attribute__((aligned(8)));

int config_set_up(void **state)
{
	config_bundle(&bundle);
	return 0;
}

/** The row of the board's table of windows with this name. */
unsigned config_row(const char *name)
{
	for (unsigned i = 0; i < board.window_count; i++)
		if (strcmp(board.windows[i].name, name) == 0)
			return i;
	fail_msg("no row %s", name);
	return 0;
}

/** Whether the description in `tree`, of @p size bytes, is a correct one; config has it, or error says why not. */
bool config_reads(size_t size)
{
	return config_parse(tree, size, &bundle, &config, &error);
}

/** Reads the correct one. */
void config_read_correct(void)
{
	if (!config_reads(config_compile(config_source, tree)))
		fail_msg("%s: %s: %s", error.node, error.property, error.text);
}

/** Each of these changes is refused, with the place where it is and the reason. */
void config_refuses_each(const struct mistake *mistakes, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct mistake *const m = &mistakes[i];

		if (m->board && strcmp(m->board, board.name) != 0)
			continue;
		if (config_reads(config_compile_changed(m->old, m->new, tree)))
			fail_msg("'%s' for '%s' is accepted", m->new, m->old);
		if (strcmp(m->node, error.node) != 0 || strcmp(m->property, error.property) != 0 ||
		    !strstr(error.text, m->text))
			fail_msg("'%s' for '%s': %s: %s: %s", m->new, m->old, error.node,
				 error.property, error.text);
	}
}

/* The loader's, which needs the board. */
void loader_vm_name(const struct bundle *of, const struct boot_info *info, uint32_t vm,
		    char name[BUNDLE_NAME_SIZE]);

void loader_vm_name(const struct bundle *of, const struct boot_info *info, uint32_t vm,
		    char name[BUNDLE_NAME_SIZE])
{
	memcpy(name, "alone", 6);
}
