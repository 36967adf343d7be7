/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/insn_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const reg_names[16] = { "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7",
					   "r8", "sb", "sl", "fp", "ip", "sp", "lr", "pc" };

struct text {
	char *at;
	char *end;
};

static void __attribute__((format(printf, 2, 3))) add(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at, (size_t)(t->end - t->at), format, args);
	va_end(args);
	if (n > 0)
		t->at += n < t->end - t->at ? n : t->end - t->at - 1;
}

/* "#-4", "r2, lsl #3", "-r2, rrx" */
static void add_offset(struct text *t, const struct mem_insn *insn)
{
	static const char *const shifts[] = { "lsl", "lsr", "asr", "ror" };
	unsigned amount = insn->shift_amount;

	if (!insn->register_offset) {
		add(t, "#%s%u", insn->subtract ? "-" : "", insn->offset);
		return;
	}
	add(t, "%s%s", insn->subtract ? "-" : "", reg_names[insn->rm]);
	if (insn->shift_type == 0 && amount == 0)
		return;
	if (insn->shift_type == 3 && amount == 0) {
		add(t, ", rrx");
		return;
	}
	add(t, ", %s #%u", shifts[insn->shift_type], amount ? amount : 32);
}

static void add_address(struct text *t, const struct mem_insn *insn)
{
	const bool offset = insn->register_offset || insn->offset || insn->subtract;

	add(t, "[%s", reg_names[insn->rn]);
	if (!insn->pre_index) {
		add(t, "], ");
		add_offset(t, insn);
		return;
	}
	if (offset || insn->writeback) {
		add(t, ", ");
		add_offset(t, insn);
	}
	add(t, "]%s", insn->writeback ? "!" : "");
}

static void add_list(struct text *t, uint32_t list, char vfp)
{
	const char *separator = "";

	add(t, "{");
	for (unsigned i = 0; i < 32; i++) {
		if (!(list >> i & 1))
			continue;
		if (vfp)
			add(t, "%s%c%u", separator, vfp, i);
		else
			add(t, "%s%s", separator, reg_names[i]);
		separator = ", ";
	}
	add(t, "}");
}

static void single(struct text *t, const struct mem_insn *insn)
{
	static const char *const sizes[] = { "", "b", "h", "", "" };

	add(t, "%s%s%s%s %s, ", insn->is_load ? "ldr" : "str", insn->sign_extend ? "s" : "",
	    sizes[insn->size], insn->user_access ? "t" : "", reg_names[insn->rt]);
	add_address(t, insn);
}

static void multiple(struct text *t, const struct mem_insn *insn)
{
	static const char *const modes[2][2] = { { "", "ib" }, { "da", "db" } };
	const bool user = insn->user_bank || insn->restore_spsr;

	add(t, "%s%s %s%s, ", insn->is_load ? "ldm" : "stm", modes[insn->subtract][insn->pre_index],
	    reg_names[insn->rn], insn->writeback ? "!" : "");
	add_list(t, insn->list, 0);
	if (user)
		add(t, " ^");
}

static void vfp(struct text *t, const struct mem_insn *insn)
{
	const bool is_double = insn->coproc == 11;
	const char name = is_double ? 'd' : 's';
	const unsigned first = is_double ? insn->rt / 2 : insn->rt;
	const unsigned count = is_double ? insn->words / 2u : insn->words;
	const uint32_t list = UINT32_MAX >> (32 - count) << first;
	const bool x_form = is_double && insn->offset != insn->words * 4;

	if (insn->pre_index && !insn->writeback) {
		add(t, "%s %c%u, ", insn->is_load ? "vldr" : "vstr", name, first);
		add_address(t, insn);
	} else {
		add(t, "%s%s%s %s%s, ",
		    x_form ? (insn->is_load ? "fldm" : "fstm") : (insn->is_load ? "vldm" : "vstm"),
		    insn->subtract ? "db" : "ia", x_form ? "x" : "", reg_names[insn->rn],
		    insn->writeback ? "!" : "");
		add_list(t, list, name);
	}
}

void insn_text(const struct mem_insn *insn, char *text, size_t size)
{
	struct text t = { text, text + size };

	switch (insn->shape) {
	case MEM_SINGLE:
		single(&t, insn);
		break;
	case MEM_DOUBLE:
		add(&t, "%s %s, %s, ", insn->is_load ? "ldrd" : "strd", reg_names[insn->rt],
		    reg_names[insn->rt + 1]);
		add_address(&t, insn);
		break;
	case MEM_MULTIPLE:
		multiple(&t, insn);
		break;
	case MEM_SWAP:
		add(&t, "swp%s %s, %s, [%s]", insn->size == 1 ? "b" : "", reg_names[insn->rt],
		    reg_names[insn->rm], reg_names[insn->rn]);
		break;
	case MEM_COPROC:
		vfp(&t, insn);
		break;
	}
}

const char *insn_difference(const struct mem_insn *a, const struct mem_insn *b)
{
#define COMPARE(field)                    \
	do {                              \
		if (a->field != b->field) \
			return #field;    \
	} while (0)
	COMPARE(shape);
	COMPARE(rt);
	COMPARE(rn);
	COMPARE(rm);
	COMPARE(size);
	COMPARE(shift_type);
	COMPARE(shift_amount);
	COMPARE(coproc);
	COMPARE(words);
	COMPARE(list);
	COMPARE(offset);
	COMPARE(is_load);
	COMPARE(sign_extend);
	COMPARE(register_offset);
	COMPARE(subtract);
	COMPARE(pre_index);
	COMPARE(writeback);
	COMPARE(user_access);
	COMPARE(user_bank);
	COMPARE(restore_spsr);
	COMPARE(pc_relative);
#undef COMPARE
	return NULL;
}
