#include "tests/client/record_case.h"

#include <stdlib.h>
#include <string.h>

#include "client/server.h"
#include "tests/client/scene.h"

/* Scenes read in ways that their own tests do not try. */

#define SCENE_LONG 64 /* messages: such a one is not read any more often */
#define PAYLOAD_LONG (1024 * 1024)
#define BENT 3	     /* times that each scene is read so */
#define BENT_LATER 3 /* and once it has gone on */
#define MUST(call) assert_int_equal((call), ERR_OK)

enum bend {
	BEND_DROP,  /* a message is not there */
	BEND_LATER, /* it changes places with the next of its chain */
	BEND_NO_ENVELOPE,
	BEND_HEAD, /* one bit of its head */
	BEND_ENVELOPE,
	BEND_OTHERS_ENVELOPE,
	BEND_PAYLOAD,
	BEND_SHORT, /* its payload is cut */
	BEND_LONG,
	BEND_PIECES,	 /* nothing is wrong: but it comes in pieces */
	BEND_FINISH,	 /* the end is asked for before it, and again */
	BEND_HEAD_LINE,	 /* an empty line behind its head */
	BEND_FILED,	 /* the case is of another day */
	BEND_CASE,	 /* it is another one */
	BEND_POLICY,	 /* another policy came since */
	BEND_OLD_POLICY, /* and the case's own is not known */
};
#define BENDS (BEND_OLD_POLICY + 1)

struct bending {
	struct scene *s;
	struct conversation *c;
	enum bend bend;
	size_t at;
	size_t turn; /* of the policies */
};

static struct bytes
copy(struct bytes x, struct buf *out)
{
	out->max = x.n + 1;
	buf_put_bytes(out, x);
	assert_int_equal(out->err, ERR_OK);
	return buf_bytes(out);
}

static struct bytes
envelope_of(const struct sent *m, uint16_t person)
{
	for (size_t i = 0; i < m->n_to; i++) {
		if (m->person[i] == person)
			return buf_bytes(&m->envelope[i]);
	}
	return BYTES(NULL, 0);
}

static void
flip(struct buf *x)
{
	if (x->n > 0)
		x->p[x->n / 3] ^= 1;
}

static enum refusal
put_in_pieces(struct conversation *c, struct bytes x)
{
	enum refusal r = REFUSAL_NONE;

	for (size_t n = 1; r == REFUSAL_NONE && x.n > 0; n = n * 5 + 2) {
		size_t take = n < x.n ? n : x.n;

		r = conversation_put(c, BYTES(x.p, take));
		x = BYTES(x.p + take, x.n - take);
	}
	return r;
}

static enum refusal
take_bent(const struct bending *b, const struct sent *m, uint32_t seq)
{
	struct buf head CLEAN_BUF = { 0 }, envelope CLEAN_BUF = { 0 },
			payload CLEAN_BUF = { 0 };
	bool is_others = b->bend == BEND_OTHERS_ENVELOPE;
	enum refusal r;

	(void)copy(buf_bytes(&m->head), &head);
	(void)copy(buf_bytes(&m->payload), &payload);
	if (b->bend != BEND_NO_ENVELOPE)
		(void)copy(envelope_of(m, is_others ? CHIEF : b->c->person),
		    &envelope);
	if (is_others && envelope.n == 0) /* of the concern, for another one */
		(void)copy(envelope_of(&b->s->sent[0], b->c->person),
		    &envelope);
	if (b->bend == BEND_HEAD)
		flip(&head);
	else if (b->bend == BEND_ENVELOPE)
		flip(&envelope);
	else if (b->bend == BEND_PAYLOAD)
		flip(&payload);
	else if (b->bend == BEND_SHORT)
		payload.n = payload.n / 2;
	else if (b->bend == BEND_LONG)
		buf_put_u8(&payload, 0);
	else if (b->bend == BEND_HEAD_LINE)
		buf_put_u8(&head, '\n');
	r = conversation_begin(b->c, m->chain, seq, buf_bytes(&head),
	    buf_bytes(&envelope));
	if (r == REFUSAL_NONE)
		r = b->bend == BEND_PIECES
		    ? put_in_pieces(b->c, buf_bytes(&payload))
		    : conversation_put(b->c, buf_bytes(&payload));
	return r == REFUSAL_NONE ? conversation_end(b->c, NULL) : r;
}

/* The next of the same chain; itself where there is none. */
static size_t
next_of(const struct scene *s, size_t at)
{
	for (size_t i = at + 1; i < s->n; i++) {
		if (s->sent[i].chain == s->sent[at].chain)
			return i;
	}
	return at;
}

static enum refusal
take_place(const struct bending *b, size_t i, uint32_t *seq)
{
	const struct scene *s = b->s;
	size_t later = next_of(s, b->at);

	if (b->bend == BEND_DROP && i == b->at)
		return REFUSAL_NONE;
	if (b->bend == BEND_LATER && (i == b->at || i == later))
		i = i == b->at ? later : b->at;
	if (i != b->at)
		return reader_take(b->c, &s->sent[i], (*seq)++);
	if (b->bend == BEND_FINISH && conversation_finish(b->c) != REFUSAL_NONE)
		return REFUSAL_NONE; /* what comes says the same again */
	return take_bent(b, &s->sent[i], (*seq)++);
}

static void
take_bent_chain(const struct bending *b, enum chain chain)
{
	enum refusal r = REFUSAL_NONE;
	uint32_t seq = 0;

	for (size_t i = 0; r == REFUSAL_NONE && i < b->s->n; i++) {
		if (b->s->sent[i].chain == chain)
			r = take_place(b, i, &seq);
	}
}

