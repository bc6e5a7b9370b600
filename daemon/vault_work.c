#include "daemon/vault_work.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"

#define BACKLOG_MINUTES 16
#define RATE_BITS_MAX 12
#define BACKLOG_BITS_MAX 6
#define SIZE_BITS_MAX 4
#define PRESSED_BITS 4
#define SPACE_FROM 75 /* per cent */
#define SPACE_STEP 3
#define SHARE_FROM 25
#define SHARE_STEP 8
#define SHARE_SIZE 64 /* a part of the share */
#define PLAIN_SHARE 4 /* of `quiet`: a quarter */
#define PLAIN_UNIT 1000

/* --- how much --- */

static unsigned
least(uint64_t a, uint64_t b)
{
	return (unsigned)(a < b ? a : b);
}

/* Two for each doubling of n beyond `from`: 1, 1.5, 2, 3, 4, 6... times it. */
static unsigned
steps(uint64_t n, uint64_t from, unsigned max)
{
	unsigned k = 0;

	while (k < max && n > from + (k % 2 != 0 ? from / 2 : 0)) {
		if (k % 2 != 0)
			from *= 2;
		k++;
	}
	return k;
}

static unsigned
rate_bits(const struct work_load *l)
{
	return steps(l->rate, l->quiet, RATE_BITS_MAX) +
	    (l->is_pressed ? PRESSED_BITS : 0);
}

unsigned
work_bits_of_text(const struct work_load *l)
{
	unsigned bits;

	if (l->quiet == 0)
		return 0;
	bits = rate_bits(l) +
	    steps(l->backlog, l->quiet * BACKLOG_MINUTES, BACKLOG_BITS_MAX);
	if (l->used_percent >= SPACE_FROM)
		bits +=
		    1 + (unsigned)(l->used_percent - SPACE_FROM) / SPACE_STEP;
	return least(bits, WORK_TEXT_BITS_MAX);
}

unsigned
work_bits_of_upload(const struct work_load *l, const struct work_share *s)
{
	uint64_t percent = s->held >= s->max ? 100 : s->held * 100 / s->max;
	unsigned bits;

	if (l->quiet == 0)
		return 0;
	bits = rate_bits(l);
	if (percent > SHARE_FROM) {
		uint64_t part = s->max / SHARE_SIZE;

		bits += 1 + (unsigned)(percent - SHARE_FROM - 1) / SHARE_STEP;
		for (unsigned k = 0; k < SIZE_BITS_MAX && s->size > part; k++) {
			part *= 2;
			bits++;
		}
	}
	return least(bits, WORK_UPLOAD_BITS_MAX);
}

/* --- spent work --- */

#define NONE UINT32_MAX

/* Chains of entries by the nonce's first bytes; entries are dense. */
struct work_spent {
	size_t n;
	uint32_t checked; /* the minute in which the expired went */
	uint32_t head[WORK_SPENT_MAX];
	struct {
		uint8_t nonce[WORK_NONCE_LEN];
		uint32_t expiry, next;
	} at[WORK_SPENT_MAX];
};

static uint32_t *
head_of(struct work_spent *s, const uint8_t *nonce)
{
	return &s->head[(size_t)(nonce[0] << 8 | nonce[1])];
}

static void
spent_put(struct work_spent *s, const uint8_t *nonce, uint32_t expiry)
{
	uint32_t *head = head_of(s, nonce);

	memcpy(s->at[s->n].nonce, nonce, WORK_NONCE_LEN);
	s->at[s->n].expiry = expiry;
	s->at[s->n].next = *head;
	*head = (uint32_t)s->n++;
}

static struct work_spent *
spent_new(uint32_t minute)
{
	struct work_spent *s;

	_Static_assert(WORK_SPENT_MAX == 1 << 16, "two bytes are an index");
	if ((s = malloc(sizeof(*s))) == NULL)
		return NULL;
	s->n = 0;
	s->checked = minute;
	memset(s->head, 0xff, sizeof(s->head));
	return s;
}

