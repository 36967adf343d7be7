/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card does one command at a time, and several VMs want it. Nobody ever waits for another VM to
 * do something, as that one may be of a lower priority, or out of its budget, and not get the CPU
 * (priority inversion; and a deadlock, if the one that waits is always ready). Instead, who finds
 * the card busy carries on the command of the other: a command is a job that anybody can take a step
 * of. The sectors go straight to or from the memory of the VM that it belongs to, through that VM's
 * own windows, as frames of a switch do; what counts there is the job, not who is running.
 *
 * So a VM is held up by others for no longer than their commands that had begun take, each of which
 * ends after a bounded number of steps, and is at most COMMAND_SECTORS long. Between commands the
 * one that runs, which is the one of the highest priority, comes first.
 *
 * Between two preempt points is one step. Jobs are on the stacks of the VMs' threads: a request is
 * always finished by its thread, also when its VM is to be stopped.
 */
#include "vmm/disk/card_disk.h"

#include "vmm/lib/check.h"
#include "vmm/lib/log.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

#define COMMAND_SECTORS 8u

/* Attempts at a command, before the VM is told that it failed. */
#define TRIES      3u
#define TRIES_LATE 16u /* others ran, and it was too late for the data */

struct job {
	struct card_transfer transfer; /* first: the same pointer */
	const struct dma *dma;
	struct vq_cursor at; /* where in the VM's memory its next bytes are */
	uint32_t moved;      /* bytes of the present sector */
	uint32_t generation;
	enum card_result result; /* CARD_BUSY: it waits, or is under way */
};

static const struct card_driver *card;
static struct job *current;    /* what the card is doing */
static bool is_gone;           /* it has stopped answering */
static uint32_t *first_words;  /* where card_read_sector() wants its sector */
static const void *own_sector; /* what card_write_sector() writes */

/** Finds the card. Called once, before there are VMs. */
enum card_result card_start(const struct card_driver *driver, volatile uint32_t *regs,
			    struct card_info *info)
{
	const enum card_result result = driver->init(regs, info);

	card = driver;
	current = NULL;
	is_gone = result != CARD_DONE;
	return result;
}

static enum card_next take_sector(struct card_transfer *transfer, uint32_t *words)
{
	memcpy(first_words, words, CARD_SECTOR);
	return CARD_NEXT_DONE;
}

/** Reads a sector, for the VMM itself before there are VMs: without preempt points. */
enum card_result card_read_sector(uint32_t sector, void *to)
{
	struct card_transfer transfer = { .sector = sector, .count = 1, .next = take_sector };
	enum card_result result;

	CHECK(!current);
	first_words = to;
	card->begin(&transfer);
	do
		result = card->step();
	while (result == CARD_BUSY);
	return result;
}

static enum card_next give_sector(struct card_transfer *transfer, uint32_t *words)
{
	memcpy(words, own_sector, CARD_SECTOR);
	return CARD_NEXT_DONE;
}

/**
 * Moves what lies in one piece of a sector of a job's VM, which need not be the one that runs. A
 * guest can make a sector of very many pieces.
 */
static enum card_next move_piece(struct card_transfer *transfer, uint32_t *words)
{
	struct job *const job = (struct job *)transfer;
	uint8_t *const stored = (uint8_t *)words + job->moved;
	uint32_t piece = CARD_SECTOR - job->moved;
	void *memory;

	if (job->dma->generation != job->generation)
		return CARD_NEXT_STOP;
	memory = vq_cursor_map(&job->at, job->dma, &piece, !transfer->to_card,
			       transfer->to_card ? DMA_SOURCE : DMA_TARGET);
	if (!memory)
		return CARD_NEXT_STOP;
	if (transfer->to_card)
		memcpy(stored, memory, piece);
	else
		memcpy(memory, stored, piece);
	vq_cursor_skip(&job->at, piece);
	job->moved += piece;
	if (job->moved < CARD_SECTOR)
		return CARD_NEXT_MORE;
	job->moved = 0;
	return CARD_NEXT_DONE;
}

