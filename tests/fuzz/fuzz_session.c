#include "tests/fuzz/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * A whole session of the API: reporters, guardians, investigators and the
 * clock, as bytes say, on a real vault and on the model of docs/PROTOCOL.md
 * (tests/fuzz/model.h). Each answer is held against the model's, and after each
 * step every case against what is stored.
 */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define STEPS_MAX 64
#define MESSAGES_MAX 100 /* of a chain: then it is enough */
#define ENVELOPES_MAX 800
#define DAYS_MAX 400 /* of all steps of the clock: the policy holds longer */

static struct run run;

/* --- what is asked for --- */

uint8_t
take_byte(struct reader *in)
{
	return reader_u8(in);
}

static uint16_t
a_person(struct reader *in)
{
	static const uint16_t all[] = { 1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13 };

	return all[take_byte(in) % (sizeof(all) / sizeof(all[0]))];
}

/* Mostly somebody who reads that case. */
uint16_t
take_reader(struct reader *in, const struct model_case *c)
{
	uint8_t which = take_byte(in);
	uint16_t who[PEOPLE];
	size_t n = 0;

	for (uint16_t i = 1; i < PEOPLE; i++)
		if (c->reader[i].reads)
			who[n++] = i;
	if (n == 0 || which >= 208)
		return a_person(in);
	return who[which % n];
}

size_t
take_case(struct reader *in)
{
	return take_byte(in) % MODEL_CASES;
}

static uint32_t
a_place(struct reader *in, const struct model_case *c, enum chain chain)
{
	return take_byte(in) % (c->count[chain] + 2);
}

/* --- signing in --- */

static enum answer
sign_in(struct run *r, uint16_t person, struct bundle_request *q, bool waits)
{
	CLEAN_BUF struct buf note = BUF_INIT(LOGIN_NOTE_MAX);
	struct login l = { .person = person };

	*q = (struct bundle_request){ .kind = REQUEST_CHALLENGE,
		.challenge.person = person };
	assert(run_ask(r, q) == ANSWER_OK);
	memcpy(l.root, r->w->first_root, sizeof(l.root));
	memcpy(l.challenge, r->w->answer.challenge.challenge,
	    sizeof(l.challenge));
	if (waits)
		r->w->now += 60;
	assert(login_sign(&l, quick_seed(r->q, person), &note) == ERR_OK);
	*q = (struct bundle_request){ .kind = REQUEST_LOGIN,
		.login.note = buf_bytes(&note) };
	(void)run_ask(r, q);
	if (r->w->status == ANSWER_OK) {
		struct session_of *s = &r->session[person];

		s->is_known = true;
		s->begun = s->used = r->w->now;
		s->is_new_key = r->serial == QUICK_POLICIES;
		memcpy(s->token, r->w->answer.session.session,
		    BUNDLE_SESSION_LEN);
		/* Once only. */
		assert(run_ask(r, q) == ANSWER_DENIED);
		return ANSWER_OK;
	}
	return r->w->status;
}

static void
do_login(struct run *r, uint16_t person, bool waits)
{
	struct bundle_request q;
	enum answer a = sign_in(r, person, &q, waits);

	if (model_has_left(r->serial, person))
		assert(a == ANSWER_BAD_SIGNATURE);
	else
		assert(a == (waits ? ANSWER_DENIED : ANSWER_OK));
}

static void
do_logout(struct run *r, uint16_t person)
{
	struct bundle_request q = { .kind = REQUEST_LOGOUT };
	struct session_of *s = &r->session[person];
	bool lives = s->is_known && r->w->now - s->used < 15 * 60 &&
	    r->w->now - s->begun < 12 * 3600;

	memcpy(q.logout.session, s->token, BUNDLE_SESSION_LEN);
	(void)run_ask(r, &q);
	/* One whose person has left may have ended already. */
	assert(r->w->status == ANSWER_NO_SESSION ||
	    (lives && r->w->status == ANSWER_OK));
	assert(r->w->status == ANSWER_OK || !session_lives(r, person));
	s->is_known = false;
}

