/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_GUEST_KEYS_H
#define TESTS_GUEST_KEYS_H

/** The next key typed at the console. Sleeps between one look at the UART and the next. */
char next_key(void);

#endif
