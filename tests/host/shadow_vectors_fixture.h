/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of domain/shadow_vectors.c share: a guest with high vectors, a kernel, a program in slot
 * 0, and two page directories with the same in them.
 */
#ifndef TESTS_HOST_SHADOW_VECTORS_FIXTURE_H
#define TESTS_HOST_SHADOW_VECTORS_FIXTURE_H

#include "tests/host/core_machine.h"

#define DIR     0x00010000u
#define DIR_B   0x00014000u
#define PROGRAM 0x00020000u /* level 2 tables: slot 0, 0xfff, and another one for that */
#define HIGH    0x00020400u
#define HIGH_B  0x00020800u
#define FINE    0x00021000u
#define LIMIT   0xbf000000u
#define LINEAR  0xd0000000u

/* Pages. What is copied is in the second MiB, with nothing else of interest. */
#define CODE   0x00060000u
#define VECTOR 0x00110000u
#define OTHER  0x00111000u
#define STUBS  0x00112000u

#define VECTORS_VA 0xffff0000u
#define TLS        0xffff0ff0u
#define KUSER      0xffff0fc0u
#define PROGRAM_VA 0x00060000u

/* Domains 1 of programs, 2 of the vectors, 0 of the kernel; as Linux has them. */
#define OPEN    0x15u
#define CLOSED  0x11u
#define NOTHING 0x01u

#define L1(table, domain) ((table) | (domain) << 5 | 0x11)
#define PAGE(page, ap)    ((page) | (ap)*0x550u | 0xe)

int start_guest(bool announces);
int start_shared(void **state);
void assert_given_up(void);

enum shadow_result touch(uint32_t va, bool write);
bool reaches(uint32_t va, bool write);
uint32_t load(uint32_t va);

void set_dacr(uint32_t dacr);
void set_pte(uint32_t at, uint32_t value);
void set_pmd(uint32_t at, uint32_t value);

#endif
