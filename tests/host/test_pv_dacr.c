/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that has said which two values its DACR changes between (vcpu/pv_dacr.c): whatever comes
 * after whatever, the real DACR, the copy in the page and what the hardware lets through are those of
 * the guest's DACR. What arch/arm/fastpath_dacr.S does is done here, step by step, when it may be.
 */
#include "tests/host/pv_fixture.h"

#include "arch/arm/sctlr.h"
#include "domain/shadow_internal.h"
#include "vcpu/guest_abi.h"
#include "vcpu/guest_mem.h"
#include "vcpu/pv.h"
#include "vmm/lib/bits.h"

#include <string.h>

#define DIR     0x00010000u
#define COARSE  0x00040000u
#define PAGES   7u /* page n is in domain n % 4 */
#define PAGE_VA 0x40000000u

#define CLOSED 0x51u
#define OPEN   0x55u

static const struct pv_info usual = {
	.magic = PV_INFO_MAGIC,
	.version = PV_INFO_VERSION,
	.code_va = 0xc0200000,
	.user_limit = 0xbf000000,
	.swi_entry = 0xc0200100,
	.return_site = 0xc0200240,
	.call_dacr = CLOSED,
	.return_dacr = OPEN,
	.dacr_at = PV_DACR_AT_SWI | PV_DACR_AT_RETURN | 1u << PV_ENTRY_DABT_USR |
		   1u << PV_ENTRY_IRQ_USR,
	.entry = { 0xc0200400, 0xc0200410, 0xc0200420, 0xc0200430, 0xc0200440, 0xc0200450,
		   0xc0200460, 0xc0200470 },
};

static struct vcpu *const vcpu = &machine.vcpu;
static unsigned fast_steps;

/**
 * Page 4 is the kernel's, and page 6 nobody may use; they are in the tables of pages 0 and 2. Page 5 is
 * beside the VMM's vectors.
 */
static const struct {
	uint32_t va, table, bits;
} pages[PAGES] = {
	{ PAGE_VA, COARSE, 0xffe },
	{ PAGE_VA + 0x100000, COARSE + 0x400, 0xffe },
	{ PAGE_VA + 0x200000, COARSE + 0x800, 0xffe },
	{ PAGE_VA + 0x300000, COARSE + 0xc00, 0xffe },
	{ PAGE_VA + PAGE_SIZE, COARSE, 0x55e },
	{ PAGE_SIZE, COARSE + 0x1000, 0xffe },
	{ PAGE_VA + 0x200000 + PAGE_SIZE, COARSE + 0x800, 0x00e },
};

/** Whether the present mode may write a page of a domain whose access is client. */
static bool is_open(unsigned n)
{
	return (vcpu->mmu.dacr >> (2 * (n % 4)) & 1u) && (n != 4 || vcpu_privileged(vcpu)) &&
	       n != 6;
}

/** In a manager domain all may write all. */
static bool is_manager(unsigned n)
{
	return (vcpu->mmu.dacr >> (2 * (n % 4)) & 3u) == 3u;
}

static int start(void **state)
{
	pv_fixture_start(&usual);
	for (unsigned n = 0; n < PAGES; n++) {
		guest_set_word(DIR + (pages[n].va >> 20) * 4, pages[n].table | (n % 4) << 5 | 0x11);
		guest_set_word(pages[n].table + ((pages[n].va >> 12) & 0xffu) * 4,
			       0x00101000u + n * PAGE_SIZE + pages[n].bits);
	}
	machine_mcr(MCR_DACR, OPEN);
	machine_mcr(MCR_TTBR, DIR);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | SCTLR_V);
	pv_settle(vcpu);
	fast_steps = 0;
	return 0;
}

/**
 * Whether trap_undef finds no word that is @p dacr_proxy: it clears bits 15:12. The word is what memory
 * holds, which need not be undefined: the core may have executed an older one of its instruction cache.
 */
static bool is_never_found(uint32_t dacr_proxy)
{
	return dacr_proxy & 0xf000u;
}

/** What must hold between any two instructions of the guest. */
static void check_state(void)
{
	const uint32_t dacr = vcpu->mmu.dacr;
	uint32_t image[2], at;

	assert_true(vcpu->fast.dacr_proxy == PV_DACR_PROXY ||
		    is_never_found(vcpu->fast.dacr_proxy));
	shadow_dacr_image(vcpu->shadow, dacr, image);
	assert_int_equal(machine.hw.dacr,
			 image[vcpu_privileged(vcpu)] | (vcpu_pv_open(vcpu) ? MMU_DACR_PV : 0));
	if (vcpu_pv_open(vcpu))
		assert_int_equal(field(PV_DACR), dacr);
	for (unsigned n = 0; n < PAGES; n++)
		if (!is_open(n) && !is_manager(n))
			assert_int_not_equal(machine_access(pages[n].va, true, &at), 0);
}

static const struct vcpu_dacr *pair_of(uint32_t value)
{
	for (unsigned i = 0; i < 2; i++)
		if (vcpu->fast.pair[i].guest == value)
			return &vcpu->fast.pair[i];
	return 0;
}

