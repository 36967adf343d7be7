/* SPDX-License-Identifier: Apache-2.0 */
/* What lwIP asks of compiler and platform: there is no C library behind it on the board. */
#ifndef NET_STACK_ARCH_CC_H
#define NET_STACK_ARCH_CC_H

#include "vmm/lib/check.h"
#include "vmm/lib/copy.h"

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_CTYPE_H    1

#define X8_F  "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "u"

/* Of frames and the like, whatever their alignment. */
#define MEMCPY(to, from, length) copy_bytes(to, from, length)

#define LWIP_PLATFORM_DIAG(message)
/* No frame can make one of these untrue; if one is, memory is not what it should be. */
#define LWIP_PLATFORM_ASSERT(text) panic("lwIP: not true: %s\n", text)

#endif