/* Keeps what expires after `minute`. */
static void
spent_drop(struct work_spent *s, uint32_t minute)
{
	size_t n = s->n;

	s->n = 0;
	memset(s->head, 0xff, sizeof(s->head));
	for (size_t i = 0; i < n; i++)
		if (s->at[i].expiry > minute) {
			uint8_t nonce[WORK_NONCE_LEN];

			memcpy(nonce, s->at[i].nonce, sizeof(nonce));
			spent_put(s, nonce, s->at[i].expiry);
		}
	bytes_wipe(&s->at[s->n], (n - s->n) * sizeof(s->at[0]));
}

/* Where all of it is of a time to come, what expires soonest goes: difficulty
 * has risen long before. Returns when that expires. */
static uint32_t
spent_make_room(struct work_spent *s)
{
	uint32_t soonest = UINT32_MAX - 1;

	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].expiry < soonest)
			soonest = s->at[i].expiry;
	spent_drop(s, soonest);
	return soonest;
}

static bool
spent_has(struct work_spent *s, const uint8_t *nonce)
{
	for (uint32_t i = *head_of(s, nonce); i != NONE; i = s->at[i].next)
		if (memcmp(s->at[i].nonce, nonce, WORK_NONCE_LEN) == 0)
			return true;
	return false;
}

/* --- time --- */

static int64_t
now_of(const struct work *w)
{
	int64_t now = env_now(w->env);

	return now > 0 ? now : 0;
}

static uint32_t
minute_of(const struct work *w)
{
	return (uint32_t)(now_of(w) / 60);
}

/* Empties the places of a ring between its newest time and `at`, which becomes
 * the newest. A clock that was set back a little empties nothing; by more than
 * the ring is long, all of it. */
static void
ring_turn(uint32_t *ring, size_t n, int64_t *newest, int64_t at)
{
	const bool is_past = *newest - at >= (int64_t)n;

	if (is_past || at - *newest >= (int64_t)n)
		memset(ring, 0, n * sizeof(*ring));
	else
		for (int64_t t = *newest + 1; t <= at; t++)
			ring[t % (int64_t)n] = 0;
	if (is_past || at > *newest)
		*newest = at;
}

static uint64_t
ring_sum(const uint32_t *ring, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += ring[i];
	return sum;
}

static void
turn(struct work *w)
{
	int64_t now = now_of(w);

	ring_turn(w->filed, WORK_SLOTS, &w->slot, now / WORK_SLOT_SECONDS);
	ring_turn(w->waiting, WORK_BACKLOG_DAYS, &w->day, now / DAY_SECONDS);
}

/* Forgets what has expired by that minute. */
static void
spent_turn(struct work *w, uint32_t minute)
{
	struct work_spent *s = w->spent;

	if (s == NULL || s->checked == minute)
		return;
	spent_drop(s, minute);
	s->checked = minute;
	if (s->n == 0) {
		free(s);
		w->spent = NULL;
	}
}

/* --- what is counted --- */

static uint64_t
plain_max(const struct work *w)
{
	return w->quiet * PLAIN_UNIT / PLAIN_SHARE;
}

void
work_init(struct work *w, const struct env *env,
    const uint8_t key[static WORK_KEY_LEN], uint64_t quiet)
{
	*w = (struct work){ .env = env, .quiet = quiet };
	memcpy(w->key, key, sizeof(w->key));
	turn(w);
	w->plain = plain_max(w);
	w->plain_at = now_of(w);
}

void
work_free(struct work *w)
{
	if (w->spent != NULL)
		bytes_wipe(w->spent->at, w->spent->n * sizeof(w->spent->at[0]));
	free(w->spent);
	bytes_wipe(w, sizeof(*w));
}

void
work_tick(struct work *w)
{
	turn(w);
	spent_turn(w, minute_of(w));
}

