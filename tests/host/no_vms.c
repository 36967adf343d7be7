/* SPDX-License-Identifier: Apache-2.0 */
/* The VMs that the monitor knows, where a test needs none. */
#include <stdlib.h>

#include "vmm/reload.h"
#include "vmm/vms.h"

unsigned vms_count(void)
{
	return 0;
}

struct vm *vms_get(unsigned n)
{
	abort(); /* there is none */
}

uint64_t vms_now(void)
{
	return 0;
}

const char *vms_name(const struct vm *vm)
{
	return "";
}

enum vms_state vms_state(const struct vm *vm)
{
	return VMS_STATE_STOPPED;
}

enum status vms_ask(struct vm *vm, enum vms_request what)
{
	return STATUS_NOT_FOUND;
}

void vms_get_info(const struct vm *vm, struct vms_info *info)
{
}

bool vms_read_words(const struct vm *vm, gpa_t from, uint32_t *words, unsigned count)
{
	return false;
}

const char *reload_begin(uint32_t size, uint8_t **bytes)
{
	return "not in this test";
}

void reload_abandon(void)
{
}

void reload_carry_out(void)
{
}
