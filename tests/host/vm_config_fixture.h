/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of descriptions of VMs share: a correct one (config_maker.h), with its bundle, and a list
 * of changes that make it wrong. Their programs are built once for each board, whose table of windows is
 * what there is to give.
 */
#ifndef TESTS_HOST_VM_CONFIG_FIXTURE_H
#define TESTS_HOST_VM_CONFIG_FIXTURE_H

#include "tests/host/config_maker.h"

/** A change of the correct description, and what is said about it. */
struct mistake {
	const char *old;
	const char *new;
	const char *node;
	const char *property; /* "": none */
	const char *text;     /* a part of it */
	const char *board;    /* NULL: both */
};

extern struct bundle bundle;
extern struct system_config config;
extern struct config_error error;
extern uint8_t tree[CONFIG_TREE_MAX];

int config_set_up(void **state);
unsigned config_row(const char *name);
bool config_reads(size_t size);
void config_read_correct(void);
void config_refuses_each(const struct mistake *mistakes, unsigned count);

#endif
