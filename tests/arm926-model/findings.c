/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/arm926-model/findings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define IN_FULL    100
#define PLACES_MAX 4096 /* a power of 2; a run with more different places has other problems */
#define PLACE_TEXT 128

static const char *const kind_names[FINDING_KINDS] = {
	[FINDING_STALE_LOAD] = "stale load", [FINDING_STALE_FETCH] = "stale fetch",
	[FINDING_STALE_WALK] = "stale walk", [FINDING_STALE_TLB] = "stale TLB entry",
	[FINDING_LOST_BYTES] = "lost bytes", [FINDING_OVERWRITTEN] = "overwritten bytes",
};

/** All findings of one kind whose reader and culprit are in the same functions. */
struct place {
	uint64_t count;
	enum finding_kind kind;
	uint32_t reader, culprit; /* addresses of the functions, or of the instructions */
	const char *rule;         /* of the first of them */
};

struct findings {
	FILE *text;
	char *json_path;
	const struct symbols *symbols;
	uint64_t total, by_kind[FINDING_KINDS], unplaced;
	struct place places[PLACES_MAX];
	struct finding full[IN_FULL];
	char mode[IN_FULL][8];
};

/** Opens the report's text file, so that a run which cannot be reported does not begin. */
struct findings *findings_new(const char *report, const struct symbols *symbols, char *error,
			      size_t error_size)
{
	struct findings *const findings = calloc(1, sizeof(*findings));
	const size_t length = strlen(report) + sizeof(".json");
	char *const path = malloc(length);

	if (!findings || !path) {
		snprintf(error, error_size, "no memory for the report");
		goto fail;
	}
	snprintf(path, length, "%s.txt", report);
	findings->text = fopen(path, "w");
	if (!findings->text) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		goto fail;
	}
	snprintf(path, length, "%s.json", report);
	remove(path); /* of an earlier run: its presence says that a run came to its end */
	findings->json_path = path;
	findings->symbols = symbols;
	return findings;

fail:
	free(path);
	free(findings);
	return NULL;
}

static void print_address(struct findings *findings, const char *what, uint32_t address)
{
	char text[PLACE_TEXT];

	if (!address) {
		fprintf(findings->text, "    %-12s not known\n", what);
		return;
	}
	symbols_print(findings->symbols, address, text, sizeof(text));
	fprintf(findings->text, "    %-12s %s\n", what, text);
}

static void print_finding(struct findings *findings, const struct finding *f, const char *mode)
{
	FILE *const to = findings->text;

	fprintf(to, "%" PRIu64 ". %s: %s\n", findings->total, kind_names[f->kind], f->text);
	print_address(findings, "read by", f->pc);
	fprintf(to, "    %-12s %s\n", "mode", mode);
	fprintf(to, "    %-12s va 0x%08" PRIx32 ", pa 0x%08" PRIx32 ", %u bytes\n", "address",
		f->va, f->pa, f->size);
	fprintf(to, "    %-12s 0x%08" PRIx32 "; newest 0x%08" PRIx32 "\n", "seen", f->seen,
		f->newest);
	fprintf(to, "    %-12s 0x%08" PRIx32 "\n", "line", f->line_va);
	print_address(findings, "written by", f->written_pc);
	if (f->written_pc)
		fprintf(to, "    %-12s 0x%08" PRIx32 "\n", "through va", f->written_va);
	print_address(findings, "culprit", f->culprit_pc);
	fputc('\n', to);
	fflush(to);
}

/* The function an address is in, so that a loop that was unrolled is one place. */
static uint32_t function_of(const struct findings *findings, uint32_t address)
{
	const struct symbol *const symbol = symbols_find(findings->symbols, address);

	return symbol ? symbol->address : address;
}

