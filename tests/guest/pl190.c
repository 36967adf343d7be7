/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PL190 adds to irq_timer.c: vectored interrupts with priorities (PL190 TRM, 2.3 and 3.2).
 * Versatile/PB only.
 */
#include "tests/guest/guest.h"
#include "tests/guest/irq.h"
#include "tests/guest/tap.h"

#define VIC(offset)     (BOARD_PIC + (offset))
#define VIC_SOFTINT     0x018
#define VIC_SOFTINTCLR  0x01c
#define VIC_INTENABLE   0x010
#define VIC_VECTADDR    0x030
#define VIC_DEFVECTADDR 0x034
#define VIC_VECTADDR0   0x100
#define VIC_VECTCNTL0   0x200
#define VIC_PCELLID0    0xff0
#define VECTCNTL_ENABLE 0x20

#define SLOTS          16
#define DEFAULT_VECTOR 0xdefa0170u

static uint32_t vector_of(unsigned slot)
{
	return 0x1a000000u + slot * 0x111;
}

/* Slot n takes input 8 + n, so slot 0, input 8, is the most urgent. */
static void vectors_init(void)
{
	irq_init();
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		write32(VIC(VIC_VECTADDR0 + 4 * slot), vector_of(slot));
		write32(VIC(VIC_VECTCNTL0 + 4 * slot), VECTCNTL_ENABLE | (8 + slot));
	}
	write32(VIC(VIC_DEFVECTADDR), DEFAULT_VECTOR);
}

static void vectors_end(void)
{
	for (unsigned slot = 0; slot < SLOTS; slot++)
		write32(VIC(VIC_VECTCNTL0 + 4 * slot), 0);
	irq_init();
}

GUEST_TEST(vector_registers_hold_what_is_written)
{
	vectors_init();
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		EXPECT_EQ(vector_of(slot), read32(VIC(VIC_VECTADDR0 + 4 * slot)));
		EXPECT_EQ(VECTCNTL_ENABLE | (8 + slot), read32(VIC(VIC_VECTCNTL0 + 4 * slot)));
	}
	EXPECT_EQ(DEFAULT_VECTOR, read32(VIC(VIC_DEFVECTADDR)));
	vectors_end();
}

/* Sixteen registers in a row: the widest transfer a device sees. */
GUEST_TEST(vector_registers_are_moved_by_one_instruction)
{
	uint32_t out[8] = { 0 };
	const uint32_t at = VIC(VIC_VECTADDR0);

	vectors_init();
	__asm__ volatile("ldmia %0, {r2-r9}\n\tstmia %1, {r2-r9}\n\t"
			 "mvn r2, r2\n\tmvn r9, r9\n\tadd r12, %0, #32\n\tstmia r12, {r2-r9}"
			 :
			 : "r"(at), "r"(out)
			 : "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r12", "memory");
	for (unsigned i = 0; i < 8; i++)
		EXPECT_EQ(vector_of(i), out[i]);
	EXPECT_EQ(~vector_of(0), read32(at + 32));
	EXPECT_EQ(vector_of(1), read32(at + 36));
	EXPECT_EQ(~vector_of(7), read32(at + 60));
	vectors_end();
}

GUEST_TEST(the_vector_is_that_of_the_interrupt)
{
	vectors_init();
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		const uint32_t bit = 1u << (8 + slot);

		tap_case("slot %u", slot);
		write32(VIC(VIC_INTENABLE), bit);
		write32(VIC(VIC_SOFTINT), bit);
		EXPECT_EQ(bit, irq_status());
		EXPECT_EQ(vector_of(slot), read32(VIC(VIC_VECTADDR)));
		write32(VIC(VIC_SOFTINTCLR), bit);
		write32(VIC(VIC_VECTADDR), 0);
		irq_disable(8 + slot);
	}
	vectors_end();
}

GUEST_TEST(an_input_without_vector_has_the_default_one)
{
	vectors_init();
	write32(VIC(VIC_INTENABLE), 1u << 3);
	write32(VIC(VIC_SOFTINT), 1u << 3);
	EXPECT_EQ(DEFAULT_VECTOR, read32(VIC(VIC_VECTADDR)));
	write32(VIC(VIC_SOFTINTCLR), 1u << 3);
	write32(VIC(VIC_VECTADDR), 0);
	vectors_end();
}

static unsigned urgent_taken;

static bool urgent_interrupt(struct exception *e)
{
	urgent_taken++;
	EXPECT_EQ(vector_of(1), read32(VIC(VIC_VECTADDR)));
	write32(VIC(VIC_SOFTINTCLR), 1u << 9);
	write32(VIC(VIC_VECTADDR), 0);
	e->lr -= 4;
	return urgent_taken < 10;
}

/* While slot 5 is in service only slots 0 to 4 interrupt. */
GUEST_TEST(an_interrupt_in_service_holds_back_less_urgent_ones)
{
	vectors_init();
	urgent_taken = 0;
	exception_set_hook(KIND_IRQ, urgent_interrupt);
	write32(VIC(VIC_INTENABLE), 1u << 13 | 1u << 14 | 1u << 9);
	write32(VIC(VIC_SOFTINT), 1u << 13);
	EXPECT_EQ(vector_of(5), read32(VIC(VIC_VECTADDR)));
	write32(VIC(VIC_SOFTINT), 1u << 14);
	interrupts_unmask(PSR_I);
	EXPECT_EQ(0, urgent_taken);
	write32(VIC(VIC_SOFTINT), 1u << 9);
	(void)irq_raw_status();
	interrupts_mask();
	EXPECT_EQ(1, urgent_taken);
	write32(VIC(VIC_SOFTINTCLR), 1u << 13);
	write32(VIC(VIC_VECTADDR), 0);
	EXPECT_EQ(vector_of(6), read32(VIC(VIC_VECTADDR)));
	write32(VIC(VIC_SOFTINTCLR), 1u << 14);
	write32(VIC(VIC_VECTADDR), 0);
	vectors_end();
}

GUEST_TEST(the_controller_identifies_itself)
{
	static const uint8_t id[4] = { 0x0d, 0xf0, 0x05, 0xb1 };

	for (unsigned i = 0; i < 4; i++)
		EXPECT_EQ(id[i], read32(VIC(VIC_PCELLID0 + 4 * i)));
}