static void take_step(void)
{
	const enum card_result result = card->step();

	if (result == CARD_BUSY)
		return;
	if (result == CARD_ABSENT && !is_gone) {
		is_gone = true;
		log_error("hako: the SD card does not answer any more; its disks fail until the "
			  "board restarts\n");
	}
	current->result = result;
	current = NULL;
}

/** One command for the card. What was done before it may be others' commands. */
static void carry_out(struct job *job)
{
	job->result = CARD_BUSY;
	while (job->result == CARD_BUSY) {
		if (!current) {
			if (is_gone) {
				job->result = CARD_ABSENT;
				return;
			}
			current = job;
			card->begin(&job->transfer);
		}
		take_step();
		preempt_point();
	}
}

/** The same, again if it may help. The memory is where @p run says, which stays as it was. */
static enum card_result try(struct job *job, const struct block_run *run)
{
	unsigned tries = 0, late = 0;

	do {
		job->at = run->memory;
		job->moved = 0;
		carry_out(job);
	} while ((job->result == CARD_FAILED && ++tries < TRIES) ||
		 (job->result == CARD_LATE && ++late < TRIES_LATE));
	return job->result;
}

/**
 * Writes a sector for the VMM itself, where no disk is; one at a time. With @p others_run it is a job
 * like those of VMs, on a VM's thread, with preempt points.
 */
enum card_result card_write_sector(uint32_t sector, const void *from, bool others_run)
{
	struct job job = {
		.transfer = { .sector = sector, .count = 1, .to_card = true, .next = give_sector }
	};
	unsigned tries = 0;

	own_sector = from;
	do {
		if (others_run) {
			carry_out(&job);
			continue;
		}
		CHECK(!current);
		card->begin(&job.transfer);
		do
			job.result = card->step();
		while (job.result == CARD_BUSY);
	} while ((job.result == CARD_FAILED || job.result == CARD_LATE) && ++tries < TRIES_LATE);
	return job.result;
}

static enum block_result move(const struct block_backend *block, struct block_run *run,
			      bool to_card)
{
	const struct card_disk *const disk = (const struct card_disk *)block; /* its first member */
	struct job job = { .dma = run->dma, .generation = run->dma->generation };
	uint32_t sector = disk->first + (uint32_t)run->sector;

	job.transfer = (struct card_transfer){ .to_card = to_card, .next = move_piece };
	while (run->length) {
		enum card_result result;
		uint32_t count = run->length / CARD_SECTOR;

		if (count > COMMAND_SECTORS)
			count = COMMAND_SECTORS;
		job.transfer.sector = sector;
		job.transfer.count = count;
		result = try(&job, run);
		if (run->dma->generation != job.generation)
			return BLOCK_VOID;
		if (result != CARD_DONE)
			return result == CARD_STOPPED ? BLOCK_BAD_MEMORY : BLOCK_FAILED;
		vq_cursor_skip(&run->memory, count * CARD_SECTOR);
		run->length -= count * CARD_SECTOR;
		sector += count;
	}
	return BLOCK_DONE;
}

static enum block_result card_disk_read(const struct block_backend *block, struct block_run *run)
{
	return move(block, run, false);
}

/** A sector is where it stays when the card is ready again: there is nothing left to flush. */
static enum block_result card_disk_write(const struct block_backend *block, struct block_run *run)
{
	return move(block, run, true);
}

/** Describes a range of the card, which the caller has found to be on it. */
void card_disk_init(struct card_disk *disk, const char *id, uint32_t first, uint32_t sectors,
		    bool read_only)
{
	*disk = (struct card_disk){
		.block = { .sectors = sectors,
			   .read_only = read_only,
			   .id = id,
			   .read = card_disk_read,
			   .write = read_only ? NULL : card_disk_write },
		.first = first,
	};
}
