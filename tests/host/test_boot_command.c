/* SPDX-License-Identifier: Apache-2.0 */
/* The boot loader's command `slot`, and the bytes of the record that docs/boot-record.md gives. */
#include "tests/host/boot_store_sim.h"

#include "vmm/slots/boot_command.h"
#include "vmm/slots/boot_select.h"
#include "vmm/lib/bits.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct sim sim;
static char printed[1024];

static int __attribute__((format(printf, 1, 2))) print(const char *format, ...)
{
	const size_t length = strlen(printed);
	va_list args;
	int result;

	va_start(args, format);
	result = vsnprintf(printed + length, sizeof(printed) - length, format, args);
	va_end(args);
	return result;
}

static const struct boot_layout layout = { "versatilepb",           "flash",
					   { 0x180000, 0x1c0000 },  0x40000,
					   { 0x200000, 0x1a00000 }, 0x1800000 };

static int setup(void **state)
{
	sim_init(&sim, false, 1);
	return 0;
}

static void expect(bool done, const char *line, const char *part)
{
	const char *argument[8] = { NULL };
	char words[128];
	int count = 0;

	strcpy(words, line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argument[count++] = word;
	printed[0] = 0;
	assert_int_equal(boot_command(&sim.store, &layout, count, argument, print), done);
	if (!strstr(printed, part))
		fail_msg("%s: '%s' is not in: %s", line, part, printed);
}

static void an_image_is_written_and_used(void **state)
{
	expect(true, "slot layout",
	       "slot layout: board versatilepb medium flash record 180000 1c0000 40000 "
	       "slot 200000 1a00000 1800000\n");
	expect(true, "slot info", "slot: no record yet\n");
	expect(true, "slot info", "target b");
	assert_int_equal(sim.writes, 0);
	expect(true, "slot write b 102 0123456789abcdef", "slot b: noted: write\n");
	expect(true, "slot info",
	       "slot b: writing confirmed 0 attempts 0 version 102 digest 0123456789abcdef\n");
	expect(true, "slot info", "sequence 1 event write b next a target b");
	expect(true, "slot valid b 102 0123456789abcdef", "slot b: noted: valid\n");
	expect(true, "slot info", "sequence 2 event valid b next b target a");
	expect(true, "slot write a 103 0023456789abcdef", "slot a: noted: write\n");
	expect(true, "slot valid a 103 0023456789abcdef", "slot a: noted: valid\n");
	expect(true, "slot info", "next a target b");
	expect(true, "slot use b", "slot b: noted: use\n");
	expect(true, "slot info", "next b target a");
}

static void nonsense_is_refused(void **state)
{
	static const char *const wrong[] = {
		"slot",
		"slot info a",
		"slot use",
		"slot use c",
		"slot use ab",
		"slot write b 1",
		"slot write b 1 0123456789abcde",
		"slot write b 1 0123456789abcdef0",
		"slot write b 1 0123456789ABCDEF",
		"slot write b  0123456789abcdef",
		"slot write b 123456789 0123456789abcdef",
		"slot write b 1x 0123456789abcdef",
		"slot info b 1 0123456789abcdef",
		"slot erase b 1 0123456789abcdef",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++)
		expect(false, wrong[i], "slot info | slot layout");
	assert_int_equal(sim.writes, 0);
	expect(false, "slot use a", "slot a: refused: there is no image");
	expect(false, "slot valid a 1 0123456789abcdef", "refused: nobody was writing this slot");
	expect(true, "slot write a 1 0123456789abcdef", "noted");
	expect(false, "slot valid a 2 0123456789abcdef", "refused: another image");
	expect(false, "slot valid a 1 0123456789abcdee", "refused: another image");
}

/** The example of docs/boot-record.md. */
static void the_entry_of_the_document(void **state)
{
	static const uint8_t entry[BOOT_ENTRY_SIZE] = {
		0x48, 0x42, 0x52, 0x31, 0x01, 0x00, 0x00, 0x00, 0x02, 0x01, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
		0x00, 0x02, 0x01, 0x00, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	};

	expect(true, "slot write b 102 0123456789abcdef", "noted");
	for (unsigned i = 0; i < BOOT_ENTRY_SIZE; i++)
		print("%02x%s", sim.area[0][i], i % 16 == 15 ? "\n" : " ");
	print_message("%s", printed);
	assert_memory_equal(sim.area[0], entry, BOOT_ENTRY_SIZE - 4);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_image_is_written_and_used, setup),
		cmocka_unit_test_setup(nonsense_is_refused, setup),
		cmocka_unit_test_setup(the_entry_of_the_document, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
