/* SPDX-License-Identifier: Apache-2.0 */
/* For mbedTLS, on the board, which uses none of its own. */
#ifndef NET_STACK_LIBC_ASSERT_H
#define NET_STACK_LIBC_ASSERT_H

#include "vmm/lib/check.h"

#define assert(expr) CHECK(expr)

#endif