static void
finish(struct conversation *c)
{
	enum refusal r = conversation_finish(c);

	(void)r; /* it is recorded */
}

static struct policy_person *
person_of(struct policy *p, uint16_t number)
{
	for (size_t i = 0; i < p->n_people; i++) {
		if (p->people[i].number == number)
			return &p->people[i];
	}
	fail_msg("nobody has this number");
	return NULL;
}

/* As it is, with another serial, and a little different: on the way of the
 * case, in who manages whom, in roles, in keys, and in when a case without
 * answers is closed. */
static void
change_policy(struct policy *p, size_t turn)
{
	struct policy_person *second = person_of(p, SECOND);

	p->issued -= (int64_t)(turn % 4) * 24 * 60 * 60;
	p->serial += turn % 5 == 0 ? 2 : 1;
	p->limits.close_after_days = turn % 3 == 0 ? 30 : 1;
	if (turn % 4 < 2)
		p->limits.close_needs_second ^= BAND_BIT(BAND);
	if (turn % 2 == 0)
		second->role = ROLE_INVESTIGATOR;
	second->keys[0].from = 1;
	if (turn % 7 == 0)
		second->keys[0].from = today() + (int64_t)(turn % 4);
	else if (turn % 3 == 0)
		second->keys[0].until = today() - (int64_t)(turn % 4);
	if (turn % 3 == 1)
		person_of(p, EXECUTIVE)->n_reports_to = 0;
	if (turn % 4 == 1) {
		p->routes[0].first[0] = CHAIR;
		p->routes[0].n_first = 1;
	}
	p->routes[0].recuse_line = turn % 4 != 2;
}

static struct policy *
next_policy(struct scene *s, size_t turn)
{
	struct buf text CLEAN_BUF = BUF_INIT(POLICY_JSON_MAX);
	struct policy_problem problem;
	struct policy *p = NULL;

	MUST(policy_put(s->w->policy, &text));
	MUST(policy_parse(buf_bytes(&text), &p, &problem));
	memcpy(p->previous, s->w->hash, SHA256_LEN);
	change_policy(p, turn);
	return p;
}

static void
read_with_policies(struct bending *b)
{
	struct policy *p = next_policy(b->s, b->turn);
	struct known_policy known[2] = { { .policy = p, .hash = { 1 } },
		b->s->known };

	b->c->known = known;
	b->c->n_known = b->bend == BEND_POLICY ? 2 : 1;
	take_bent_chain(b, CHAIN_TALK);
	if (b->c->person != PERSON_REPORTER)
		take_bent_chain(b, CHAIN_STAFF);
	finish(b->c);
	b->c = reader_free(b->c);
	p = policy_free(p);
}

static void
read_bent(struct scene *s, uint16_t person, size_t turn)
{
	struct bending b = { .s = s,
		.bend = (enum bend)(turn % BENDS),
		.at = turn / 3 % s->n,
		.turn = turn / BENDS };

	b.c = reader_new(s->w, person, &s->known);
	if (b.bend == BEND_POLICY || b.bend == BEND_OLD_POLICY) {
		read_with_policies(&b);
		return;
	}
	if (b.bend == BEND_FILED)
		b.c->filed = b.at % 2 == 0 ? 0 : b.c->filed - 3;
	b.c->case_id[0] ^= b.bend == BEND_CASE;
	take_bent_chain(&b, CHAIN_TALK);
	if (person != PERSON_REPORTER)
		take_bent_chain(&b, CHAIN_STAFF);
	finish(b.c);
	b.c = reader_free(b.c);
}

static bool
is_long(const struct scene *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->sent[i].payload.n > PAYLOAD_LONG)
			return true;
	}
	return s->n > SCENE_LONG;
}

static void
read_other_ways(struct scene *s, unsigned bent)
{
	static const uint16_t readers[] = { GUARDIAN, PERSON_REPORTER, SECOND,
		EXECUTIVE, INVESTIGATOR, GUARDIAN, 5 };
	static size_t turn;

	for (unsigned i = 0; i < bent; i++, turn++)
		read_bent(s, readers[turn % 7], turn);
}

/* Honest cases where somebody was left out; in one of them somebody who reports
 * to them writes, which only a server could let them. */
static void
record_left_out(const char *policy_yaml)
{
	for (int i = 0; i < 2; i++) {
		struct scene s;

		scene_begin(&s, policy_yaml);
		s.w->n_exclude = 1;
		s.w->exclude[0] = CHIEF;
		scene_write(&s, &honest[0]);
		WRITE(&s, ACK, GUARDIAN, 0);
		WRITE(&s, TRIAGE, GUARDIAN, .band = BAND);
		if (i == 0)
			WRITE(&s, UNOPENED, EXECUTIVE, .about = 0);
		scene_end(&s);
	}
}

/* Each scene gets a few of the ways, and another scene the next ones. */
void
record_scene(struct scene *s)
{
	static bool is_begun;

	if (!record_is_on() || s->n == 0 || is_long(s))
		return;
	if (!is_begun) {
		is_begun = true;
		record_left_out(s->policy_yaml);
	}
	read_other_ways(s, BENT);
	record_go_on(s);
	for (uint16_t person = 0; person <= PEOPLE; person++) {
		enum refusal r = read_all(s, person);

		(void)r; /* it is recorded */
	}
	read_other_ways(s, BENT_LATER);
}