void
work_filed(struct work *w)
{
	turn(w);
	w->filed[w->slot % WORK_SLOTS]++;
}

/* Whether that day is one of the ring's. */
static bool
is_lately(const struct work *w, uint32_t day)
{
	return day <= w->day && w->day - day < WORK_BACKLOG_DAYS;
}

void
work_waits(struct work *w, uint32_t day)
{
	turn(w);
	if (is_lately(w, day))
		w->waiting[day % WORK_BACKLOG_DAYS]++;
}

void
work_settled(struct work *w, uint32_t day)
{
	turn(w);
	/* Of before this process there may be more than were counted. */
	if (is_lately(w, day) && w->waiting[day % WORK_BACKLOG_DAYS] > 0)
		w->waiting[day % WORK_BACKLOG_DAYS]--;
}

bool
work_takes_plain(struct work *w, bool is_pressed)
{
	const uint64_t max = plain_max(w);
	const int64_t now = now_of(w);
	int64_t passed = now - w->plain_at;

	if (w->quiet == 0)
		return true;
	/* It is full again after a minute. */
	if (passed >= 60)
		w->plain = max;
	else if (passed > 0)
		w->plain += (uint64_t)passed * max / 60;
	if (w->plain > max)
		w->plain = max;
	w->plain_at = now;
	if (w->plain < PLAIN_UNIT || (is_pressed && w->plain <= max / 2))
		return false;
	w->plain -= PLAIN_UNIT;
	return true;
}

struct work_load
work_load(struct work *w, bool is_pressed)
{
	const uint64_t minutes = WORK_SLOTS * WORK_SLOT_SECONDS / 60;

	turn(w);
	return (struct work_load){ .quiet = w->quiet,
		.rate = ring_sum(w->filed, WORK_SLOTS) / minutes,
		.backlog = ring_sum(w->waiting, WORK_BACKLOG_DAYS),
		.used_percent = w->used_percent,
		.is_pressed = is_pressed };
}

enum err
work_ask(struct work *w, unsigned bits,
    const uint8_t purpose[static WORK_PURPOSE_LEN],
    uint8_t ret[static WORK_CHALLENGE_LEN])
{
	struct work_terms t = { .expiry = minute_of(w) + WORK_MINUTES_MAX,
		.bits = (uint8_t)bits };
	enum err e = env_random(w->env, t.nonce, sizeof(t.nonce));

	return e != ERR_OK ? e : work_challenge_make(w->key, &t, purpose, ret);
}

/* Not by a clock that was ahead and has been set back. */
static bool
was_let_go(const struct work *w, uint32_t expiry, uint32_t minute)
{
	return expiry <= w->let_go && w->let_go <= minute + WORK_MINUTES_MAX;
}

static bool
counts(struct work *w, const uint8_t work[static WORK_LEN],
    const uint8_t purpose[static WORK_PURPOSE_LEN], struct work_terms *ret)
{
	const uint32_t minute = minute_of(w);

	spent_turn(w, minute);
	return work_challenge_open(w->key, purpose, minute, work, ret) ==
	    ERR_OK &&
	    !was_let_go(w, ret->expiry, minute) &&
	    (w->spent == NULL || !spent_has(w->spent, ret->nonce));
}

bool
work_counts(struct work *w, const uint8_t work[static WORK_LEN],
    const uint8_t purpose[static WORK_PURPOSE_LEN])
{
	struct work_terms t;

	return counts(w, work, purpose, &t);
}

bool
work_spend(struct work *w, const uint8_t work[static WORK_LEN],
    const uint8_t purpose[static WORK_PURPOSE_LEN])
{
	struct work_terms t;

	if (!counts(w, work, purpose, &t) ||
	    (w->spent == NULL && (w->spent = spent_new(minute_of(w))) == NULL))
		return false;
	if (w->spent->n == WORK_SPENT_MAX)
		w->let_go = spent_make_room(w->spent);
	spent_put(w->spent, t.nonce, t.expiry);
	return true;
}
