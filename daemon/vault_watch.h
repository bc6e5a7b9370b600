#pragma once

#include "crypto/bundle.h"
#include "daemon/vault.h"

/*
 * Requests `watch`: held back, and answered together on a tick that comes
 * about every half minute, at a time drawn anew: those whose queue's mark is
 * another than the one they came with, and those that waited for some minutes.
 * So an answer says that something changed, and not when.
 */

#define WATCHES_MAX 256 /* one of a session */
#define WATCH_TICK_SECONDS 30
#define WATCH_SECONDS_MAX 240

struct watch {
	vault_answer *answer; /* NULL: free */
	void *ctx;
	uint64_t id;
	uint8_t session[BUNDLE_SESSION_LEN];
	uint8_t mark[BUNDLE_MARK_LEN];
	int64_t until;
};
struct watches {
	uint8_t key[SHA256_LEN]; /* of marks; another after each start */
	int64_t next;		 /* tick; 0: nobody watches */
	size_t n;
	struct watch at[WATCHES_MAX];
};

enum err watches_init(struct watches *w, const struct env *env) MUST_CHECK;
/* ANSWER_OK: held, and answered later. An older one of the session is answered
 * ANSWER_BUSY now. */
enum answer watch_keep(struct vault *v, const struct request_watch *q,
    uint64_t id, vault_answer *answer, void *ctx) MUST_CHECK;
/* Answers those that are to be; to be called every few seconds. */
void watch_tick(struct vault *v);