static void count_place(struct findings *findings, const struct finding *f)
{
	const uint32_t reader = function_of(findings, f->pc);
	const uint32_t culprit = function_of(findings, f->culprit_pc);
	uint32_t slot = (reader ^ culprit * 31u ^ (uint32_t)f->kind) * 2654435761u >> 20;

	for (unsigned tries = 0; tries < PLACES_MAX; tries++, slot++) {
		struct place *const place = &findings->places[slot % PLACES_MAX];

		if (!place->count) {
			*place = (struct place){ 1, f->kind, reader, culprit, f->text };
			return;
		}
		if (place->kind == f->kind && place->reader == reader &&
		    place->culprit == culprit) {
			place->count++;
			return;
		}
	}
	findings->unplaced++;
}

/** @p mode is the mode of the program that read: virtual under the VMM. */
void findings_add(struct findings *findings, const struct finding *finding, const char *mode)
{
	if (findings->total < IN_FULL) {
		findings->full[findings->total] = *finding;
		snprintf(findings->mode[findings->total], sizeof(findings->mode[0]), "%s", mode);
	}
	findings->total++;
	findings->by_kind[finding->kind]++;
	count_place(findings, finding);
	if (findings->total <= IN_FULL)
		print_finding(findings, finding, mode);
}

static int compare_places(const void *left, const void *right)
{
	const uint64_t a = ((const struct place *)left)->count;
	const uint64_t b = ((const struct place *)right)->count;

	return a < b ? 1 : a > b ? -1 : 0;
}

/* Where in a function does not belong into a count of all of them. */
static void place_name(const struct findings *findings, uint32_t address, char *text, size_t size)
{
	const struct symbol *const symbol = symbols_find(findings->symbols, address);

	if (symbol)
		snprintf(text, size, "%s", symbol->name);
	else if (address)
		snprintf(text, size, "0x%08" PRIx32, address);
	else
		snprintf(text, size, "not known");
}

static void print_counts(struct findings *findings)
{
	FILE *const to = findings->text;
	char reader[PLACE_TEXT], culprit[PLACE_TEXT];

	fprintf(to, "%" PRIu64 " findings\n", findings->total);
	for (unsigned kind = 0; kind < FINDING_KINDS; kind++)
		if (findings->by_kind[kind])
			fprintf(to, "%10" PRIu64 " %s\n", findings->by_kind[kind],
				kind_names[kind]);
	if (findings->total)
		fprintf(to, "\nby kind and function: count, kind, reader, culprit, rule\n");
	for (unsigned i = 0; i < PLACES_MAX && findings->places[i].count; i++) {
		const struct place *const place = &findings->places[i];

		place_name(findings, place->reader, reader, sizeof(reader));
		place_name(findings, place->culprit, culprit, sizeof(culprit));
		fprintf(to, "%10" PRIu64 " %s: %s, %s: %s\n", place->count, kind_names[place->kind],
			reader, culprit, place->rule);
	}
	if (findings->unplaced)
		fprintf(to, "%10" PRIu64 " at more places than fit this table\n",
			findings->unplaced);
}

static void json_string(FILE *to, const char *text)
{
	fputc('"', to);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', to);
		fputc(*text, to);
	}
	fputc('"', to);
}

static void json_place(const struct findings *findings, FILE *to, const char *name,
		       uint32_t address)
{
	char text[PLACE_TEXT];

	symbols_print(findings->symbols, address, text, sizeof(text));
	fprintf(to, ", \"%s\": ", name);
	json_string(to, text);
}

static void json_full(const struct findings *findings, FILE *to)
{
	for (unsigned i = 0; i < IN_FULL && i < findings->total; i++) {
		const struct finding *const f = &findings->full[i];

		fprintf(to, "%s\n    { \"kind\": \"%s\", \"rule\": ", i ? "," : "",
			kind_names[f->kind]);
		json_string(to, f->text);
		json_place(findings, to, "reader", f->pc);
		fprintf(to,
			", \"mode\": \"%s\", \"va\": \"0x%08" PRIx32 "\", \"pa\": \"0x%08" PRIx32
			"\", \"size\": %u, \"seen\": \"0x%08" PRIx32
			"\", \"newest\": \"0x%08" PRIx32 "\", \"line\": \"0x%08" PRIx32 "\"",
			findings->mode[i], f->va, f->pa, f->size, f->seen, f->newest, f->line_va);
		json_place(findings, to, "written_by", f->written_pc);
		fprintf(to, ", \"written_va\": \"0x%08" PRIx32 "\"", f->written_va);
		json_place(findings, to, "culprit", f->culprit_pc);
		fprintf(to, " }");
	}
}

