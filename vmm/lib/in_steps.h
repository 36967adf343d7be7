/* SPDX-License-Identifier: Apache-2.0 */
/* memcpy() and memset() of more than others can wait for: with preempt points. */
#ifndef VMM_LIB_IN_STEPS_H
#define VMM_LIB_IN_STEPS_H

#include <stddef.h>

void copy_in_steps(void *to, const void *from, size_t size);
void clear_in_steps(void *to, size_t size);

#endif
