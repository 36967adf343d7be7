/* SPDX-License-Identifier: Apache-2.0 */
/* For lwIP, on the board: what it looks network interfaces up with by their names, which is left out. */
#ifndef NET_STACK_LIBC_STDLIB_H
#define NET_STACK_LIBC_STDLIB_H

int atoi(const char *text);

#endif
