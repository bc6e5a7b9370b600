#pragma once

#include "daemon/wire.h"

/*
 * One end of a connection between two processes: frames go into and come out
 * of bounded buffers, descriptors go along. No event loop in it: whoever has
 * one calls wire_conn_fill when the socket is readable, and wire_conn_flush
 * when it is writable and something is unsent.
 *
 * Both buffers grow as they are needed, up to WIRE_BUFFER_MAX, and are given
 * back by wire_conn_trim.
 */

#define WIRE_BUFFER_MAX (4 * 1024 * 1024)
#define WIRE_FDS_MAX 32 /* waiting, each way */

struct wire_conn;

enum wire_state {
	WIRE_FINE,
	WIRE_GONE,   /* the peer closed, or the socket failed */
	WIRE_BROKEN, /* the peer broke the rules: end it */
	WIRE_NOMEM,
};

/*
 * Takes fd, also on failure; makes it non-blocking and asks for large socket
 * buffers. ERR_IO, ERR_NOMEM.
 */
enum err wire_conn_new(int fd, enum wire_peer self, enum wire_peer peer,
    struct wire_conn **ret) MUST_CHECK;
/* Closes the socket and every descriptor that nobody took; wipes. Takes NULL;
 * returns NULL. */
struct wire_conn *wire_conn_free(struct wire_conn *c);
int wire_conn_fd(const struct wire_conn *c);

/*
 * Reads what is there, as far as the buffer takes it. Every frame's head is
 * held against wire_allowed as soon as it is in. Frames that came before the
 * end (any state but WIRE_FINE) can still be had; the state stays. Ends what
 * wire_conn_next lent.
 */
enum wire_state wire_conn_fill(struct wire_conn *c) MUST_CHECK;
/* Whole frames that wire_conn_next has not given out. */
size_t wire_conn_waiting(const struct wire_conn *c);

struct wire_frame {
	struct wire_head head;
	struct bytes body; /* borrowed until wire_conn_fill or _trim */
	int fd;		   /* -1: none; otherwise the caller's to close */
};
/* The next whole frame, in order; false: none. */
bool wire_conn_next(struct wire_conn *c, struct wire_frame *ret) MUST_CHECK;

/* Queues a frame. ERR_LIMIT: the buffer cannot take it (nothing is queued);
 * ERR_DENIED: a type or length that the peer would end us for. */
enum err wire_conn_send(struct wire_conn *c, enum wire_type type,
    uint16_t status, uint64_t id, struct bytes body) MUST_CHECK;
/* The same without a body and with a descriptor, of which it keeps a
 * duplicate until it is sent. */
enum err wire_conn_send_fd(struct wire_conn *c, enum wire_type type,
    uint16_t status, uint64_t id, int fd) MUST_CHECK;
/* Writes what the socket takes. */
enum wire_state wire_conn_flush(struct wire_conn *c) MUST_CHECK;
/* Bytes queued and not written; bytes ever written. */
size_t wire_conn_unsent(const struct wire_conn *c);
uint64_t wire_conn_sent(const struct wire_conn *c);

/* Wipes empty buffers and gives their memory back. To be called when idle. */
void wire_conn_trim(struct wire_conn *c);
