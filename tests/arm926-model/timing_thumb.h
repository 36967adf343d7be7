/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ARM926_MODEL_TIMING_THUMB_H
#define TESTS_ARM926_MODEL_TIMING_THUMB_H

#include <stdint.h>

/** An ARM instruction that takes as long as this Thumb one and uses the same registers. */
uint32_t timing_thumb_as_arm(uint16_t half);

#endif