/* Whoever acts is signed in, but for some. */
void
run_sign_in(struct run *r, struct reader *in, uint16_t person)
{
	if (!session_lives(r, person) && take_byte(in) < 240)
		do_login(r, person, false);
}

/* --- uploads --- */

static void
do_put(struct run *r, struct reader *in)
{
	uint8_t how = take_byte(in);
	size_t which = how % UPLOADS;
	struct upload_of *u = &r->upload[which], was = *u;
	bool is_large = how >= 224;
	uint32_t index = is_large ? how >> 1 & 1 : 0;
	struct bundle_request q = { .kind = REQUEST_PUT };
	struct bytes all;

	if (!u->is_there) {
		u->is_large = is_large;
		u->number = how & 4 ? 7000 : r->number++;
		u->have = 0;
	}
	all = quick_payload(r->q, how & 8 ? 7001 : u->number, is_large);
	q.put.size = all.n;
	q.put.index = index;
	memset(q.put.upload_id, (int)(7 + which), BUNDLE_UPLOAD_ID_LEN);
	q.put.piece = BYTES(all.p + index * PIECE_LEN,
	    index == 0 && is_large ? PIECE_LEN : all.n - index * PIECE_LEN);
	if (!was.is_there && (how & 8))
		u->number = 7001;
	(void)run_ask(r, &q);
	if (was.is_there &&
	    (was.is_large != is_large ||
		((was.have >> index & 1) && index == 0 && (how & 8) &&
		    was.number != 7001))) {
		assert(r->w->status == ANSWER_EXISTS);
		*u = was;
		return;
	}
	assert(r->w->status == ANSWER_OK);
	/* The number is in the first piece. */
	if (index == 0 && !(was.have & 1) && (how & 8))
		u->number = 7001;
	/* A piece once more adds nothing. */
	if (!was.is_there || !(was.have >> index & 1))
		u->used = r->w->now / 3600;
	u->is_there = true;
	u->have |= 1u << index;
}

static void
do_status(struct run *r, size_t which)
{
	const struct upload_of *u = &r->upload[which];
	struct bundle_request q = { .kind = REQUEST_STATUS };
	struct bytes have;

	memset(q.status.upload_id, (int)(7 + which), BUNDLE_UPLOAD_ID_LEN);
	assert(run_ask(r, &q) == ANSWER_OK);
	have = r->w->answer.pieces.have;
	if (!u->is_there) {
		assert(have.n == 0);
		return;
	}
	assert(have.n == (u->is_large ? 2 : 1));
	for (size_t i = 0; i < have.n; i++)
		assert(have.p[i] == (u->have >> i & 1 ? '1' : '0'));
}

/* --- reading --- */

static void
do_read(struct run *r, struct reader *in)
{
	size_t which = take_case(in);
	const struct model_case *c = &r->c[which];
	uint16_t person = take_reader(in, c);
	uint8_t how = take_byte(in);
	const enum chain chain = how & 1 ? CHAIN_STAFF : CHAIN_TALK;
	uint32_t place = a_place(in, c, chain);

	if (how % 8 < 2) {
		check_poll(r, which, place);
		return;
	}
	if (how % 8 == 2) {
		check_piece(r, PERSON_REPORTER, which, CHAIN_TALK, place,
		    how >> 7);
		return;
	}
	run_sign_in(r, in, person);
	if (how % 8 == 3)
		check_piece(r, person, which, chain, place, how >> 7);
	else if (how % 8 == 4)
		check_investigators(r, person, which);
	else if (how % 8 == 5)
		check_queue(r, person, 1 + how / 64);
	else
		check_case(r, person, which, chain, place);
}

/* --- time, and the process --- */

