/* SPDX-License-Identifier: Apache-2.0 */
/* Memories that the model can be put on: docs/arm926-model.md, "Cycles". */
#ifndef TESTS_ARM926_MODEL_PROFILES_H
#define TESTS_ARM926_MODEL_PROFILES_H

#include "tests/arm926-model/memsys.h"

const struct memory_profile *profile_find(const char *name);
const char *profile_names(void);
const struct memory_profile *profile_default(void);

#endif
