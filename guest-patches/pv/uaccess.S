/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's accesses to programs' memory: arch/arm/lib/copy_from_user.S and its neighbours.
 *
 * The originals have their ldrt and strt turned into ldr and str where they stand, so that an abort
 * finds its entry in the kernel's exception table. Those are safe below TASK_SIZE, where the VMM
 * gives these functions the rights of User mode (pv_info.range); here is the check that they stay
 * there. What is not below TASK_SIZE fails as if it were not mapped: programs' vectors page, too,
 * as in kernels for later CPUs.
 *
 * Where the first word of a function is the access itself, that word now leads here, and the value
 * passes through another access of the same kind, of the 8- or 2-byte function.
 */
#include "guest-patches/pv/pv.h"

/* Carry, if \size bytes from \start are below TASK_SIZE. */
	.macro CHECK start, size, temp
	rsbs	\temp, \start, #TASK_SIZE
	cmpcs	\temp, \size
	.endm

/* unsigned long arm_copy_from_user(void *to, const void *from, unsigned long n): what is left */
	FUNCTION pv_copy_from_user
	CHECK	r1, r2, r3
	mov	r3, #0
	bcs	hook_arm_copy_from_user + 4
	mov	r0, r2
	mov	pc, lr

/* unsigned long arm_copy_to_user(void *to, const void *from, unsigned long n): what is left */
	FUNCTION pv_copy_to_user
	CHECK	r0, r2, r3
	mov	r3, #0
	bcs	hook_arm_copy_to_user + 4
	mov	r0, r2
	mov	pc, lr

/* unsigned long arm_clear_user(void *addr, unsigned long n): what is left */
	FUNCTION pv_clear_user
	CHECK	r0, r1, r2
	pushcs	{r1, lr}
	bcs	hook_arm_clear_user + 4
	mov	r0, r1
	mov	pc, lr

/* __wsum csum_partial_copy_from_user(const void *from, void *to, int len): 0 is a failure */
	FUNCTION pv_csum_partial_copy_from_user
	CHECK	r0, r2, r3
	pushcs	{r1, r2, r4 - r8, lr}
	bcs	hook_csum_partial_copy_from_user + 4
	mov	r0, #0
	mov	pc, lr

/* The same with software PAN; the original starts with DACR to ip. */
	FUNCTION pv_csum_partial_copy_from_user_pan
	ldr	ip, =PV_PAGE + PV_DACR
	CHECK	r0, r2, r3
	ldr	ip, [ip]
	bcs	hook_csum_partial_copy_from_user + 4
	mov	r0, #0
	mov	pc, lr

/*
 * __get_user_*: r0 = address; leaves r0 = 0 or -EFAULT and the value in r2, of 8 bytes in r2 and
 * r3. __get_user_2 may use ip, nothing else changes. Words that are not aligned go through
 * arm_copy_from_user, which knows how.
 */
	FUNCTION pv_get_user_1
	cmp	r0, #TASK_SIZE
	bcs	__get_user_bad
	push	{ip, lr}
	mov	r2, #0
	bl	hook_get_user_2 + 4		/* r2 |= byte << 8 */
	lsr	r2, r2, #8
	pop	{ip, pc}

	FUNCTION pv_get_user_2
	CHECK	r0, #2, ip
	bcc	__get_user_bad
	push	{r0, lr}
	mov	r2, #0
	bl	hook_get_user_2 + 4
	teq	r0, #0
	bne	1f
	lsr	r2, r2, #8
	pop	{r0, lr}
	add	r0, r0, #1
	b	hook_get_user_2 + 4
1:	add	sp, sp, #4
	pop	{pc}

	FUNCTION pv_get_user_4
	cmp	r0, #TASK_SIZE
	bcs	__get_user_bad
	tst	r0, #3
	bne	1f
	push	{r3, lr}
	bl	hook_get_user_8 + 4		/* the word to r3 */
	mov	r2, r3
	pop	{r3, pc}
1:	push	{r1, r3, ip, lr}
	mov	r2, #4
	bl	get_user_unaligned
	pop	{r1, r3, ip, pc}

	FUNCTION pv_get_user_8
	CHECK	r0, #8, r3
	bcc	__get_user_bad8
	tst	r0, #3
	bne	1f
	push	{r0, lr}
	bl	hook_get_user_8 + 4
	teq	r0, #0
	bne	2f
	mov	r2, r3
	pop	{r0, lr}
	add	r0, r0, #4
	b	hook_get_user_8 + 4
1:	push	{r1, ip, lr}
	mov	r2, #8
	bl	get_user_unaligned
	pop	{r1, ip, pc}
2:	add	sp, sp, #4
	pop	{pc}

/* r0 = address, r2 = 4 or 8; to r2 and r3, 0 if it fails; r0 = 0 or -EFAULT; clobbers r1, ip. */
	FUNCTION get_user_unaligned
	push	{lr}
	sub	sp, sp, #8
	mov	r1, r0
	mov	r0, sp
	bl	arm_copy_from_user
	pop	{r2, r3, lr}
	cmp	r0, #0
	mvnne	r0, #13
	movne	r2, #0
	movne	r3, #0
	mov	pc, lr

/*
 * __put_user_*: r0 = address, r2 and r3 = value; leaves r0 = 0 or -EFAULT. ip is free, as the
 * kernel's put_user() says.
 */
	FUNCTION pv_put_user_1
	cmp	r0, #TASK_SIZE
	bcs	__put_user_bad
	mov	ip, r2
	b	hook_put_user_2 + 8		/* stores ip */

	FUNCTION pv_put_user_2
	CHECK	r0, #2, ip
	lsr	ip, r2, #8
	bcs	hook_put_user_2 + 4
	b	__put_user_bad

	FUNCTION pv_put_user_4
	cmp	r0, #TASK_SIZE
	bcs	__put_user_bad
	tst	r0, #3
	bne	put_user_unaligned_4
	push	{r3, lr}
	mov	r3, r2
	bl	hook_put_user_8 + 4		/* stores r3 */
	pop	{r3, pc}

	FUNCTION pv_put_user_8
	CHECK	r0, #8, ip
	bcc	__put_user_bad
	tst	r0, #3
	bne	put_user_unaligned_8
	push	{r0, r3, lr}
	mov	r3, r2
	bl	hook_put_user_8 + 4
	teq	r0, #0
	bne	1f
	pop	{r0, r3, lr}
	add	r0, r0, #4
	b	hook_put_user_8 + 4
1:	add	sp, sp, #4
	pop	{r3, pc}

/* r0 = address, \size bytes of r2 and r3 to it; r0 = 0 or -EFAULT; clobbers ip. */
	.macro PUT_UNALIGNED size
	FUNCTION put_user_unaligned_\size
	push	{r1 - r3, lr}
	add	r1, sp, #4
	mov	r2, #\size
	bl	arm_copy_to_user
	cmp	r0, #0
	mvnne	r0, #13
	pop	{r1 - r3, pc}
	.endm

	PUT_UNALIGNED 4
	PUT_UNALIGNED 8
	.ltorg
