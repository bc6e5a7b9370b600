#pragma once

#include "crypto/env.h"
#include "crypto/work.h"
#include "daemon/wire.h"

/*
 * When the vault asks for work (docs/PROTOCOL.md, "Work"), and how much. In
 * quiet times it is none, and it never becomes a refusal: a concern or a
 * follow-up needs 10 bits at most, half a minute on a phone, an upload 12.
 *
 * All of it is in memory alone, and none of it says who filed. Only the key
 * comes from outside, so that a challenge outlives this process.
 */

/* --- how much: pure --- */

#define WORK_TEXT_BITS_MAX 10
#define WORK_UPLOAD_BITS_MAX 12

struct work_load {
	uint64_t quiet;	  /* filings a minute without work; 0: no work ever */
	uint64_t rate;	  /* filings a minute, over the last minutes */
	uint64_t backlog; /* of the last days, not acknowledged: filed then, or
			     set aside and brought back */
	uint64_t used_percent; /* of the store's space */
	bool is_pressed;       /* by this connection's address: front_peer.h */
};
/*
 * The sum of:
 *   rate:    1 above `quiet`, 2 above 1.5 times that, 3 above 2, 4 above 3, 5
 *            above 4 and so on: two for each doubling, 12 at most
 *   backlog: the same, of 16 minutes' `quiet`; 6 at most
 *   space:   1 from 75 %, and another for each 3 % more
 *   pressed: 4
 */
unsigned work_bits_of_text(const struct work_load *l);

struct work_share {
	uint64_t size; /* of the upload */
	uint64_t held; /* by all uploads that no message has taken */
	uint64_t max;  /* what they may hold together */
};
/*
 * 0 while a quarter is held or less; above it 1 for each 8 % more, and 1 for
 * each doubling of the upload beyond a 64th of the share, 4 at most. Besides,
 * the rate and a pressed connection count as for concerns.
 */
unsigned work_bits_of_upload(const struct work_load *l,
    const struct work_share *s);

/* --- what is counted --- */

#define WORK_SLOTS 12 /* of WORK_SLOT_SECONDS: two minutes */
#define WORK_SLOT_SECONDS 10
#define WORK_BACKLOG_DAYS 7
/* Spent work that is remembered: 1.5 MiB, and only while there is some. The
 * rate at which 15 minutes fill it asks for 7 bits. */
#define WORK_SPENT_MAX 65536

struct work_spent;

struct work {
	const struct env *env;
	uint8_t key[WORK_KEY_LEN];
	uint64_t quiet;
	uint64_t used_percent; /* as of the last tick */
	/* filings, by when: a ring */
	int64_t slot; /* the newest, WORK_SLOT_SECONDS since 1970 */
	uint32_t filed[WORK_SLOTS];
	/* by the day of filing, a ring; since this process began */
	uint32_t waiting[WORK_BACKLOG_DAYS];
	int64_t day; /* the newest */
	/* Plain concerns cannot bring work. They have a share of `quiet` that
	 * fills again: thousandths of one. */
	uint64_t plain;
	int64_t plain_at;
	struct work_spent *spent; /* NULL: nothing */
	/* Where there was no room: work that expires up to this minute may have
	 * been spent, and counts no more. */
	uint32_t let_go;
};

void work_init(struct work *w, const struct env *env,
    const uint8_t key[static WORK_KEY_LEN], uint64_t quiet);
void work_free(struct work *w);
/* What has been counted goes when its time is over: every few seconds. */
void work_tick(struct work *w);

/* A filing was stored. */
void work_filed(struct work *w);
/* A case has waited for its acknowledgement since that day; or does no more. */
void work_waits(struct work *w, uint32_t day);
void work_settled(struct work *w, uint32_t day);
/* Whether a plain concern may be stored now: a quarter of `quiet` a minute, and
 * as many at once; pressed connections leave the last half to others. */
bool work_takes_plain(struct work *w, bool is_pressed) MUST_CHECK;

struct work_load work_load(struct work *w, bool is_pressed);
/* A new challenge, for as long as crypto/work.h allows. */
enum err work_ask(struct work *w, unsigned bits,
    const uint8_t purpose[static WORK_PURPOSE_LEN],
    uint8_t ret[static WORK_CHALLENGE_LEN]) MUST_CHECK;
/*
 * Whether this work, whose hash the front has seen to, counts now. However much
 * is wanted by now: what its challenge asked for is enough until that expires.
 */
bool work_counts(struct work *w, const uint8_t work[static WORK_LEN],
    const uint8_t purpose[static WORK_PURPOSE_LEN]) MUST_CHECK;
/* The same, and for nothing after. */
bool work_spend(struct work *w, const uint8_t work[static WORK_LEN],
    const uint8_t purpose[static WORK_PURPOSE_LEN]) MUST_CHECK;
