/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzzers share. */
#ifndef TESTS_HOST_FUZZ_H
#define TESTS_HOST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/** A promise that holds for any input; libFuzzer keeps the input for which it does not. */
#define REQUIRE(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/** In each fuzzer: runs it with one input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
