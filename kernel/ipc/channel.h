/* kernel/ipc/channel.h -- bounded one-way queues of small messages. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/event.h"
#include "kernel/object/object.h"

#define CHANNEL_SEND_RIGHTS \
	(RIGHT_WRITE | RIGHT_WAIT | RIGHT_GRANT | RIGHT_REVOKE)
#define CHANNEL_RECEIVE_RIGHTS \
	(RIGHT_READ | RIGHT_WAIT | RIGHT_GRANT | RIGHT_REVOKE)

/*
 * A channel's two ends, [0] to send and [1] to receive; gives a reference to
 * each. All messages are paid for now, by the current silo. E_INVAL, E_NOMEM.
 */
enum err channel_create(
    const struct channel_spec *spec, struct object *ends[2]);

/*
 * Append a message: the first spec.size bytes of m->data, and m->count
 * descriptors of the current process, each with RIGHT_GRANT and no end of a
 * channel or socket, so that nothing in flight holds what is in flight. Sleeps
 * while the queue is full; deadline as event_wait's. E_PIPE (no receiver),
 * E_AGAIN, E_TIMEDOUT, E_RESTARTSYS, E_INVAL, E_TOOMANYREFS, as desc_get_grant.
 */
enum err channel_send(
    struct object *end, const struct channel_message *m, nsec_t deadline);

/*
 * Take the oldest message. A descriptor that could not be installed is that
 * negative error in m->descs. Sleeps while the queue is empty. E_PIPE: empty
 * and no sender; the others as channel_send.
 */
enum err channel_receive(
    struct object *end, struct channel_message *m, nsec_t deadline);

/* Live channels, for leak checks. */
uint64_t channel_live(void);
