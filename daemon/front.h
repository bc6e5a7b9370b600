#pragma once

#include <event2/buffer.h>
#include <event2/event.h>
#include <openssl/types.h>

#include "daemon/budget.h"
#include "daemon/endpoint.h"
#include "daemon/front_pages.h"
#include "daemon/front_peer.h"
#include "daemon/channel.h"
#include "daemon/front_stream.h"
#include "daemon/front_web.h"

/*
 * A front: HTTP over TLS on one side, frames to the vault on the other. It has
 * no file open, keeps nothing and decides nothing but the form of requests.
 */

#define FRONT_LISTENERS_MAX 16

struct listener {
	struct front *front;
	struct event *ev;
	int fd;
	unsigned flags; /* enum listener_flag */
};

/* A request that the vault has. Its charge stays here while it is there, also
 * when its connection has gone. */
struct ticket {
	struct conn *conn; /* NULL: gone */
	struct budget *budget;
	size_t charged;
	uint32_t turn; /* tells this use of the place from others */
	uint32_t next_free;
	bool is_used;
};

struct front {
	struct event_base *base;
	struct channel *parent;
	struct channel *vault; /* NULL: away */
	struct event *tick, *resume, *check;
	struct front_config config;
	unsigned got; /* the parent's frames so far, as bits */
	bool is_started, is_draining;
	unsigned ticks;

	SSL_CTX *tls; /* NULL: no listener has TLS */
	struct evbuffer *page_policy, *page_plain; /* NULL: not there */
	struct front_web web;
	int64_t day; /* that the pages are of */
	size_t n_listeners;
	struct listener listeners[FRONT_LISTENERS_MAX];
	bool is_accepting;
	struct peers peers;

	struct conn_list conns; /* all of them */
	/* without a whole head, longest first; of these the pressed */
	struct conn_list early, early_pressed;
	struct conn_list worked; /* with work to check */
	size_t n_conns;
	int places;	/* descriptors that the loop has seen */
	bool has_freed; /* anything, since memory was trimmed */
	struct budget text, pieces;
	struct ticket tickets[WIRE_CREDITS];
	uint32_t free_ticket; /* WIRE_CREDITS: none */
	struct stream_room room;
};

/* The role's main: the parent is on control_fd. Returns an exit code. */
int front_main(int control_fd);

/* --- front_accept.c --- */

enum err front_listen(struct front *f, int fd, unsigned flags) MUST_CHECK;
/* On the connection cap, without descriptors, and when draining: new
 * connections stay in the system's queue. */
void front_accept(struct front *f, bool on);
void front_close_listeners(struct front *f);

/* --- front_work.c --- */

enum err front_work_open(struct front *f) MUST_CHECK;

/* --- front_vault.c --- */

void tickets_init(struct front *f);
/* Sends the connection's request. ERR_LIMIT: there is no ticket or room now;
 * ERR_NOT_FOUND: the vault is away. Moves the connection's charge to the
 * ticket. */
enum err front_ask(struct front *f, struct conn *c, struct budget *b,
    size_t *charged, struct bytes body, uint64_t *ret_id) MUST_CHECK;
/* The connection goes away before its answer comes. */
void front_forget(struct front *f, uint64_t id);
/* Opens the channel to the vault; takes fd. */
enum err front_open_vault(struct front *f, int fd) MUST_CHECK;

/* Something was given back: whoever waits is tried after this turn. */
void front_resume_soon(struct front *f);
/* Takes no more connections, and ends the loop when those that are there are
 * done, or after a while. */
void front_drain(struct front *f);
/* Ends the loop when draining is done. */
void front_check_drained(struct front *f);
