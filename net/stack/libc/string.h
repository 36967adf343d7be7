/* SPDX-License-Identifier: Apache-2.0 */
/* For lwIP and mbedTLS, on the board. */
#ifndef NET_STACK_LIBC_STRING_H
#define NET_STACK_LIBC_STRING_H

#include "vmm/lib/string.h"

#endif
