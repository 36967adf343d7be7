// SPDX-License-Identifier: Apache-2.0
#include "vmm/start/boot_early.h"

#include "arch/arm/boot_mmu.h"
#include "arch/arm/layout.h"
#include "board/boot_boards.h"
#include "board/boot_uart.h"
#include "vmm/start/boot_params.h"
#include "vmm/start/boot_told.h"
#include "vmm/start/bundle.h"
#include "vmm/start/image_header.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/string.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

_Static_assert(sizeof(struct boot_state) == BOOT_STATE_SIZE, "BOOT_STATE_SIZE");
_Static_assert(offsetof(struct boot_state, info.l1) == BOOT_STATE_L1, "BOOT_STATE_L1");
_Static_assert(offsetof(struct boot_state, image) == BOOT_STATE_IMAGE, "BOOT_STATE_IMAGE");

/* What a loader's parameters may occupy: far more than any tag list or device tree does. */
#define PARAMS_MAX (1 * MIB)

static void *phys(uint32_t address)
{
	return (void *)(uintptr_t)address;
}

static uint32_t image_word(uint32_t image, uint32_t at)
{
	return *(const uint32_t *)phys(image + at);
}

/**
 * The image cannot be started: says why, on the UART of @p board, and stops. Without a board there
 * is no UART to say it on.
 */
static void __attribute__((noreturn, format(printf, 2, 3)))
boot_fatal(const struct boot_board *board, const char *format, ...)
{
	va_list args;

	if (board) {
		va_start(args, format);
		boot_uart_print(board, format, args);
		va_end(args);
	}
	boot_stop();
}

/** How many bytes may be read at @p params: none if r2 cannot be an address of parameters. */
static uint32_t params_length(const struct boot_board *board, uint32_t params)
{
	const uint32_t ram_end = board->ram_base + board->ram_max;

	if (!params || params % 4 || params < board->ram_base || params >= ram_end)
		return 0;
	return ram_end - params < PARAMS_MAX ? ram_end - params : PARAMS_MAX;
}

static const struct boot_board *find_board(const struct boot_board *built_for, uint32_t machine_id,
					   uint32_t params)
{
	const struct boot_board *board = boot_board_by_id(machine_id);

	/* A loader that passes a device tree need not pass a machine id. */
	for (unsigned i = 0; !board; i++) {
		board = boot_board_by_index(i);
		if (!board)
			boot_fatal(built_for,
				   "hako: this image is for the board '%s'; machine id 0x%x is not "
				   "known\n",
				   built_for->name, machine_id);
		if (!boot_params_compatible(phys(params), params_length(board, params),
					    board->compatible))
			board = NULL;
	}
	if (board != built_for)
		boot_fatal(board,
			   "hako: this image is for the board '%s', but this is a '%s'; "
			   "build one with BOARD=%s\n",
			   built_for->name, board->name, board->name);
	return board;
}

/** What the loader says, or else what boards of this kind have. */
static uint32_t find_ram_size(const struct boot_board *board, uint32_t params)
{
	uint32_t size;

	if (!boot_params_memory(phys(params), params_length(board, params), board->ram_base, &size))
		size = board->ram_size;
	if (size > board->ram_max)
		size = board->ram_max;
	return align_down(size, MIB); /* the image's place is a section */
}

/**
 * Is there RAM up to @p size, a power of two, and not the lower half once more? Two words are
 * written and restored: the last one of each half, or others where that is in the file, which this
 * code and its stack are in. The second store leaves something else on a bus without memory.
 */
static bool is_ram(uint32_t image, uint32_t file_size, uint32_t size)
{
	const uint32_t last = size / 2 - sizeof(uint32_t);
	const uint32_t low_at = last - image < file_size ? image - sizeof(uint32_t) : last;
	volatile uint32_t *const low = phys(low_at);
	volatile uint32_t *const high = phys(low_at + size / 2);

	if (low_at >= size / 2 || low_at + size / 2 - image < file_size)
		return false;

	const uint32_t was_low = *low;
	const uint32_t was_high = *high;

	*high = 0x5aa5c33c;
	*low = ~0x5aa5c33cu;
	const bool answers = *high == 0x5aa5c33c && *low == ~0x5aa5c33cu;

	*high = was_high;
	*low = was_low;
	return answers;
}

/**
 * What the board itself says, where it has a register for that, but no more than what answers; 0
 * if that is not @p needed. A loader's word is no better: on an Integrator/CP with 128 MiB, U-Boot
 * finds 16, and when the memory module's description is of another size it writes 256 to CM_SDRAM.
 */
