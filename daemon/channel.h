#pragma once

#include <event2/event.h>

#include "daemon/wire_conn.h"

/*
 * A wire_conn on libevent's loop. What is sent within one turn of the loop
 * leaves with one system call at its end.
 */

struct channel;

struct channel_calls {
	/* A frame came; its body is borrowed for the call, its descriptor is
	 * the callee's. False: it breaks the rules, end the channel. */
	bool (*frame)(void *ctx, const struct wire_frame *f);
	/* The peer has gone, or had to: the last call. The callee frees the
	 * channel, in this call or later. */
	void (*ended)(void *ctx, enum wire_state why);
	/* Something that was queued has left; may be NULL. */
	void (*sent)(void *ctx);
};

/* Takes fd, also on failure. calls is borrowed for good. */
enum err channel_open(struct event_base *base, int fd, enum wire_peer self,
    enum wire_peer peer, const struct channel_calls *calls, void *ctx,
    struct channel **ret) MUST_CHECK;
/* As wire_conn_send and wire_conn_send_fd. */
enum err channel_send(struct channel *l, enum wire_type type, uint16_t status,
    uint64_t id, struct bytes body) MUST_CHECK;
enum err channel_send_fd(struct channel *l, enum wire_type type,
    uint16_t status, int fd) MUST_CHECK;
/* Writes what the socket takes at once: before an end. */
void channel_flush(struct channel *l);
/* Gives idle buffers back. */
void channel_trim(struct channel *l);
/* Takes NULL; returns NULL. Allowed within the channel's own callbacks. */
struct channel *channel_free(struct channel *l);
