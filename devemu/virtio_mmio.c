// SPDX-License-Identifier: Apache-2.0
#include "devemu/virtio_mmio.h"

#define VENDOR_ID 0x4f4b4148u /* "HAKO" */

/*
 * Required of the driver, too. ACCESS_PLATFORM: rings and buffers are read and written past the
 * guest's cache, so it has to treat the device as a bus master that is not coherent. (6.1)
 */
#define REQUIRED (VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM)
#define OFFERED  (REQUIRED | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX)

enum area { DESCRIPTOR_AREA, DRIVER_AREA, DEVICE_AREA };

static struct virtio_mmio *state_of(const struct device *dev)
{
	return dev->state;
}

static void update_irq(struct device *dev)
{
	device_set_irq(dev, 0, state_of(dev)->interrupt_status != 0);
}

static void interrupt(struct device *dev, uint32_t cause)
{
	state_of(dev)->interrupt_status |= cause;
	update_irq(dev);
}

static uint64_t offered(const struct device *dev)
{
	const struct virtio_model *model = state_of(dev)->model;

	return OFFERED | (model->features ? model->features(dev) : 0);
}

/** Half @p select of a set of features; there are two. */
static uint32_t half(uint64_t features, uint32_t select)
{
	return select < 2 ? (uint32_t)(features >> (32 * select)) : 0;
}

/** Returns false for a half that is not there, unless nothing is in it. */
static bool set_half(uint64_t *features, uint32_t select, uint32_t value)
{
	if (select == 0)
		*features = (*features & ~0xffffffffull) | value;
	else if (select == 1)
		*features = (*features & 0xffffffffull) | (uint64_t)value << 32;
	else
		return value == 0;
	return true;
}

static bool are_features_acceptable(const struct device *dev)
{
	const struct virtio_mmio *s = state_of(dev);
	const struct virtio_model *model = s->model;

	return (s->features & ~offered(dev)) == 0 && (s->features & REQUIRED) == REQUIRED &&
	       (!model->accepts || model->accepts(dev, s->features));
}

/** The state after a driver's reset. (2.1: writing 0 to the status; 2.4) */
static void driver_reset(struct device *dev)
{
	struct virtio_mmio *s = state_of(dev);

	uint32_t starts[VIRTIO_QUEUES_MAX];

	for (unsigned n = 0; n < VIRTIO_QUEUES_MAX; n++)
		starts[n] = s->queue[n].starts;
	*s = (struct virtio_mmio){ .model = s->model };
	for (unsigned n = 0; n < VIRTIO_QUEUES_MAX; n++)
		s->queue[n].starts = starts[n] + 1; /* as vq_stop() does */
	if (s->model->reset)
		s->model->reset(dev);
	update_irq(dev);
}

/** Power-on state of a device type: for its ops->reset. */
void virtio_mmio_reset(struct device *dev, const struct virtio_model *model)
{
	state_of(dev)->model = model;
	driver_reset(dev);
}

/** The queue that QueueSel names, or NULL: not every number has one. */
static struct virtqueue *selected_queue(struct virtio_mmio *s)
{
	return s->queue_sel < s->model->queue_count ? &s->queue[s->queue_sel] : NULL;
}

/** Where the driver put a queue, if that can be right at all; vq_start() checks the rest. */
static bool get_layout(const struct virtio_queue_setup *setup, struct vq_layout *at)
{
	if (setup->high[DESCRIPTOR_AREA] || setup->high[DRIVER_AREA] || setup->high[DEVICE_AREA])
		return false;
	*at = (struct vq_layout){
		.size = (uint16_t)setup->size,
		.descriptors = gpa(setup->low[DESCRIPTOR_AREA]),
		.avail = gpa(setup->low[DRIVER_AREA]),
		.used = gpa(setup->low[DEVICE_AREA]),
	};
	return true;
}

/**
 * QueueReady. A queue whose parts are not in RAM, or not aligned, does not become ready; as hardly a
 * driver looks, the device asks for a reset, too.
 */
