/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of QEMU's plugin interface that our plugins use, declared here because Debian packages
 * QEMU with plugins enabled but leaves their header out. QEMU_PLUGIN_ABI is the interface version to
 * build for: 1 for QEMU 7 and 8, 3 for QEMU 9.1 and later (scripts/hako_bench/build.py chooses), 4
 * for QEMU 9.2 and later, which adds registers and values of memory accesses.
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
typedef void (*plugin_exit_fn)(plugin_id id, void *data);

/* What QEMU looks up in a plugin. */
PLUGIN_EXPORT extern int qemu_plugin_version;
PLUGIN_EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc,
				      char **argv);

/* What QEMU offers. */
void qemu_plugin_register_atexit_cb(plugin_id id, plugin_exit_fn fn, void *data);
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
/* Weak: an older QEMU still loads the plugin, which can then say what it needs. */
#pragma weak qemu_plugin_scoreboard_new
#pragma weak qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu
#pragma weak qemu_plugin_u64_get
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element_size);
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn *insn,
							 int operation, struct plugin_u64 counter,
							 uint64_t immediate);
uint64_t qemu_plugin_u64_get(struct plugin_u64 counter, unsigned cpu);
/* Where a CPU's element is; it stays there as long as no CPU is added. */
void *qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard *score, unsigned cpu);
#endif

#if QEMU_PLUGIN_ABI >= 4
enum { PLUGIN_CB_R_REGS = 1 };
enum { PLUGIN_MEM_R = 1, PLUGIN_MEM_W = 2 };

/* Of GLib, which QEMU brings along: what registers are listed in and read into. */
struct GArray {
	char *data;
	unsigned len;
};
struct GByteArray {
	uint8_t *data;
	unsigned len;
};
struct GByteArray *g_byte_array_new(void);
struct GByteArray *g_byte_array_set_size(struct GByteArray *array, unsigned size);

struct qemu_plugin_register; /* a handle */
struct plugin_register {
	struct qemu_plugin_register *handle;
	const char *name;
	const char *feature;
};
/* Of struct plugin_register; to be called when a CPU is initialised. */
struct GArray *qemu_plugin_get_registers(void);
/* Appends the value, returns its size; while an instruction is translated, or in a callback
 * registered with PLUGIN_CB_R_REGS. */
int qemu_plugin_read_register(struct qemu_plugin_register *handle, struct GByteArray *to);

typedef uint32_t plugin_mem_info; /* what kind of access: asked below */
typedef void (*plugin_mem_fn)(unsigned cpu, plugin_mem_info info, uint64_t va, void *data);
struct plugin_mem_value {
	int type; /* log2 of the size */
	union {
		uint8_t bytes[16];
		uint64_t words[2];
	};
};
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, plugin_mem_fn fn, int flags,
				      int rw, void *data);
/* Of the access whose callback this is; valid until the next. */
struct qemu_plugin_hwaddr;
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(plugin_mem_info info, uint64_t va);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *where);
unsigned qemu_plugin_mem_size_shift(plugin_mem_info info);
#pragma weak qemu_plugin_mem_get_value
struct plugin_mem_value qemu_plugin_mem_get_value(plugin_mem_info info);

typedef void (*plugin_cpu_fn)(plugin_id id, unsigned cpu);
typedef void (*plugin_flush_fn)(plugin_id id);
#pragma weak qemu_plugin_get_registers
#pragma weak qemu_plugin_read_register
void qemu_plugin_register_vcpu_init_cb(plugin_id id, plugin_cpu_fn fn);
/* All translated code is discarded: no callback registered for it will come any more. */
void qemu_plugin_register_flush_cb(plugin_id id, plugin_flush_fn fn);
#endif

#endif
