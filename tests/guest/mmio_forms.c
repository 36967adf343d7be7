/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guest/mmio_forms.h"

#define R2_R6 0x7c
#define R2_R4 0x1c

/* clang-format off */
#define FORMS(X)                                                          \
	X(ldr,                LOAD_WORD,  0,      0,     0,          0)      \
	X(ldr_imm,            LOAD_WORD,  0x100,  0,     0,          0)      \
	X(ldr_neg,            LOAD_WORD,  -0xffc, 0,     0,          0)      \
	X(ldr_pre,            LOAD_WORD,  8,      8,     0,          0)      \
	X(ldr_pre_neg,        LOAD_WORD,  -8,     -8,    0,          0)      \
	X(ldr_post,           LOAD_WORD,  0,      0x20,  0,          0)      \
	X(ldr_post_neg,       LOAD_WORD,  0,      -0x20, 0,          0)      \
	X(ldr_reg,            LOAD_WORD,  0x74,   0,     0x74,       0)      \
	X(ldr_reg_neg,        LOAD_WORD,  -0x74,  0,     0x74,       0)      \
	X(ldr_reg_lsl,        LOAD_WORD,  0x120,  0,     0x12,       0)      \
	X(ldr_reg_lsr,        LOAD_WORD,  0x12,   0,     0x97,       0)      \
	X(ldr_reg_lsr32,      LOAD_WORD,  0,      0,     0xffffffff, 0)      \
	X(ldr_reg_asr,        LOAD_WORD,  -4,     0,     -16,        0)      \
	X(ldr_reg_asr32,      LOAD_WORD,  -1,     0,     0x80000000, 0)      \
	X(ldr_reg_ror,        LOAD_WORD,  0x1234, 0,     0x40000123, 0)      \
	X(ldr_reg_rrx_clear,  LOAD_WORD,  0x40,   0,     0x81,       0)      \
	X(ldr_reg_pre,        LOAD_WORD,  0x44,   0x44,  0x11,       0)      \
	X(ldr_reg_pre_neg,    LOAD_WORD,  -0x22,  -0x22, 0x11,       0)      \
	X(ldr_reg_post,       LOAD_WORD,  0,      0x77,  0x77,       0)      \
	X(ldr_reg_post_neg,   LOAD_WORD,  0,      8,     -16,        0)      \
	X(ldr_base_is_data,   LOAD_WORD,  0,      0,     0,          0)      \
	X(str,                STORE_WORD, 0,      0,     0,          0)      \
	X(str_imm,            STORE_WORD, 0x100,  0,     0,          0)      \
	X(str_pre,            STORE_WORD, 4,      4,     0,          0)      \
	X(str_pre_neg,        STORE_WORD, -4,     -4,    0,          0)      \
	X(str_post,           STORE_WORD, 0,      4,     0,          0)      \
	X(str_reg,            STORE_WORD, 0x80,   0,     0x80,       0)      \
	X(str_reg_pre,        STORE_WORD, 0x80,   0x80,  0x20,       0)      \
	X(str_reg_post_neg,   STORE_WORD, 0,      -0x20, 0x20,       0)      \
	X(ldrb,               LOAD_BYTE,  0,      0,     0,          0)      \
	X(ldrb_pre,           LOAD_BYTE,  4,      4,     0,          0)      \
	X(ldrb_post,          LOAD_BYTE,  0,      1,     0,          0)      \
	X(ldrb_reg,           LOAD_BYTE,  0x10,   0,     0x10,       0)      \
	X(strb,               STORE_BYTE, 0,      0,     0,          0)      \
	X(strb_pre,           STORE_BYTE, -4,     -4,    0,          0)      \
	X(strb_post,          STORE_BYTE, 0,      9,     9,          0)      \
	X(ldrh,               LOAD_HALF,  0,      0,     0,          0)      \
	X(ldrh_imm,           LOAD_HALF,  0x24,   0,     0,          0)      \
	X(ldrh_pre,           LOAD_HALF,  -4,     -4,    0,          0)      \
	X(ldrh_post,          LOAD_HALF,  0,      2,     0,          0)      \
	X(ldrh_reg,           LOAD_HALF,  0x30,   0,     0x30,       0)      \
	X(ldrh_reg_post_neg,  LOAD_HALF,  0,      -6,    6,          0)      \
	X(strh,               STORE_HALF, 0,      0,     0,          0)      \
	X(strh_pre,           STORE_HALF, 4,      4,     0,          0)      \
	X(strh_post,          STORE_HALF, 0,      -2,    0,          0)      \
	X(strh_reg,           STORE_HALF, -0x10,  0,     0x10,       0)      \
	X(ldrsb,              LOAD_SIGNED_BYTE, 0, 0,    0,          0)      \
	X(ldrsb_post,         LOAD_SIGNED_BYTE, 0, 3,    0,          0)      \
	X(ldrsb_reg_pre,      LOAD_SIGNED_BYTE, 5, 5,    5,          0)      \
	X(ldrsh,              LOAD_SIGNED_HALF, 0, 0,    0,          0)      \
	X(ldrsh_pre,          LOAD_SIGNED_HALF, 0x10, 0x10, 0,       0)      \
	X(ldrsh_reg,          LOAD_SIGNED_HALF, -2, 0,   -2,         0)      \
	X(ldrd,               LOAD_DOUBLE,  0,    0,     0,          0)      \
	X(ldrd_pre,           LOAD_DOUBLE,  8,    8,     0,          0)      \
	X(ldrd_post_neg,      LOAD_DOUBLE,  0,    -8,    0,          0)      \
	X(ldrd_reg,           LOAD_DOUBLE,  0x18, 0,     0x18,       0)      \
	X(strd,               STORE_DOUBLE, 0,    0,     0,          0)      \
	X(strd_post,          STORE_DOUBLE, 0,    16,    0,          0)      \
	X(strd_reg_pre,       STORE_DOUBLE, -0x28, -0x28, 0x28,      0)      \
	X(swp,                SWAP_WORD,  0,      0,     0,          0)      \
	X(swpb,               SWAP_BYTE,  0,      0,     0,          0)      \
	X(ldmia,              LOAD_MULTIPLE,  0,   0,   0,       R2_R6)      \
	X(ldmia_wb,           LOAD_MULTIPLE,  0,   20,  0,       R2_R6)      \
	X(ldmib,              LOAD_MULTIPLE,  4,   0,   0,       R2_R6)      \
	X(ldmib_wb,           LOAD_MULTIPLE,  4,   20,  0,       R2_R6)      \
	X(ldmda,              LOAD_MULTIPLE,  -16, 0,   0,       R2_R6)      \
	X(ldmda_wb,           LOAD_MULTIPLE,  -16, -20, 0,       R2_R6)      \
	X(ldmdb,              LOAD_MULTIPLE,  -20, 0,   0,       R2_R6)      \
	X(ldmdb_wb,           LOAD_MULTIPLE,  -20, -20, 0,       R2_R6)      \
	X(ldm_sparse,         LOAD_MULTIPLE,  0,   12,  0,       0x54)       \
	X(ldm_base_in_list,   LOAD_MULTIPLE,  0,   0,   0,       0x0e)       \
	X(stmia,              STORE_MULTIPLE, 0,   0,   0,       R2_R6)      \
	X(stmia_wb,           STORE_MULTIPLE, 0,   20,  0,       R2_R6)      \
	X(stmib,              STORE_MULTIPLE, 4,   0,   0,       R2_R6)      \
	X(stmib_wb,           STORE_MULTIPLE, 4,   20,  0,       R2_R6)      \
	X(stmda,              STORE_MULTIPLE, -16, 0,   0,       R2_R6)      \
	X(stmda_wb,           STORE_MULTIPLE, -16, -20, 0,       R2_R6)      \
	X(stmdb,              STORE_MULTIPLE, -20, 0,   0,       R2_R6)      \
	X(stmdb_wb,           STORE_MULTIPLE, -20, -20, 0,       R2_R6)      \
	X(stm_sparse,         STORE_MULTIPLE, 0,   8,   0,       0x28)       \
	X(stm_single,         STORE_MULTIPLE, -4,  -4,  0,       0x10)       \
	X(condition_fails,    STORE_NOTHING,  0,   0,   0,       0)          \
	X(condition_holds,    STORE_WORD,     0,   0,   0,       0)          \
	X(push,               STORE_MULTIPLE, -12, -12, 0,       R2_R4)      \
	X(pop,                LOAD_MULTIPLE,  0,   12,  0,       R2_R4)      \
	X(thumb_ldr,          LOAD_WORD,      0,   0,   0,       0)          \
	X(thumb_ldr_imm,      LOAD_WORD,      0x7c, 0,  0,       0)          \
	X(thumb_ldr_reg,      LOAD_WORD,      0x94, 0,  0x94,    0)          \
	X(thumb_str,          STORE_WORD,     0,   0,   0,       0)          \
	X(thumb_str_imm,      STORE_WORD,     8,   0,   0,       0)          \
	X(thumb_str_reg,      STORE_WORD,     -8,  0,   -8,      0)          \
	X(thumb_ldrb,         LOAD_BYTE,      0,   0,   0,       0)          \
	X(thumb_ldrb_imm,     LOAD_BYTE,      0x1c, 0,  0,       0)          \
	X(thumb_ldrb_reg,     LOAD_BYTE,      7,   0,   7,       0)          \
	X(thumb_strb,         STORE_BYTE,     0,   0,   0,       0)          \
	X(thumb_strb_imm,     STORE_BYTE,     4,   0,   0,       0)          \
	X(thumb_strb_reg,     STORE_BYTE,     3,   0,   3,       0)          \
	X(thumb_ldrh,         LOAD_HALF,      0,   0,   0,       0)          \
	X(thumb_ldrh_imm,     LOAD_HALF,      0x24, 0,  0,       0)          \
	X(thumb_ldrh_reg,     LOAD_HALF,      6,   0,   6,       0)          \
	X(thumb_strh,         STORE_HALF,     0,   0,   0,       0)          \
	X(thumb_strh_imm,     STORE_HALF,     4,   0,   0,       0)          \
	X(thumb_strh_reg,     STORE_HALF,     2,   0,   2,       0)          \
	X(thumb_ldrsb,        LOAD_SIGNED_BYTE, 4, 0,   4,       0)          \
	X(thumb_ldrsh,        LOAD_SIGNED_HALF, -4, 0,  -4,      0)          \
	X(thumb_ldmia,        LOAD_MULTIPLE,  0,   20,  0,       R2_R6)      \
	X(thumb_stmia,        STORE_MULTIPLE, 0,   20,  0,       R2_R6)