static uint32_t ask_board_for_ram_size(const struct boot_board *board, uint32_t image,
				       uint32_t needed)
{
	uint32_t size;

	if (!board->ram_size_reg)
		return 0;

	size = boot_board_ram_size(board, *(volatile const uint32_t *)phys(board->ram_size_reg));
	for (; size && size >= needed; size /= 2)
		if (is_ram(image, image_word(image, IMAGE_AT_ZIMAGE_END), size))
			return size;
	return 0;
}

/** Checks that the file lies in RAM as a whole, and says where in it the bundle is. */
static uint32_t find_bundle(const struct boot_board *board, uint32_t image, uint32_t ram_size)
{
	const uint32_t offset = image_word(image, IMAGE_AT_BUNDLE);
	const uint32_t size = image_word(image, IMAGE_AT_BUNDLE_SIZE);
	const uint32_t file_size = image_word(image, IMAGE_AT_ZIMAGE_END);
	const uint32_t ram_end = board->ram_base + ram_size;

	if (!offset)
		boot_fatal(board, "hako: the image contains no guest; scripts/bundle adds one\n");
	if (offset < image_word(image, IMAGE_AT_STACK_END) || offset % BUNDLE_ALIGN ||
	    offset > file_size || size != file_size - offset || size < BUNDLE_TABLE_MAX)
		boot_fatal(board,
			   "hako: the image's first words are damaged; load the image again\n");
	if (image < board->ram_base || image > ram_end || file_size > ram_end - image)
		boot_fatal(board,
			   "hako: too little RAM: the image at 0x%x to 0x%x does not lie in the "
			   "%u MiB at 0x%x\n",
			   image, image + file_size, ram_size / MIB, board->ram_base);
	return image + offset;
}

/** Checks that VMs, bundle and VMM fit into RAM, whose size it corrects if need be. */
static void check_room(const struct boot_board *board, const struct bundle *bundle, uint32_t image,
		       struct boot_info *info)
{
	/* Bounded by BUNDLE_MEMORY_MAX, BUNDLE_VMS_MAX or the size of RAM: no overflow. */
	const uint32_t needed = VM_RAM_OFFSET + bundle->memory + bundle->total_size +
				info->pool_size + VMM_IMAGE_SIZE;

	if (needed > info->ram_size) {
		const uint32_t size = ask_board_for_ram_size(board, image, needed);

		if (size)
			info->ram_size = size;
	}
	if (needed > info->ram_size)
		boot_fatal(board,
			   "hako: too little RAM: %u KiB, but %u KiB are needed (guest %u, bundle "
			   "%u, VMM %u, reserved %u)\n",
			   info->ram_size / KIB, needed / KIB, bundle->memory / KIB,
			   bundle->total_size / KIB, (info->pool_size + VMM_IMAGE_SIZE) / KIB,
			   VM_RAM_OFFSET / KIB);
}

static void check_parts(const struct boot_board *board, const struct bundle *bundle, uint32_t image,
			uint32_t bundle_at)
{
	for (unsigned i = 0; i < bundle->part_count; i++) {
		const struct bundle_part *const part = &bundle->part[i];
		const uint32_t from = part->kind == BUNDLE_VMM ? image : bundle_at + part->offset;
		uint32_t crc;

		if (part->kind == BUNDLE_VMM && part->size != image_word(image, IMAGE_AT_SIZE))
			boot_fatal(board, "hako: bundle: made for another VMM; bundle again\n");
		if (!bundle_check_part(part, phys(from), &crc))
			boot_fatal(board,
				   "hako: bundle: part '%s' is damaged (CRC32 0x%08x should be "
				   "0x%08x; row %u); load the image again\n",
				   part->name, crc, part->crc, i);
	}
}

/** Checks all of the bundle, and that there is room for it and for what the VMM keeps for itself. */
static void check_bundle(const struct boot_board *board, uint32_t image, uint32_t bundle_at,
			 struct boot_info *info)
{
	struct bundle bundle;
	unsigned at_part;
	const enum bundle_error error = bundle_parse(phys(bundle_at), BUNDLE_TABLE_MAX,
						     info->bundle_size, &bundle, &at_part);

	if (error != BUNDLE_OK && at_part < BUNDLE_PARTS_MAX)
		boot_fatal(board, "hako: bundle: part %u: %s; load the image again\n", at_part,
			   bundle_error_text(error));
	if (error != BUNDLE_OK)
		boot_fatal(board, "hako: bundle: %s; load the image again\n",
			   bundle_error_text(error));
	if (bundle.machine_id != board->machine_id)
		boot_fatal(board, "hako: bundle: made for machine id 0x%x, this board is 0x%x\n",
			   bundle.machine_id, board->machine_id);
	/* The first one has tables of the VMM's own, whether or not there is a VM. */
	info->pool_size = (bundle.vm_count ? bundle.vm_count : 1) * VMM_POOL_SIZE;
	check_room(board, &bundle, image, info);
	check_parts(board, &bundle, image, bundle_at);
}

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

