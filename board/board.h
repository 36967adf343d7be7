/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine we run on, and the machine a VM sees on it. Each board has one constant description,
 * in board/<name>/board.c; the Makefile links the one that was asked for. Nothing else in the VMM
 * knows a board's addresses or interrupt numbers.
 */
#ifndef BOARD_BOARD_H
#define BOARD_BOARD_H

#include "devemu/device.h"
#include "domain/vm_mem.h"
#include "vmm/lib/addr.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Drivers of the board's own devices. There is one of each but UARTs, so a driver keeps the pointer to
 * its registers that init() gives it; whoever calls init() maps the page. Users of a UART keep theirs.
 */

struct uart_driver {
	void (*init)(volatile uint32_t *regs);                  /* ready to send, interrupts off */
	bool (*try_put)(volatile uint32_t *regs, uint8_t byte); /* false: the FIFO is full */
	int (*get)(volatile uint32_t *regs);                    /* a byte, or -1 */
	void (*enable_rx_irq)(volatile uint32_t *regs, bool enable);
	/* Comes when the FIFO is emptied below a level, so fill it first. */
	void (*enable_tx_irq)(volatile uint32_t *regs, bool enable);
	void (*ack)(volatile uint32_t *regs); /* clears both; call it before get() and try_put() */
};

#define IRQCHIP_LEVELS 2

/** Interrupt numbers are flat: 0 to 31 on the primary controller, 32 to 63 on the secondary. */
struct irqchip_driver {
	void (*init)(volatile uint32_t *const regs[IRQCHIP_LEVELS]); /* everything masked */
	void (*mask)(unsigned irq);
	void (*unmask)(unsigned irq);
	int (*pending)(void);              /* an interrupt that is asserted and not masked, or -1 */
	bool (*is_asserted)(unsigned irq); /* level of the line, masked or not */
};

/** One deadline, in microseconds. */
struct timer_driver {
	void (*init)(volatile uint32_t *regs);
	/* One interrupt after @p us microseconds, at least 1; replaces an earlier one. */
	void (*arm)(uint32_t us);
	void (*ack)(void);
};

struct board_device {
	hpa_t base; /* of the registers: the page may hold other devices too */
	unsigned irq;
};

/** A word to store, for registers that need no driver. */
struct board_write {
	hpa_t address;
	uint32_t value;
};

/** How the colours of a pixel lie on the LCD controller's outputs: the two lowest bits of SYS_CLCD (DUI 0224I). */
enum board_colours {
	COLOURS_888,
	COLOURS_5551,
	COLOURS_565_RED_LOW,
	COLOURS_565_BLUE_LOW,
	COLOURS_COUNT,
};

/** What is between the LCD controller and the display. */
struct board_display {
	hpa_t address;                 /* of its register */
	uint32_t mask;                 /* the bits there that are its own */
	uint32_t value[COLOURS_COUNT]; /* ... for each order of colours; 0: it has none */
};

/*
 * The VM's devices: its physical address space looks like the board's, so a window's GPA is also
 * where its device is on the bus. Only RAM differs.
 */

/** Who an interrupt wire or line ends at. */
enum vm_sink {
	VM_SINK_NONE,
	VM_SINK_CPU,       /**< the vCPU: see VM_CPU_IRQ and VM_CPU_FIQ */
	VM_SINK_PRIMARY,   /**< the window marked .is = VM_SINK_PRIMARY */
	VM_SINK_SECONDARY, /**< the same */
	VM_SINK_CARD,      /**< the same: the model that latches the insertion of a card */
	VM_SINK_COUNT,
};

/** Inputs of VM_SINK_CPU. The vCPU sees the OR of its sources: IRQ is bit 0 of the input number. */
#define VM_CPU_IRQ(source) (2u * (source))
#define VM_CPU_FIQ(source) (2u * (source) + 1u)
#define VM_CPU_SOURCES     2

struct vm_wire {
	uint8_t sink; /* enum vm_sink */
	uint8_t input;
};

