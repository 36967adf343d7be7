/* SPDX-License-Identifier: Apache-2.0 */
/* The table of boards the early boot knows. */
#include "board/boot_boards.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void boards_are_found_by_machine_id(void **state)
{
	assert_string_equal("integratorcp", boot_board_by_id(0x113)->name);
	assert_string_equal("versatilepb", boot_board_by_id(0x183)->name);
	assert_null(boot_board_by_id(0));
	assert_null(boot_board_by_id(0xffffffff));
}

/* The early boot aligns to sections, and sums sizes below ram_max without looking for overflow. */
static void rows_are_sound(void **state)
{
	unsigned count = 0;

	for (const struct boot_board *board; (board = boot_board_by_index(count)); count++) {
		assert_ptr_equal(board, boot_board_by_id(board->machine_id));
		assert_non_null(memchr(board->name, 0, sizeof(board->name)));
		assert_non_null(memchr(board->compatible, 0, sizeof(board->compatible)));
		assert_int_equal(0, board->ram_base % 0x100000);
		assert_int_equal(0, board->ram_size % 0x100000);
		assert_true(board->ram_size <= board->ram_max);
		assert_true(board->ram_max <= 0x10000000);
		assert_true(board->uart.base - board->ram_base >= board->ram_max);
	}
	assert_int_equal(3, count);
}

static void the_integrators_register_is_decoded(void **state)
{
	const struct boot_board *const board = boot_board_by_id(0x113);

	assert_int_equal(0x10000020, board->ram_size_reg);
	assert_int_equal(0x01000000, boot_board_ram_size(board, 0x00010022));
	assert_int_equal(0x08000000, boot_board_ram_size(board, 0x0001002e));
	assert_int_equal(0x10000000, boot_board_ram_size(board, 0x00010032));
	for (uint32_t reserved = 5; reserved < 8; reserved++)
		assert_int_equal(0, boot_board_ram_size(board, reserved << 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boards_are_found_by_machine_id),
		cmocka_unit_test(rows_are_sound),
		cmocka_unit_test(the_integrators_register_is_decoded),
	};

	return cmocka_run_group_tests_name("boot_boards", tests, NULL, NULL);
}