static void set_queue_ready(struct device *dev, uint32_t offset, uint32_t value)
{
	struct virtio_mmio *s = state_of(dev);
	struct virtqueue *vq = selected_queue(s);
	struct vq_layout at;

	if (vq && value == 0) {
		vq_stop(vq);
		if (s->model->stop)
			s->model->stop(dev, s->queue_sel);
	} else if (!vq || value != 1 || vq->ready || !(s->status & VIRTIO_STATUS_FEATURES_OK)) {
		device_guest_error(dev, offset);
	} else if (!get_layout(&s->setup[s->queue_sel], &at) ||
		   !vq_start(vq, dev->dma, &at, s->features)) {
		device_guest_error(dev, offset);
		virtio_needs_reset(dev);
	}
}

/** QueueNum and the addresses: not while the queue is in use. (4.2.2.2) */
static void set_up_queue(struct device *dev, uint32_t offset, uint32_t value)
{
	struct virtio_mmio *s = state_of(dev);
	const struct virtqueue *vq = selected_queue(s);
	struct virtio_queue_setup *setup = &s->setup[s->queue_sel % VIRTIO_QUEUES_MAX];

	if (!vq || vq->ready) {
		device_guest_error(dev, offset);
		return;
	}
	switch (offset) {
	case VIRTIO_MMIO_QUEUE_NUM:
		if (value <= s->model->queue_size)
			setup->size = value;
		else
			device_guest_error(dev, offset);
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
		setup->low[DESCRIPTOR_AREA] = value;
		break;
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		setup->high[DESCRIPTOR_AREA] = value;
		break;
	case VIRTIO_MMIO_QUEUE_DRIVER_LOW:
		setup->low[DRIVER_AREA] = value;
		break;
	case VIRTIO_MMIO_QUEUE_DRIVER_HIGH:
		setup->high[DRIVER_AREA] = value;
		break;
	case VIRTIO_MMIO_QUEUE_DEVICE_LOW:
		setup->low[DEVICE_AREA] = value;
		break;
	default: /* VIRTIO_MMIO_QUEUE_DEVICE_HIGH */
		setup->high[DEVICE_AREA] = value;
		break;
	}
}

/**
 * The driver's steps. (3.1.1) A bit that is set stays set until a reset. FEATURES_OK stays clear
 * when the features will not do, which the driver has to check; without it there is no DRIVER_OK.
 */
static void set_status(struct device *dev, uint32_t value)
{
	struct virtio_mmio *s = state_of(dev);
	uint32_t added =
		value & ~s->status &
		(VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK |
		 VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FAILED);

	if (value == 0) {
		driver_reset(dev);
		return;
	}
	if ((added & VIRTIO_STATUS_FEATURES_OK) && !are_features_acceptable(dev))
		added &= ~VIRTIO_STATUS_FEATURES_OK;
	if ((added & VIRTIO_STATUS_DRIVER_OK) &&
	    !((s->status | added) & VIRTIO_STATUS_FEATURES_OK)) {
		device_guest_error(dev, VIRTIO_MMIO_STATUS);
		added &= ~VIRTIO_STATUS_DRIVER_OK;
	}
	s->status |= added;
}

static void set_driver_features(struct device *dev, uint32_t value)
{
	struct virtio_mmio *s = state_of(dev);

	if ((s->status & VIRTIO_STATUS_FEATURES_OK) ||
	    !set_half(&s->features, s->driver_features_sel, value))
		device_guest_error(dev, VIRTIO_MMIO_DRIVER_FEATURES);
}

static void notify(struct device *dev, uint32_t queue)
{
	const struct virtio_mmio *s = state_of(dev);

	if (queue >= s->model->queue_count || !(s->status & VIRTIO_STATUS_DRIVER_OK))
		device_guest_error(dev, VIRTIO_MMIO_QUEUE_NOTIFY);
	else if (virtio_is_live(dev) && s->queue[queue].ready)
		s->model->notify(dev, queue);
}

static uint32_t read_config(struct device *dev, uint32_t offset)
{
	const struct virtio_model *model = state_of(dev)->model;
	uint32_t words[VIRTIO_CONFIG_MAX / 4] = { 0 };

	if (offset - VIRTIO_MMIO_CONFIG >= model->config_size) {
		device_guest_error(dev, offset);
		return 0;
	}
	model->config(dev, (uint8_t *)words);
	return words[(offset - VIRTIO_MMIO_CONFIG) / 4];
}