/**
 * Finds the board, its RAM and the bundle, checks them, and decides where everything goes.
 *
 * @p image is where this code is running, @p machine_id and @p params are what the loader passed in
 * r1 and r2. Returns only when all is well; otherwise a line on the UART says what is not.
 */
void boot_check(struct boot_state *state, uint32_t image, uint32_t machine_id, uint32_t params)
{
	const struct boot_board *const built_for =
		boot_board_by_id(image_word(image, IMAGE_AT_MACHINE_ID));

	if (!built_for)
		boot_fatal(boot_board_by_id(machine_id),
			   "hako: the image's first words are damaged; load the image again\n");

	const struct boot_board *const board = find_board(built_for, machine_id, params);
	struct boot_info *const info = &state->info;
	const uint32_t told_size = find_ram_size(board, params);
	const uint32_t bundle = find_bundle(board, image, told_size);

	*state = (struct boot_state){
		.info = {
			.machine_id = board->machine_id,
			.ram_base = hpa(board->ram_base),
			.ram_size = told_size,
			.bundle_size = image_word(image, IMAGE_AT_BUNDLE_SIZE),
		},
		.image = image,
		.bundle = bundle,
		.image_size = image_word(image, IMAGE_AT_STACK_END),
		.image_total_size = image_word(image, IMAGE_AT_TOTAL_SIZE),
	};
	boot_told(phys(params), params_length(board, params), &info->record);
	check_bundle(board, image, bundle, info);

	/* From the top of RAM down; check_room() has shown that it fits. */
	info->image = hpa(board->ram_base + info->ram_size - VMM_IMAGE_SIZE);
	info->pool = hpa(info->image.raw - info->pool_size);
	info->bundle = hpa(align_down(info->pool.raw - info->bundle_size, BUNDLE_ALIGN));
}

/**
 * Copies image and boot stack, this code and its caller's frame included, one step towards the
 * image's final place. Returns the distance; the caller continues in the copy, adds the distance to
 * its stack pointer, and calls again until the distance is 0.
 *
 * One step, normally. When the file lies across the final place, a copy would destroy the bundle or
 * the code that copies; then all of it steps aside first, to the VMs' RAM, which is still free.
 * It cannot lie there too: it is not much larger than the VMs' memory (most of a bundle has its
 * place in there, and bundle_parse() bounds the rest), and RAM holds that, the bundle and 3 MiB, so
 * that a file which reaches into the last MiB of RAM starts behind the first half of it.
 */
uint32_t boot_move_image(struct boot_state *state)
{
	const uint32_t from = state->image;
	const uint32_t file_size = state->bundle + state->info.bundle_size - from;
	const uint32_t bundle_offset = state->bundle - from;
	uint32_t to = state->info.image.raw;

	if (from == to)
		return 0;
	if (overlap(from, file_size, to, VMM_IMAGE_SIZE)) {
		to = state->info.ram_base.raw + VM_RAM_OFFSET;
		memcpy(phys(to + bundle_offset), phys(state->bundle), state->info.bundle_size);
		state->bundle = to + bundle_offset;
	}
	/* The state goes along with the stack it stands on. */
	state->image = to;
	memcpy(phys(to), phys(from), state->image_size);
	return to - from;
}

/**
 * With the image at its final place: moves the bundle to its own, clears pool and bss (but for the
 * boot stack, which is in use) and makes the first page table. The order matters: the bundle may
 * come from where pool and bss are.
 */
void boot_move_bundle(struct boot_state *state)
{
	memmove(phys(state->info.bundle.raw), phys(state->bundle), state->info.bundle_size);
	state->bundle = state->info.bundle.raw;

	memset(phys(state->info.pool.raw), 0, state->info.pool_size);
	memset(phys(state->image + state->image_size), 0,
	       state->image_total_size - state->image_size);
	state->info.l1 = hpa(boot_mmu_make_table(state->info.image.raw, state->info.pool.raw));
}

/**
 * After an exception in boot_check(): the last words of an image that is too damaged to find that
 * out by its checksum, or of one whose loader passed a wrong address.
 */
void boot_report_exception(uint32_t image, uint32_t machine_id, uint32_t mode, uint32_t lr)
{
	const struct boot_board *board = boot_board_by_id(machine_id);

	if (!board)
		board = boot_board_by_id(image_word(image, IMAGE_AT_MACHINE_ID));
	boot_fatal(board,
		   "hako: exception before the start (mode 0x%02x, lr 0x%08x, image at 0x%x): the "
		   "image is damaged, or r2 was wrong; load the image again\n",
		   mode, lr, image);
}
