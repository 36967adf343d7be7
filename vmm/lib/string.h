/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The freestanding part of the C library's <string.h>: what the compiler may call on its own
 * (memcpy, memmove, memset, memcmp) and what we use of the rest. Semantics are those of the C
 * standard. Position independent: also used before the image has been moved to its place.
 */
#ifndef VMM_LIB_STRING_H
#define VMM_LIB_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);
int memcmp(const void *a, const void *b, size_t length);
void *memchr(const void *in, int value, size_t length);

size_t strlen(const char *text);
size_t strnlen(const char *text, size_t limit);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t limit);
char *strrchr(const char *in, int c);

#endif