/* After a day, at the latest within the hour that follows. */
static void
expire(struct run *r, size_t which)
{
	struct upload_of *u = &r->upload[which];
	const int64_t hours = r->w->now / 3600 - u->used;
	uint8_t id[BUNDLE_UPLOAD_ID_LEN];
	struct store_upload stored;

	if (!u->is_there || hours <= 24)
		return;
	memset(id, (int)(7 + which), sizeof(id));
	u->is_there = hours == 25 &&
	    store_upload_find(r->w->vault->store, id, &stored) == ERR_OK;
}

static void
tick(struct run *r)
{
	unsigned n = 0;

	while (vault_tick(r->w->vault))
		assert(n++ < 1000);
	for (size_t i = 0; i < MODEL_CASES; i++)
		if (r->c[i].is_there)
			model_sweep(&r->c[i], r->serial);
	for (size_t i = 0; i < UPLOADS; i++)
		expire(r, i);
}

static void
do_time(struct run *r, struct reader *in)
{
	static const int64_t steps[] = { 60, 600, 900, 3600, 4 * 3600,
		DAY_SECONDS, 3 * DAY_SECONDS, 12 * DAY_SECONDS,
		35 * DAY_SECONDS };
	int64_t step =
	    steps[take_byte(in) % (sizeof(steps) / sizeof(steps[0]))];

	if (r->w->now + step < WORLD_START + DAYS_MAX * DAY_SECONDS)
		r->w->now += step;
	tick(r);
}

static void
do_restart(struct run *r)
{
	quick_restart(r->q);
	memset(r->session, 0, sizeof(r->session));
	r->before = 0;
}

static void
do_policy(struct run *r)
{
	if (r->serial == QUICK_POLICIES)
		return;
	r->before = r->serial++;
	r->before_until = r->w->now + DAY_SECONDS;
	quick_policy(r->q, r->serial);
	tick(r);
}

/* --- the whole --- */

static void
step(struct run *r, struct reader *in)
{
	uint8_t what = take_byte(in) % 32;

	if (what < 4)
		do_concern(r, in);
	else if (what < 16)
		do_post(r, in);
	else if (what < 20)
		do_read(r, in);
	else if (what < 22)
		do_envelopes(r, in);
	else if (what < 24)
		do_put(r, in);
	else if (what < 25)
		do_status(r, take_byte(in) % UPLOADS);
	else if (what < 28)
		do_time(r, in);
	else if (what == 28)
		do_plain(r, in);
	else if (what == 29)
		do_again(r, in);
	else if (what == 30)
		(take_byte(in) % 4 == 0) ? do_restart(r)
					 : do_login(r, a_person(in), true);
	else
		(take_byte(in) % 2 == 0) ? do_policy(r)
					 : do_logout(r, a_person(in));
}

static bool
is_enough(const struct run *r)
{
	for (size_t i = 0; i < MODEL_CASES; i++)
		if (r->c[i].count[0] > MESSAGES_MAX ||
		    r->c[i].count[1] > MESSAGES_MAX ||
		    r->c[i].n_envelopes > ENVELOPES_MAX)
			return true;
	return false;
}

static void
begin(struct run *r)
{
	static struct quick *q;

	if (q == NULL)
		q = quick_new();
	for (size_t i = 0; i < LAST_SENT; i++)
		buf_free(&r->sent[i].body);
	memset(r, 0, sizeof(*r));
	r->q = q;
	r->w = q->w;
	r->serial = 1;
	r->number = 1;
	for (size_t i = 0; i < SEALED_CASES; i++)
		memcpy(r->token[i], q->reporter[i].keys.token, TOKEN_LEN);
	quick_begin(q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct reader in = reader_over(BYTES(p, n));
	static unsigned runs;

	begin(&run);
	for (size_t i = 0; i < STEPS_MAX && in.n > 0 && !is_enough(&run); i++) {
		step(&run, &in);
		check_all(&run);
	}
	for (size_t i = 0; i < MODEL_CASES; i++)
		check_poll(&run, i, 0);
	if (runs++ % 16 == 0)
		quick_check(run.q);
	return 0;
}
