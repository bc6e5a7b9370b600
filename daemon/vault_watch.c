#include "daemon/vault_watch.h"

#include <string.h>

#include "crypto/label.h"
#include "daemon/vault_state.h"

_Static_assert(WATCH_SECONDS_MAX + 2 * WATCH_TICK_SECONDS <=
	BUNDLE_WATCH_SECONDS,
    "a watch is answered before a front gives up");

enum err
watches_init(struct watches *w, const struct env *env)
{
	return env_random(env, w->key, sizeof(w->key));
}

/* What a person's queue is now, in eight bytes that tell nothing else. */
static enum err
mark_of(const struct vault *v, uint16_t person,
    uint8_t out[static BUNDLE_MARK_LEN])
{
	const uint64_t version = store_queue_version(v->store, person);
	uint8_t number[10], mac[SHA256_LEN];
	const struct bytes part[] = {
		BYTES_LIT(LABEL_QUEUE_MARK),
		BYTES(number, sizeof(number)),
	};
	enum err e;

	for (size_t i = 0; i < 8; i++)
		number[i] = (uint8_t)(version >> 8 * (7 - i));
	number[8] = (uint8_t)(person >> 8);
	number[9] = (uint8_t)person;
	e = hmac_sha256(BYTES(v->watches.key, sizeof(v->watches.key)), part, 2,
	    mac);
	if (e == ERR_OK)
		memcpy(out, mac, BUNDLE_MARK_LEN);
	return e;
}

/* --- holding --- */

/* Half a tick to one and a half. Without randomness: late. */
static int64_t
draw_tick(const struct vault *v)
{
	uint32_t r = 0;

	if (env_random(v->env, (uint8_t *)&r, sizeof(r)) != ERR_OK)
		r = WATCH_TICK_SECONDS;
	return env_now(v->env) + WATCH_TICK_SECONDS / 2 +
	    (int64_t)(r % (WATCH_TICK_SECONDS + 1));
}

static void
let_go(struct watches *w, struct watch *one)
{
	bytes_wipe(one, sizeof(*one));
	if (--w->n == 0)
		w->next = 0;
}

static void
refuse(struct watches *w, struct watch *one, enum answer a)
{
	const struct watch was = *one;

	let_go(w, one);
	was.answer(was.ctx, was.id, a, BYTES(NULL, 0));
}

/* The place of this session's watch, or a free one; NULL: none is. */
static struct watch *
place_for(struct watches *w, const uint8_t session[static BUNDLE_SESSION_LEN])
{
	struct watch *place = NULL;

	for (struct watch *at = w->at; at < w->at + WATCHES_MAX; at++) {
		if (at->answer == NULL)
			place = place == NULL ? at : place;
		else if (
		    bytes_equal_ct(at->session, session, BUNDLE_SESSION_LEN))
			return at;
	}
	return place;
}

enum answer
watch_keep(struct vault *v, const struct request_watch *q, uint64_t id,
    vault_answer *answer, void *ctx)
{
	struct watches *w = &v->watches;
	struct watch *place;
	uint16_t person;
	enum answer a = vault_staff(v, q->session, &person);

	if (a != ANSWER_OK)
		return a;
	if ((place = place_for(w, q->session)) == NULL)
		return ANSWER_BUSY;
	if (place->answer != NULL)
		refuse(w, place, ANSWER_BUSY);
	place->answer = answer;
	place->ctx = ctx;
	place->id = id;
	place->until = env_now(v->env) + WATCH_SECONDS_MAX;
	memcpy(place->session, q->session, sizeof(place->session));
	memcpy(place->mark, q->mark, sizeof(place->mark));
	if (w->n++ == 0)
		w->next = draw_tick(v);
	return ANSWER_OK;
}

void
vault_forget(struct vault *v, const void *ctx)
{
	struct watches *w = &v->watches;

	for (struct watch *at = w->at; at < w->at + WATCHES_MAX; at++)
		if (at->answer != NULL && at->ctx == ctx)
			let_go(w, at);
}

/* --- answering --- */

static void
say_changed(struct vault *v, struct watch *one,
    const uint8_t mark[static BUNDLE_MARK_LEN])
{
	const struct watch was = *one;

	let_go(&v->watches, one);
	v->reply.kind = ANSWER_CHANGED;
	memcpy(v->reply.changed.mark, mark, BUNDLE_MARK_LEN);
	vault_reply(v, was.id, was.answer, was.ctx);
}

static void
look_at(struct vault *v, struct watch *one)
{
	uint8_t mark[BUNDLE_MARK_LEN];
	uint16_t person;
	enum answer a = vault_staff(v, one->session, &person);

	if (a == ANSWER_OK && mark_of(v, person, mark) != ERR_OK)
		a = ANSWER_DOWN;
	if (a != ANSWER_OK)
		refuse(&v->watches, one, a);
	else if (env_now(v->env) >= one->until ||
	    !bytes_equal_ct(mark, one->mark, BUNDLE_MARK_LEN))
		say_changed(v, one, mark);
}

void
watch_tick(struct vault *v)
{
	struct watches *w = &v->watches;
	const int64_t now = env_now(v->env);

	/* A clock set back is no reason to wait longer. */
	if (w->n == 0 ||
	    (now < w->next && w->next - now <= 2 * WATCH_TICK_SECONDS))
		return;
	for (struct watch *at = w->at; at < w->at + WATCHES_MAX; at++)
		if (at->answer != NULL)
			look_at(v, at);
	if (w->n > 0)
		w->next = draw_tick(v);
}
