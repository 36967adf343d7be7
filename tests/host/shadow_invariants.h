/* SPDX-License-Identifier: Apache-2.0 */
/* The bookkeeping of the shadow's pool, counted again from what the contexts say. */
#ifndef TESTS_HOST_SHADOW_INVARIANTS_H
#define TESTS_HOST_SHADOW_INVARIANTS_H

#include "domain/shadow.h"

#include <stdbool.h>

/** Prints what is wrong, if anything is. */
bool shadow_invariants_hold(const struct shadow *sh);

#endif
