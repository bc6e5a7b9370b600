#pragma once

#include <sys/types.h>

#include <event2/event_struct.h>
#include <openssl/types.h>

#include "crypto/bytes.h"

struct evbuffer;

/*
 * A visitor's socket, with TLS or without, in few system calls: one read takes
 * up to STREAM_READ_LEN of what has come, and the records of an answer leave
 * in one write.
 *
 * Bytes are pulled: whoever is told that there is something to read reads
 * until there is nothing. What was not pulled stays in the socket (or, what
 * OpenSSL has read ahead, in its buffer) without anybody being told again, the
 * loop's events being edges, so whoever turns reading on again tries to read
 * at once.
 *
 * Whatever is queued is cut into TLS records of STREAM_RECORD_LEN bytes from
 * its beginning on, wherever its parts end: answers of one length look the
 * same on the network.
 *
 * Nothing is held for a stream that is idle: one room serves all streams of a
 * thread, and only what the socket would not take becomes the stream's own.
 */

#define STREAM_RECORD_LEN 16384
#define STREAM_SEALED_MAX (STREAM_RECORD_LEN + 256)
#define STREAM_READ_LEN (3 * STREAM_SEALED_MAX + 1024) /* a text's request */

/*
 * What a visitor may send without saying anything: bytes of the handshake, and
 * then of records beyond twice their content (changes of keys, padding, records
 * of a byte each). OpenSSL reads on by itself while such things come, so
 * somebody could send them for ever, and none of our deadlines would be
 * looked at. Who goes over it is ended.
 */
#define STREAM_HANDSHAKE_MAX STREAM_RECORD_LEN
#define STREAM_WASTE_MAX (2 * STREAM_READ_LEN)
/* And what is taken from one visitor before the others have their turn. */
#define STREAM_TURN_LEN (2 * STREAM_READ_LEN)

struct stream_room {
	uint8_t plain[STREAM_RECORD_LEN]; /* free between two calls */
	size_t n;			  /* of sealed; 0 between two calls */
	uint8_t sealed[4 * STREAM_SEALED_MAX];
};

/* Each is the last thing that a stream does in its turn: it may be closed
 * there. */
struct stream_calls {
	void (*standing)(void *ctx); /* the handshake is done */
	void (*readable)(void *ctx); /* only while reading is on */
	void (*sent)(void *ctx);     /* all that was queued has left */
	void (*ended)(void *ctx);    /* the visitor went, or broke TLS */
};

struct stream {
	int fd;
	SSL *ssl; /* NULL: without TLS */
	const struct stream_calls *calls;
	void *ctx;
	struct stream_room *room;
	struct event readable, writable;
	uint64_t taken;	      /* bytes from the socket, with TLS */
	uint64_t given;	      /* content that came of them */
	size_t turn;	      /* bytes from the socket in this turn */
	struct evbuffer *out; /* queued; NULL: nothing */
	uint8_t *held;	      /* sealed, and not taken by the socket */
	size_t held_n;
	bool is_standing;
	bool is_reading;
	bool awaits_end; /* while reading is off */
	bool is_sending; /* `sent` is due */
};

/* Takes fd, except on failure. tls NULL: without TLS, and standing. A stream
 * does not move while it is open. */
enum err stream_open(struct stream *s, struct event_base *base, int fd,
    SSL_CTX *tls, struct stream_room *room, const struct stream_calls *calls,
    void *ctx) MUST_CHECK;
void stream_close(struct stream *s);

/* Whether `readable` is called. A stream opens with it on. */
void stream_reading(struct stream *s, bool on);
/* Turns reading off for what may be minutes: `ended` is called when the visitor
 * ends their side, or has done so. Until stream_reading. */
void stream_await_end(struct stream *s);
/* Up to n bytes; 0: none now; -1: there will be none, close it. */
ssize_t stream_read(struct stream *s, uint8_t *p, size_t n) MUST_CHECK;
/* The same bytes will be read again. */
ssize_t stream_peek(struct stream *s, uint8_t *p, size_t n) MUST_CHECK;

/* Where to queue bytes; NULL: no memory. */
struct evbuffer *stream_output(struct stream *s) MUST_CHECK;
/* Sends what is queued, in the next turn. */
void stream_send(struct stream *s);
/* Ends our side: close_notify, FIN. Reading goes on. */
void stream_finish(struct stream *s);
