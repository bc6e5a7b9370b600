#pragma once

#include "crypto/env.h"

/*
 * Floods from one address. The connections of each peer are counted in one of
 * a thousand places, which a hash of its address under a key of this hour
 * chooses: each place stands for millions of addresses and names none. A count
 * runs off in seconds, of a flood in two minutes, and then nothing is left of
 * it; key and counts go after the hour. Whoever goes over the rate is
 * pressed: the vault asks such a connection for more work (WIRE_PRESSED), and
 * it is the first to go where there are too many. Nobody is shut out by it: a
 * hospital is one address.
 *
 * The address is asked for nowhere but in front_peer.c, and leaves it as one
 * bit. Not for UNIX sockets and onion services, where all have one.
 */

#define PEERS 1024
#define PEER_BURST 240 /* connections at once */
#define PEER_RATE 2    /* and so many more a second */
#define PEER_HOUR 3600 /* a key's life, in seconds */
/* Filings and pieces on one connection, after which it is pressed. */
#define PEER_CONN_FILINGS 1024

struct peers {
	const struct env *env;
	bool has_key;
	uint8_t key[32];
	int64_t born; /* of the key */
	struct {
		uint16_t level; /* connections, less what time has taken */
		uint16_t at;	/* seconds since the key's birth */
	} place[PEERS];
};

/* env is borrowed. */
void peers_init(struct peers *p, const struct env *env);
/* Counts that have run off go, and all where the key's hour is over: every few
 * seconds. */
void peers_turn(struct peers *p);
/* accept4, non-blocking and closed on exec; -1 and errno as there. *is_pressed
 * is set with a connection. */
int peers_accept(struct peers *p, int listener, bool *is_pressed);