/* In kernel mode only: User mode code with these would be undefined once rewritten. */
#define KERNEL_FORMS(X)                                                   \
	X(ldrt,               LOAD_WORD,      0,   0,   0,       0)          \
	X(ldrt_post,          LOAD_WORD,      0,   4,   0,       0)          \
	X(ldrt_reg,           LOAD_WORD,      0,   0x44, 0x22,   0)          \
	X(strt,               STORE_WORD,     0,   0,   0,       0)          \
	X(strt_post,          STORE_WORD,     0,   -4,  0,       0)          \
	X(ldrbt,              LOAD_BYTE,      0,   1,   0,       0)          \
	X(strbt,              STORE_BYTE,     0,   5,   5,       0)          \
	X(ldm_user,           LOAD_MULTIPLE,  0,   0,   0,       R2_R6)      \
	X(stm_user,           STORE_MULTIPLE, 0,   0,   0,       R2_R6)
/* clang-format on */

#define DECLARE(name, transfer, offset, writeback, r7, registers) \
	void form_##name(struct form_registers *registers_);
FORMS(DECLARE)
KERNEL_FORMS(DECLARE)

#define ROW(name, transfer, offset, writeback, r7, registers) \
	{ #name, form_##name, transfer, offset, writeback, (uint32_t)(r7), registers, 0 },
#define KERNEL_ROW(name, transfer, offset, writeback, r7, registers) \
	{ #name, form_##name, transfer, offset, writeback, (uint32_t)(r7), registers, 1 },

const struct form mmio_forms[] = { FORMS(ROW) KERNEL_FORMS(KERNEL_ROW) };
const unsigned mmio_form_count = sizeof(mmio_forms) / sizeof(mmio_forms[0]);