static void becomes(const struct vcpu_dacr *value, uint32_t real)
{
	machine.hw.dacr = real;
	vcpu->mmu.dacr = value->guest;
	set_field(PV_DACR, value->guest);
	fast_steps++;
}

/** trap_write_dacr: nothing else in the VMM runs, before or after. */
static void fast_write(uint32_t value)
{
	const struct vcpu_dacr *const to = pair_of(value);

	if (vcpu->fast.dacr_proxy != PV_DACR_PROXY || !vcpu_privileged(vcpu) || !to)
		return;
	assert_true(vcpu_pv_open(vcpu));
	becomes(to, to->kernel);
}

/** fast_call_dacr. */
static void fast_call(void)
{
	const uint32_t sp = vcpu->bank_r13[BANK_SVC];

	if (vcpu->ctl != vcpu->fast.call_from)
		return;
	assert_int_equal(vcpu->fast.call_path, trap_swi_paths[FAST_CALL_DACR]);
	assert_int_equal(vcpu_mode(vcpu), PSR_MODE_USR);
	becomes(&vcpu->fast.pair[0], vcpu->fast.dacr_kernel);
	vcpu->ctl = PSR_MODE_SVC | PSR_I;
	page[PV_CTL] = PSR_MODE_SVC | PSR_I;
	vcpu->frame.r[13] = sp;
}

/** fast_return_dacr, at the return site. */
static void fast_return(void)
{
	if (vcpu->ctl == vcpu->fast.call_from || vcpu->fast.return_lr != usual.return_site + 4)
		return;
	if (vcpu->retry.expected) {
		assert_int_equal(vcpu->fast.return_path, trap_swi_paths[FAST_RETURN_RETRY]);
		if (!pv_retry(vcpu))
			return;
	}
	assert_int_equal(vcpu->fast.return_path, trap_swi_paths[FAST_RETURN_DACR]);
	assert_true(vcpu_pv_open(vcpu));
	becomes(&vcpu->fast.pair[1], vcpu->fast.dacr_program);
	vcpu->bank_r13[BANK_SVC] = field(PV_SVC_SP);
	vcpu->ctl = PSR_MODE_USR;
}

/** An entry changes DACR if dacr_at says so, and it is one from a program. */
static void check_entry(void)
{
	static const struct {
		enum trap_kind kind;
		unsigned entry;
	} kinds[] = { { TRAP_UNDEF, PV_ENTRY_UND_USR },
		      { TRAP_PABT, PV_ENTRY_PABT_USR },
		      { TRAP_DABT, PV_ENTRY_DABT_USR },
		      { TRAP_IRQ, PV_ENTRY_IRQ_USR } };
	const unsigned k = rnd_below(ARRAY_SIZE(kinds));
	const bool closes =
		vcpu_mode(vcpu) == PSR_MODE_USR && (usual.dacr_at >> kinds[k].entry & 1u);
	const uint32_t before = vcpu->mmu.dacr;

	vcpu->frame.pc = 0x8000;
	if (pv_inject(vcpu, kinds[k].kind))
		assert_int_equal(vcpu->mmu.dacr, closes ? CLOSED : before);
	else
		assert_int_equal(vcpu->mmu.dacr, before);
}

static void check_return(void)
{
	const uint32_t before = vcpu->mmu.dacr;

	vcpu->frame.pc = usual.return_site;
	vcpu->frame.cpsr &= ~(uint32_t)PSR_T;
	if (pv_return(vcpu))
		assert_int_equal(vcpu->mmu.dacr, OPEN);
	else
		assert_int_equal(vcpu->mmu.dacr, before);
}

/** A page that its domain is open for can be filled, and then reached. */
static void check_page(void)
{
	const unsigned n = rnd_below(rnd_below(8) ? 4 : PAGES);
	const struct mem_region *region;
	struct guest_translation t;
	struct guest_fault fault;
	uint32_t at;

	guest_found_nothing(vcpu);
	region = guest_translate(vcpu, pages[n].va, vcpu_privileged(vcpu), true, &t, &fault);
	assert_int_equal(!!region, is_open(n) || is_manager(n));
	if (!region)
		return;
	if (shadow_fill(vcpu_shadow(vcpu), gva(pages[n].va), &t, region, RIGHTS_WRITE) ==
	    SHADOW_EMULATE)
		return;
	mmu_tlb_invalidate(pages[n].va);
	assert_int_equal(machine_access(pages[n].va, true, &at), 0);
}

static uint32_t random_value(void)
{
	static const uint32_t values[] = { CLOSED, OPEN, CLOSED, OPEN, CLOSED, OPEN,
					   CLOSED, OPEN, 0x75,   0x15, 0x00,   0xff };

	return values[rnd_below(ARRAY_SIZE(values))];
}

static uint32_t random_mode(void)
{
	switch (rnd_below(4)) {
	case 0:
		return machine_modes[rnd_below(MACHINE_MODES)] | (rnd() & PSR_I);
	case 1:
		return PSR_MODE_SVC | (rnd() & PSR_I);
	default:
		return PSR_MODE_USR;
	}
}