/**
 * Reads a register, or a word of config space. Registers are words, accessed as words; config space
 * may be read in parts (4.2.2.2), which is up to the bus: it asks for the word.
 */
uint32_t virtio_mmio_read(struct device *dev, uint32_t offset, unsigned size)
{
	struct virtio_mmio *s = state_of(dev);
	const struct virtqueue *vq = selected_queue(s);

	if (offset >= VIRTIO_MMIO_CONFIG)
		return read_config(dev, offset);
	if (size != 4) {
		device_guest_error(dev, offset);
		return 0;
	}
	switch (offset) {
	case VIRTIO_MMIO_MAGIC:
		return VIRTIO_MMIO_MAGIC_VALUE;
	case VIRTIO_MMIO_VERSION:
		return VIRTIO_MMIO_VERSION_VALUE;
	case VIRTIO_MMIO_DEVICE_ID:
		return s->model->device_id;
	case VIRTIO_MMIO_VENDOR_ID:
		return VENDOR_ID;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return half(offered(dev), s->device_features_sel);
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return vq ? s->model->queue_size : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		return vq && vq->ready;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return s->interrupt_status;
	case VIRTIO_MMIO_STATUS:
		return s->status;
	case VIRTIO_MMIO_CONFIG_GENERATION:
		return 0; /* nothing in it ever changes */
	default:          /* write-only, or not there */
		device_guest_error(dev, offset);
		return 0;
	}
}

/** Writes a register. No device type of ours has config space that can be written. */
void virtio_mmio_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	struct virtio_mmio *s = state_of(dev);

	if (size != 4) {
		device_guest_error(dev, offset);
		return;
	}
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		s->device_features_sel = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		set_driver_features(dev, value);
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		s->driver_features_sel = value;
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		s->queue_sel = value;
		break;
	case VIRTIO_MMIO_QUEUE_NUM:
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
	case VIRTIO_MMIO_QUEUE_DRIVER_LOW:
	case VIRTIO_MMIO_QUEUE_DRIVER_HIGH:
	case VIRTIO_MMIO_QUEUE_DEVICE_LOW:
	case VIRTIO_MMIO_QUEUE_DEVICE_HIGH:
		set_up_queue(dev, offset, value);
		break;
	case VIRTIO_MMIO_QUEUE_READY:
		set_queue_ready(dev, offset, value);
		break;
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		notify(dev, value);
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		s->interrupt_status &= ~value;
		update_irq(dev);
		break;
	case VIRTIO_MMIO_STATUS:
		set_status(dev, value);
		break;
	default: /* read-only, or not there */
		device_guest_error(dev, offset);
		break;
	}
}

/** Queue @p n of a device. While it is not ready there is nothing in it. */
struct virtqueue *virtio_queue(struct device *dev, unsigned n)
{
	return &state_of(dev)->queue[n];
}

/** Whether a driver is in charge and the device works: before that it must not touch a queue. */
bool virtio_is_live(const struct device *dev)
{
	return (state_of(dev)->status & (VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_NEEDS_RESET)) ==
	       VIRTIO_STATUS_DRIVER_OK;
}

/** Whether a feature was negotiated. */
bool virtio_has(const struct device *dev, uint64_t feature)
{
	const struct virtio_mmio *s = state_of(dev);

	return (s->status & VIRTIO_STATUS_FEATURES_OK) && (s->features & feature) == feature;
}

/**
 * A model has worked on a queue: interrupts the guest if it wants that, and tells it when it has
 * broken the queue.
 */
void virtio_queue_done(struct device *dev, unsigned n)
{
	struct virtqueue *vq = virtio_queue(dev, n);

	if (vq_needs_interrupt(vq))
		interrupt(dev, VIRTIO_INT_USED_BUFFER);
	if (vq->broken)
		virtio_needs_reset(dev);
}

/** The device does nothing more until the driver resets it. (2.1.2) */
void virtio_needs_reset(struct device *dev)
{
	struct virtio_mmio *s = state_of(dev);

	if (s->status & VIRTIO_STATUS_NEEDS_RESET)
		return;
	s->status |= VIRTIO_STATUS_NEEDS_RESET;
	if (s->status & VIRTIO_STATUS_DRIVER_OK)
		interrupt(dev, VIRTIO_INT_CONFIG);
}
