/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/arm926-model/plugin_options.h"

#include "tests/arm926-model/profiles.h"
#include "tests/parse_number.h"

#include <stdio.h>
#include <string.h>

/* A parser says no by returning what it wanted. */
typedef const char *(*option_parse_fn)(struct plugin_options *options, const char *value);

static const char *parse_ram(struct plugin_options *options, const char *value)
{
	options->ram = value;
	return NULL;
}

static const char *parse_report(struct plugin_options *options, const char *value)
{
	options->report = value;
	return NULL;
}

static const char *parse_counts(struct plugin_options *options, const char *value)
{
	options->counts = value;
	return NULL;
}

static const char *parse_symbols(struct plugin_options *options, const char *value)
{
	if (options->symbol_files == OPTION_SYMBOLS_MAX)
		return "at most 16 files";
	options->symbols[options->symbol_files++] = value;
	return NULL;
}

static const char *parse_alias(struct plugin_options *options, const char *value)
{
	return parse_number(value, 0, &options->alias, NULL) ? NULL : "an address";
}

static const char *parse_icache(struct plugin_options *options, const char *value)
{
	return parse_number(value, 0, &options->icache_kib, NULL) ? NULL
								  : "4, 8, 16, 32, 64 or 128";
}

static const char *parse_dcache(struct plugin_options *options, const char *value)
{
	return parse_number(value, 0, &options->dcache_kib, NULL) ? NULL
								  : "4, 8, 16, 32, 64 or 128";
}

static const char *parse_memory(struct plugin_options *options, const char *value)
{
	options->memory = profile_find(value);
	return options->memory ? NULL : profile_names();
}

static const char *parse_rules(struct plugin_options *options, const char *value)
{
	if (!strcmp(value, "strict"))
		options->rules = TLB_RULES_STRICT;
	else if (!strcmp(value, "gather"))
		options->rules = TLB_RULES_GATHER;
	else
		return "strict, gather";
	return NULL;
}

static const char *parse_mode(struct plugin_options *options, const char *value)
{
	options->has_mode = parse_number(value, ':', &options->mode_pointer, &value) &&
			    parse_number(value, ':', &options->mode_delta, &value) &&
			    parse_number(value, 0, &options->mode_offset, NULL);
	return options->has_mode ? NULL : "POINTER:DELTA:OFFSET";
}

static const char *parse_entry(struct plugin_options *options, const char *value)
{
	options->has_entry = parse_number(value, 0, &options->entry, NULL);
	return options->has_entry ? NULL : "an address";
}

static const char *parse_word(struct plugin_options *options, const char *value)
{
	options->has_word = parse_number(value, 0, &options->word, NULL);
	return options->has_word ? NULL : "an instruction";
}

static const char *parse_begin(struct plugin_options *options, const char *value)
{
	options->has_begin = parse_number(value, 0, &options->begin, NULL);
	return options->has_begin ? NULL : "an address";
}

static const char *parse_end(struct plugin_options *options, const char *value)
{
	options->has_end = parse_number(value, 0, &options->end, NULL);
	return options->has_end ? NULL : "an address";
}

static const struct {
	const char *name;
	option_parse_fn parse;
} arguments[] = {
	/* clang-format off */
	{ "ram",    parse_ram },     /* required: the file QEMU's RAM is in */
	{ "report", parse_report },  /* required: REPORT.txt and REPORT.json are written */
	{ "sym",    parse_symbols }, /* names for addresses (symbols.h); several times */
	{ "alias",  parse_alias },   /* the same RAM once more at this physical address */
	{ "icache", parse_icache },  /* KiB */
	{ "dcache", parse_dcache },  /* KiB */
	{ "memory", parse_memory },  /* a profile: what an access costs */
	{ "rules",  parse_rules },   /* strict or gather: enum tlb_rules */
	{ "mode",   parse_mode },    /* where the VMM keeps the virtual mode */
	{ "out",    parse_counts },  /* cycles between markers go there */
	{ "entry",  parse_entry },   /* of the kernel: the boot's count starts */
	{ "word",   parse_word },    /* the instruction there */
	{ "begin",  parse_begin },   /* an instruction that counts as the marker of that name, */
	{ "end",    parse_end },     /* and this one as the other one */
	/* clang-format on */
};

#define ARGUMENT_COUNT (sizeof(arguments) / sizeof(arguments[0]))

static void list_arguments(char *text, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < ARGUMENT_COUNT && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "",
					 arguments[i].name);
}

static bool parse_one(struct plugin_options *options, const char *argument, char *error,
		      size_t error_size)
{
	const char *const equals = strchr(argument, '=');
	const size_t length = equals ? (size_t)(equals - argument) : strlen(argument);
	char names[256];

	for (size_t i = 0; i < ARGUMENT_COUNT; i++) {
		const char *wanted;

		if (!equals || strlen(arguments[i].name) != length ||
		    strncmp(arguments[i].name, argument, length))
			continue;
		wanted = arguments[i].parse(options, equals + 1);
		if (wanted)
			snprintf(error, error_size, "%s: there are: %s", argument, wanted);
		return !wanted;
	}
	list_arguments(names, sizeof(names));
	snprintf(error, error_size, "no argument %.*s; there are: %s", (int)length, argument,
		 names);
	return false;
}

/** Reads the words after the plugin's file name. On failure @p error is a sentence for a person. */
bool plugin_options_parse(struct plugin_options *options, int argc, char **argv, char *error,
			  size_t error_size)
{
	*options = (struct plugin_options){
		.icache_kib = 16,
		.dcache_kib = 16,
		.memory = profile_default(),
		.rules = TLB_RULES_STRICT,
	};
	for (int i = 0; i < argc; i++)
		if (!parse_one(options, argv[i], error, error_size))
			return false;
	if (!options->ram || !options->report) {
		snprintf(error, error_size, "%s=FILE is missing", options->ram ? "report" : "ram");
		return false;
	}
	return true;
}