/** What dev->backend of an emulated window points to (devemu/backend.h). */
enum vm_backend {
	VM_BACKEND_NONE,
	VM_BACKEND_CONSOLE,      /**< struct uart_backend: the VM's console */
	VM_BACKEND_IRQ,          /**< struct irq_refresh */
	VM_BACKEND_SYSTEM,       /**< struct system_backend, .board = NULL */
	VM_BACKEND_SYSTEM_BOARD, /**< struct system_backend, .board = the board's own registers */
	VM_BACKEND_LCD_SWAPPED,  /**< none: a PL110 with LCDControl before LCDIMSC */
};

struct board_window {
	const char *name;
	uint32_t base; /* GPA, and HPA of MEM_DIRECT, MEM_READ_DIRECT and a back end's registers */
	uint32_t size;
	enum mem_kind kind;
	/* MEM_READ_DIRECT and MEM_EMULATED only: */
	const struct device_ops *ops;
	const void *params;
	enum vm_backend backend;
	const char *follows; /* SYSTEM_BOARD: only for the VM that has this direct row */
	enum vm_sink is;     /* this device is what such wires and lines end at */
	struct vm_wire wire[DEVICE_WIRES_MAX];
};

/* Rows of the table of windows, in the four forms there are. */
#define VM_DIRECT(n, b, s)                                                \
	{                                                                 \
		.name = (n), .base = (b), .size = (s), .kind = MEM_DIRECT \
	}
#define VM_INERT(n, b, s, ...)                                                                  \
	{                                                                                       \
		.name = (n), .base = (b), .size = (s), .kind = MEM_EMULATED, .ops = &inert_ops, \
		.params = __VA_ARGS__                                                           \
	}
#define VM_MODEL(n, b, s, o, ...)                                                         \
	{                                                                                 \
		.name = (n), .base = (b), .size = (s), .kind = MEM_EMULATED, .ops = &(o), \
		__VA_ARGS__                                                               \
	}
#define VM_READ_DIRECT(n, b, s, o, ...)                                                      \
	{                                                                                    \
		.name = (n), .base = (b), .size = (s), .kind = MEM_READ_DIRECT, .ops = &(o), \
		__VA_ARGS__                                                                  \
	}

/**
 * An interrupt line of the board that the VM's virtual controller shows. Of a device with several, a
 * table has the same one first on all boards: they are numbered so between two.
 */
struct board_irq {
	uint8_t irq;  /* flat number on the board */
	uint8_t sink; /* enum vm_sink */
	uint8_t input;
	const char *window; /* name of the row that it belongs to, and goes to a VM with */
};

/* A VM's virtio devices: windows of one page each, their interrupts on the primary controller. */
#define VM_VIRTIO_BASE 0xf0010000u
#define VM_VIRTIO_SIZE 0x1000u
#define VM_VIRTIO_MAX  8

#define BOARD_SILENCE_MAX 4
#define BOARD_RESETS_MAX  2

struct board {
	const char *name;
	uint32_t machine_id; /* in r1 when a boot loader starts a kernel */
	struct {
		hpa_t base;
		uint32_t size;
	} ram;

	const struct uart_driver *uart_driver; /* of each of them */
	struct board_device console;
	const struct irqchip_driver *irqchip_driver;
	hpa_t irqchip[IRQCHIP_LEVELS];
	const struct timer_driver *timer_driver;
	struct board_device timer;
	hpa_t counter; /* free running, 24 MHz, 32 bits; read by board/<name>/counter.h */
	struct board_write silence[BOARD_SILENCE_MAX]; /* at the start; value 0 ends the list */
	struct board_write
		flash_enable; /* sets bits that let writes, and commands, through to flash */
	struct board_display display;  /* that is lit */
	hpa_t reset[BOARD_RESETS_MAX]; /* registers that restart the board: out of a VM's reach */

	const struct board_window *windows; /* of the VM, sorted by base */
	unsigned window_count;
	const struct board_irq *irqs;
	unsigned irq_count;
	uint8_t virtio_input[VM_VIRTIO_MAX]; /* of the primary controller: free, or of few rows */
};

extern const struct board board;

struct nic_driver;

/** The driver of its Ethernet (board/nic.h), in images that drive that themselves. */
extern const struct nic_driver *const board_nic;

struct card_driver;

/** The driver of its card slot (board/card.h), in the same images. */
extern const struct card_driver *const board_card;

#endif
