/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of QEMU's plugin interface that count.c uses, declared here because Debian packages QEMU
 * with plugins enabled but leaves their header out. QEMU_PLUGIN_ABI is the interface version to
 * build for: 1 for QEMU 7 and 8, 3 for QEMU 9.1 and later (scripts/hako_bench/build.py chooses).
 * Documentation: QEMU manual, "TCG Plugins".
 */
#ifndef TESTS_BENCH_PLUGIN_QEMU_API_H
#define TESTS_BENCH_PLUGIN_QEMU_API_H

#include <stddef.h>
#include <stdint.h>

#define PLUGIN_EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;   /* a translation block */
struct qemu_plugin_insn; /* an instruction in one */
struct qemu_info;        /* about the machine; not looked into */

enum { PLUGIN_CB_NO_REGS = 0 };
enum { PLUGIN_INLINE_ADD_U64 = 0 };

typedef uint64_t plugin_id;
typedef void (*plugin_translate_fn)(plugin_id id, struct qemu_plugin_tb *tb);
typedef void (*plugin_exec_fn)(unsigned cpu, void *data);

/* What QEMU looks up in a plugin. */
PLUGIN_EXPORT extern int qemu_plugin_version;
PLUGIN_EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc,
				      char **argv);

/* What QEMU offers. */
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, plugin_translate_fn fn);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, plugin_exec_fn fn, int flags,
					  void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, plugin_exec_fn fn,
					    int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

#if QEMU_PLUGIN_ABI < 3
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int operation,
						void *counter, uint64_t immediate);
#else
struct qemu_plugin_scoreboard;
struct plugin_u64 {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
};
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t size);
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element_size);
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn *insn,
							 int operation, struct plugin_u64 counter,
							 uint64_t immediate);
uint64_t qemu_plugin_u64_get(struct plugin_u64 counter, unsigned cpu);
#endif

#endif