static void json_places(const struct findings *findings, FILE *to)
{
	char text[PLACE_TEXT];

	for (unsigned i = 0; i < PLACES_MAX && findings->places[i].count; i++) {
		const struct place *const place = &findings->places[i];

		fprintf(to, "%s\n    { \"count\": %" PRIu64 ", \"kind\": \"%s\", \"reader\": ",
			i ? "," : "", place->count, kind_names[place->kind]);
		place_name(findings, place->reader, text, sizeof(text));
		json_string(to, text);
		place_name(findings, place->culprit, text, sizeof(text));
		fprintf(to, ", \"culprit\": ");
		json_string(to, text);
		fprintf(to, ", \"rule\": ");
		json_string(to, place->rule);
		fprintf(to, " }");
	}
}

static void json_counts(FILE *to, const struct memsys_counts *c)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		/* clang-format off */
		{ "fetches", c->fetches },
		{ "loads", c->loads },
		{ "stores", c->stores },
		{ "i_misses", c->i_misses },
		{ "d_misses", c->d_misses },
		{ "tlb_misses", c->tlb_misses },
		{ "write_backs", c->write_backs },
		{ "uncached_reads", c->uncached_reads },
		{ "uncached_writes", c->uncached_writes },
		{ "device_accesses", c->device_accesses },
		{ "whole_cache_operations", c->whole_cache_operations },
		{ "line_operations", c->line_operations },
		{ "tlb_operations", c->tlb_operations },
		{ "drains", c->drains },
		{ "disagreements", c->disagreements },
		{ "stall_cycles", c->stall_cycles },
		/* clang-format on */
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fprintf(to, "%s\"%s\": %" PRIu64, i ? ", " : "", rows[i].name, rows[i].value);
}

static bool write_json(const struct findings *findings, const char *settings,
		       const struct memsys_counts *counts)
{
	FILE *const to = fopen(findings->json_path, "w");
	bool ok;

	if (!to)
		return false;
	fprintf(to, "{ \"settings\": %s,\n  \"counts\": { ", settings);
	json_counts(to, counts);
	fprintf(to, " },\n  \"findings\": %" PRIu64 ",\n  \"by_kind\": {", findings->total);
	for (unsigned kind = 0; kind < FINDING_KINDS; kind++)
		fprintf(to, "%s \"%s\": %" PRIu64, kind ? "," : "", kind_names[kind],
			findings->by_kind[kind]);
	fprintf(to, " },\n  \"by_place\": [");
	json_places(findings, to);
	fprintf(to, " ],\n  \"first\": [");
	json_full(findings, to);
	fprintf(to, " ] }\n");
	ok = !ferror(to);
	return !fclose(to) && ok;
}

/**
 * Ends both files and frees. @p settings is a JSON object of what the run was made with. Returns
 * false if the report could not be written; its JSON file does not exist then.
 */
bool findings_finish(struct findings *findings, const char *settings,
		     const struct memsys_counts *counts)
{
	bool ok;

	qsort(findings->places, PLACES_MAX, sizeof(findings->places[0]), compare_places);
	print_counts(findings);
	ok = !fclose(findings->text);
	ok = write_json(findings, settings, counts) && ok;
	if (!ok) {
		perror(findings->json_path);
		remove(findings->json_path);
	}
	free(findings->json_path);
	free(findings);
	return ok;
}