static void random_step(bool with_fiq)
{
	switch (rnd_below(12)) {
	case 0:
		if (vcpu_privileged(vcpu))
			machine_mcr(MCR_DACR, random_value());
		break;
	case 1:
		vcpu_set_cpsr(vcpu, (rnd() & FLAGS) | random_mode());
		break;
	case 2:
		vcpu->interrupt = rnd_below(4) ? 0 : with_fiq ? PSR_F : PSR_I;
		break;
	case 3:
		check_entry();
		break;
	case 4:
		check_return();
		break;
	case 5:
		check_page();
		break;
	case 6:
		if (rnd_below(20) == 0)
			shadow_flush_all(vcpu_shadow(vcpu));
		if (vcpu_privileged(vcpu) && rnd_below(2)) /* before pv_settle() */
			pv_set_dacr(vcpu, random_value());
		break;
	case 7: /* one trap may do both */
		check_page();
		if (vcpu_privileged(vcpu))
			pv_set_dacr(vcpu, random_value());
		break;
	default: /* the guest alone: the VMM does not run behind it */
		for (unsigned i = rnd_below(8); i > 0; i--) {
			fast_call();
			fast_write(random_value());
			if (rnd() & 1u)
				fast_return();
			check_state();
		}
		return;
	}
	pv_settle(vcpu);
}

static void the_real_dacr_follows_any_sequence(void **state)
{
	for (unsigned number = 1; number <= 200; number++) {
		start(state);
		seed(number);
		for (unsigned step = 0; step < 2000; step++) {
			random_step(number % 8 == 0);
			check_state();
		}
		assert_true(number % 8 == 0 || fast_steps > 200); /* without FIQs */
	}
}

/** Fills page 5, which is beside the VMM's vectors, for both levels. */
static void fill_beside_the_vectors(void)
{
	const struct mem_region *region;
	struct guest_translation t;
	struct guest_fault fault;

	guest_found_nothing(vcpu);
	region = guest_translate(vcpu, pages[5].va, true, true, &t, &fault);
	assert_non_null(region);
	assert_int_equal(shadow_fill(vcpu_shadow(vcpu), gva(pages[5].va), &t, region, RIGHTS_WRITE),
			 SHADOW_FILLED);
	pv_settle(vcpu);
}

/**
 * One line of the board raises IRQ and FIQ; only FIQ is masked. The entry for the IRQ changes DACR, and
 * with it the place of the vectors' slot: the page is not closed while it is being written.
 */
static void a_first_fiq_comes_with_an_irq(void **state)
{
	fill_beside_the_vectors();
	vcpu_set_cpsr(vcpu, PSR_MODE_USR | PSR_F);
	assert_true(shadow_views_alike(vcpu->shadow));
	assert_int_not_equal(vcpu->fast.dacr_proxy, PV_DACR_PROXY);
	vcpu->frame.pc = 0x8000;
	vcpu->interrupt = PSR_I | PSR_F;
	if (pv_inject(vcpu, TRAP_IRQ))
		assert_true(vcpu_pv_open(vcpu));
	else
		assert_int_equal(vcpu_mode(vcpu), PSR_MODE_USR);
	pv_settle(vcpu);
	assert_true(vcpu->pv_shut);
	check_state();
}

static void other_guests_have_no_writes_of_their_own(void **state)
{
	vcpu->pv_page = NULL;
	vcpu->pv = (struct pv_info){ 0 };
	vcpu_reset(vcpu);
	assert_true(is_never_found(vcpu->fast.dacr_proxy));
}

/** The proxies of the writes are where the assembly takes them to be, whatever the guest's table says. */
static void the_table_has_the_writes(void **state)
{
	static struct proxy table[PROXY_TABLE_MAX];
	uint32_t words[64];
	struct pv_info info = usual;

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = 0xe10f0000; /* mrs r0, cpsr */
	proxy_table_make(table, PROXY_TABLE_MAX, words, ARRAY_SIZE(words));
	pv_dacr_proxies(table, &info);
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		const bool write = i - PV_DACR_INDEX < 15;
		const uint32_t word = write ? 0xee030f10u | (i - PV_DACR_INDEX) << 12 : words[i];
		const struct proxy expected = proxy_decode(word);

		assert_ptr_equal(table[i].emulate, expected.emulate);
		assert_int_equal(table[i].arg, expected.arg);
	}
	info.call_dacr = info.return_dacr;
	proxy_table_make(table, PROXY_TABLE_MAX, words, ARRAY_SIZE(words));
	pv_dacr_proxies(table, &info);
	assert_ptr_equal(table[PV_DACR_INDEX].emulate, proxy_decode(words[0]).emulate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_real_dacr_follows_any_sequence, start),
		cmocka_unit_test_setup(a_first_fiq_comes_with_an_irq, start),
		cmocka_unit_test_setup(other_guests_have_no_writes_of_their_own, start),
		cmocka_unit_test_setup(the_table_has_the_writes, start),
	};

	return cmocka_run_group_tests_name("DACR of paravirtual guests", tests, NULL, NULL);
}
