/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks of hostile_pv.c that have a file of their own. */
#ifndef TESTS_GUEST_HOSTILE_PV_VECTORS_H
#define TESTS_GUEST_HOSTILE_PV_VECTORS_H

void hostile_vectors_from_everywhere(void);
void hostile_vectors_executed(void);

#endif
