/* SPDX-License-Identifier: Apache-2.0 */
/* Program status register: bits and modes (ARM ARM, A2.5). Constants only; C and assembly. */
#ifndef ARCH_ARM_PSR_H
#define ARCH_ARM_PSR_H

#define PSR_MODE_MASK 0x1f
#define PSR_MODE_USR  0x10
#define PSR_MODE_FIQ  0x11
#define PSR_MODE_IRQ  0x12
#define PSR_MODE_SVC  0x13
#define PSR_MODE_ABT  0x17
#define PSR_MODE_UND  0x1b
#define PSR_MODE_SYS  0x1f

#define PSR_T 0x00000020
#define PSR_F 0x00000040
#define PSR_I 0x00000080
#define PSR_J 0x01000000
#define PSR_Q 0x08000000
#define PSR_V 0x10000000
#define PSR_C 0x20000000
#define PSR_Z 0x40000000
#define PSR_N 0x80000000

#define PSR_BITS 0xf90000ff /* all that an ARMv5TEJ has; the others are reserved */

#endif
