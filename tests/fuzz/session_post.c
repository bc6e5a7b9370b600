#include "tests/fuzz/session.h"

#include <assert.h>
#include <string.h>

/* Entries by reporters and staff, the same once more, and envelopes sent
 * ahead. */

/* --- entries --- */

struct posting {
	size_t which;
	struct entry e;
	struct content x;
	bool has_content;
	unsigned refusals;  /* beside those of the life */
	bool is_hidden;	    /* the author is to be told nothing */
	bool names_settled; /* its grants are over what was not sent ahead */
};

/* Kinds that the model would take from somebody now: one of them. */
static bool
a_way_on(struct run *r, struct reader *in, const struct model_case *c,
    struct entry *ret)
{
	static struct entry way[MESSAGE_KINDS * PEOPLE];
	size_t n = 0;

	for (uint16_t who = 0; who < PEOPLE; who++)
		for (unsigned k = 1; k < MESSAGE_KINDS; k++) {
			struct entry e = { .kind = (enum message_kind)k,
				.author = who,
				.from = who,
				.about = k == MESSAGE_CONSENT ? c->disclosure
							      : c->pending };
			bool reads = who == 0 || c->reader[who].reads;

			if (reads &&
			    message_form(e.kind)->author != AUTHOR_INSTANCE &&
			    model_may_live(c, &e, r->serial, true) == 0)
				way[n++] = e;
		}
	if (n == 0)
		return false;
	*ret = way[reader_u16(in) % n];
	return true;
}

static void
fill_people(struct reader *in, struct entry *e)
{
	uint8_t how = take_byte(in);

	for (uint16_t i = 1; i < 9; i++) {
		bool tells = model_route_is_there(e->route) &&
		    model_is_told(e->route, i);

		if (how >= 200 && how % 8 + 1 == i)
			tells = !tells;
		if (tells)
			e->people[e->n_people++] = i;
	}
}

/* The digest over all that a person has of the case; or without what was sent
 * ahead; or over nothing; or another. */
static void
fill_grants(struct run *r, struct reader *in, struct posting *p)
{
	static struct grant g[MODEL_ENVELOPES];
	const struct model_case *c = &r->c[p->which];
	const uint8_t how = take_byte(in);
	size_t n = 0;

	p->names_settled = how >= 150 && how < 200;
	for (unsigned chain = 0; chain < 2; chain++)
		for (uint32_t seq = 0; seq < c->count[chain]; seq++)
			for (size_t i = 0; i < c->n_envelopes; i++) {
				const struct model_envelope *x =
				    &c->envelope[i];
				CLEAN_BUF struct buf b =
				    BUF_INIT(QUICK_ENVELOPE_MAX);

				if (x->person != p->e.person ||
				    (p->names_settled && x->is_ahead) ||
				    x->chain != (enum chain)chain ||
				    x->seq != seq)
					continue;
				quick_envelope(x->person, x->number, &b);
				g[n].chain = x->chain;
				g[n].seq = seq;
				assert(sha256(buf_bytes(&b), g[n++].envelope) ==
				    ERR_OK);
			}
	assert(grants_digest(g, how >= 200 && how < 240 ? 0 : n, p->e.grants) ==
	    ERR_OK);
	if (how >= 240) {
		p->e.grants[0] ^= 1;
		p->refusals |= MAY(ANSWER_INCOMPLETE);
	}
}

static void
fill_entry(struct run *r, struct reader *in, struct posting *p)
{
	const struct model_case *c = &r->c[p->which];
	const unsigned params = message_form(p->e.kind)->params;
	struct entry *e = &p->e;
	uint8_t bits = take_byte(in);

	if (params & PARAM_BAND)
		e->band = 1 + bits % 4;
	e->is_complex = (params & PARAM_COMPLEX) && (bits & 8);
	e->is_conduct = (params & PARAM_CONDUCT) && (bits & 16);
	e->agrees = (params & PARAM_AGREE) && (bits & 32);
	e->investigates = (params & PARAM_INVESTIGATE) && (bits & 64);
	if (!(params & PARAM_ABOUT))
		e->about = 0;
	else if (bits % 16 == 15)
		e->about = take_byte(in) % 8;
	if (params & PARAM_ROUTE)
		e->route = 1 + take_byte(in) % 8 % 4;
	if (params & PARAM_PEOPLE)
		fill_people(in, e);
	e->from = params & PARAM_FROM ? e->from : 0;
	if ((params & PARAM_FROM) && bits >= 128)
		e->from = take_reader(in, c);
	if (params & PARAM_PERSON)
		e->person = 1 + take_byte(in) % 13;
	if (e->person != 0 && e->person == e->from)
		e->person = e->from == 13 ? 1 : e->from + 1;
	if (params & PARAM_CHAIN)
		e->in = bits & 8 ? CHAIN_STAFF : CHAIN_TALK;
	if (params & PARAM_GRANTS)
		fill_grants(r, in, p);
}

/* Where it stands; and what may be wrong with that. */
static void
fill_place(struct run *r, struct reader *in, struct posting *p)
{
	const struct model_case *c = &r->c[p->which];
	const enum chain chain = message_kind_chain(p->e.kind);
	const enum chain other = chain == CHAIN_TALK ? CHAIN_STAFF : CHAIN_TALK;
	uint32_t n = c->count[chain], m = c->count[other];
	uint8_t how = take_byte(in);
	struct entry *e = &p->e;

	e->seq = n;
	if (n > 0)
		memcpy(e->prev, c->message[chain][n - 1].link, LINK_LEN);
	if (e->author != PERSON_REPORTER && m > 0)
		memcpy(e->seen, c->message[other][m - 1].link, LINK_LEN);
	e->day = run_today(r) + (how % 8 == 7 ? 1 : 0);
	if (how < 224)
		return;
	p->refusals |= MAY(ANSWER_CONFLICT);
	if (how < 230 && n > 1)
		e->seq = n - 1;
	else if (how < 236 && n > 0)
		e->prev[0] ^= 1;
	else if (how < 242 && e->author != PERSON_REPORTER && m > 0)
		e->seen[0] ^= 1;
	else {
		e->day += how < 248 ? 2 : -3;
		p->refusals ^= MAY(ANSWER_CONFLICT) | MAY(ANSWER_WRONG_DAY);
	}
}

/* Sealed to who reads now; a plain case's reporter has a key of their own. */
static void
fill_content(struct run *r, struct reader *in, struct posting *p)
{
	const struct model_case *c = &r->c[p->which];
	const enum message_content may = message_form(p->e.kind)->content;
	const bool is_talk = message_kind_chain(p->e.kind) == CHAIN_TALK;
	unsigned mask = is_talk;

	p->has_content = may == CONTENT_MUST ||
	    (may == CONTENT_MAY && take_byte(in) % 2 == 0);
	if (!p->has_content)
		return;
	for (uint16_t i = 1; i < PEOPLE; i++)
		mask |= (unsigned)c->reader[i].reads << i;
	content_make(r, in, mask, &p->x);
	memcpy(p->e.content, p->x.digest, SHA256_LEN);
	p->refusals |= p->x.refusals;
	if (p->x.n_to < 1u + is_talk ||
	    (p->x.to[p->x.n_to - 1] == PERSON_REPORTER) != is_talk)
		p->refusals |= MAY(ANSWER_BAD_BUNDLE);
}

static void
wrap(struct run *r, const struct posting *p, struct bytes note,
    struct bundle_request *q)
{
	if (p->e.kind == MESSAGE_WITHDRAW) {
		q->kind = REQUEST_WITHDRAW;
		q->withdraw.entry = note;
	} else if (p->e.author == PERSON_REPORTER) {
		q->kind = REQUEST_FOLLOWUP;
		q->followup.entry = note;
		if (p->has_content)
			q->followup.content = p->x.bundle;
	} else {
		q->kind = REQUEST_POST;
		q->post.entry = note;
		memcpy(q->post.session, r->session[p->e.author].token,
		    BUNDLE_SESSION_LEN);
		if (p->has_content)
			q->post.content = p->x.bundle;
	}
}

/* What was taken, one of the two ways that it can be; and what the instance
 * said at once. */
static void
take_effect(struct run *r, const struct posting *p,
    const struct model_post *post)
{
	struct model_case *c = &r->c[p->which];
	static struct model_case was;

	was = *c;
	if (model_may(c, post, false) == 0) {
		model_apply(c, post, false);
		if (check_matches(r, p->which))
			return;
		*c = was;
	}
	assert(model_may(c, post, true) == 0);
	model_apply(c, post, true);
	assert(check_matches(r, p->which));
}

/* Escalating fails where no rung is left: that is for the vault to know. */
static bool
may_be_refused(const struct run *r, const struct posting *p, unsigned no,
    unsigned also)
{
	unsigned all = no | also;

	if (p->e.kind == MESSAGE_ESCALATE)
		all |= MAY(ANSWER_NOT_NOW);
	return (all & MAY(r->w->status)) != 0;
}

static void
judge(struct run *r, struct posting *p, const struct bundle_request *q,
    struct bytes note)
{
	struct model_case *c = &r->c[p->which];
	struct model_post post = { .serial = r->serial,
		.today = run_today(r),
		.e = &p->e,
		.names_settled = p->names_settled,
		.has_content = p->has_content,
		.n_to = p->x.n_to,
		.number = p->x.number,
		.is_large = p->x.is_large };
	unsigned one, two;

	if (p->e.author != PERSON_REPORTER && !session_lives(r, p->e.author)) {
		assert(r->w->status == ANSWER_NO_SESSION);
		return;
	}
	if (p->e.author != PERSON_REPORTER)
		r->session[p->e.author].used = r->w->now;
	if (p->is_hidden) {
		assert(r->w->status == ANSWER_UNKNOWN);
		return;
	}
	one = p->refusals | model_may(c, &post, false);
	two = p->refusals | model_may(c, &post, true);
	if (r->w->status != ANSWER_OK) {
		assert(may_be_refused(r, p, one, two));
		return;
	}
	assert(one == 0 || two == 0);
	memcpy(post.to, p->x.to, sizeof(post.to));
	memcpy(post.content, p->x.digest, SHA256_LEN);
	assert(link_digest(note, p->has_content ? p->x.digest : NULL,
		   post.link) == ERR_OK);
	check_proof(r, p->e.kind, p->e.case_id, post.link);
	run_remember(r, q, p->which, p->e.author, post.link);
	take_effect(r, p, &post);
	if (p->has_content && p->x.is_upload && c->is_there)
		c->message[message_kind_chain(p->e.kind)][p->e.seq].number =
		    content_number(r, &p->x);
	if (p->has_content)
		content_is_taken(r, &p->x);
}

static void
post(struct run *r, struct reader *in, struct posting *p)
{
	CLEAN_BUF struct buf note = BUF_INIT(ENTRY_NOTE_MAX);
	struct model_case *c = &r->c[p->which];
	const bool is_reporters = p->e.author == PERSON_REPORTER;
	uint8_t seed[SIGN_SEED_LEN];
	static struct bundle_request q;

	memcpy(p->e.case_id,
	    p->which < SEALED_CASES ? r->q->reporter[p->which].keys.case_id
				    : c->id,
	    CASE_ID_LEN);
	memcpy(seed,
	    is_reporters
		? r->q->reporter[p->which % SEALED_CASES].keys.sign_seed
		: quick_seed(r->q, p->e.author),
	    sizeof(seed));
	p->is_hidden = !c->is_there ||
	    (is_reporters ? c->is_plain : !c->reader[p->e.author].reads);
	if (take_byte(in) >= 248) {
		seed[0] ^= 1;
		p->refusals |= MAY(ANSWER_BAD_SIGNATURE);
		p->is_hidden |= is_reporters;
	}
	if (entry_sign(&p->e, seed, &note) != ERR_OK ||
	    (p->has_content && p->x.n_to == 0))
		return; /* not a form that there is */
	memset(&q, 0, sizeof(q));
	wrap(r, p, buf_bytes(&note), &q);
	(void)run_ask(r, &q);
	judge(r, p, &q, buf_bytes(&note));
}

void
do_post(struct run *r, struct reader *in)
{
	struct posting p = { .which = take_case(in) };
	const struct model_case *c = &r->c[p.which];
	uint8_t how = take_byte(in);

	if (how < 64 || !a_way_on(r, in, c, &p.e)) {
		p.e.kind = 1 + take_byte(in) % (MESSAGE_KINDS - 1);
		if (message_form(p.e.kind)->author == AUTHOR_INSTANCE)
			return;
		p.e.author = message_kind_is_reporters(p.e.kind)
		    ? PERSON_REPORTER
		    : take_reader(in, c);
		p.e.from = p.e.author;
	}
	if (p.e.author != PERSON_REPORTER)
		run_sign_in(r, in, p.e.author);
	fill_entry(r, in, &p);
	fill_place(r, in, &p);
	fill_content(r, in, &p);
	post(r, in, &p);
	content_free(&p.x);
}

/* --- once more --- */

static bool
is_in_chain(const struct model_case *c, const uint8_t *link)
{
	for (unsigned chain = 0; chain < 2; chain++)
		for (uint32_t i = 0; i < c->count[chain]; i++)
			if (memcmp(c->message[chain][i].link, link, LINK_LEN) ==
			    0)
				return true;
	return false;
}

/* What is there gives its proof again, to whoever may still know of it. */
void
do_again(struct run *r, struct reader *in)
{
	const struct sent_before *s = &r->sent[take_byte(in) % LAST_SENT];
	const struct model_case *c = &r->c[s->which];
	enum wire_type type =
	    s->author == PERSON_REPORTER ? WIRE_TEXT : WIRE_STAFF;

	/* Of a case that was removed and filed anew, it may be news. */
	if (s->body.n == 0 ||
	    ((s->is_concern || c->is_there) && !is_in_chain(c, s->link)))
		return;
	(void)world_ask(r->w, type, buf_bytes(&s->body));
	if (r->w->status == ANSWER_OK) {
		assert(r->w->answer.kind == ANSWER_STORED);
		assert(c->is_there && is_in_chain(c, s->link));
	} else if (s->names_upload && c->is_there) {
		/* Its upload's name has another payload by now. */
		assert(r->w->status != ANSWER_DOWN);
	} else if (s->author != PERSON_REPORTER) {
		/* By the session of then, or by the one who left the case. */
		assert(r->w->status == ANSWER_NO_SESSION ||
		    !c->reader[s->author].reads || !c->is_there);
	} else if (s->is_concern) {
		assert(r->w->status == ANSWER_BAD_POLICY);
	} else {
		assert(r->w->status == ANSWER_UNKNOWN && !c->is_there);
	}
	if (s->author != PERSON_REPORTER && r->w->status != ANSWER_NO_SESSION &&
	    session_lives(r, s->author))
		r->session[s->author].used = r->w->now;
}

/* --- envelopes sent ahead --- */

void
do_envelopes(struct run *r, struct reader *in)
{
	size_t which = take_case(in);
	struct model_case *c = &r->c[which];
	uint16_t author = take_reader(in, c);
	struct model_sending s = { .person = 1 + take_byte(in) % 14 };
	struct bundle_request q = { .kind = REQUEST_ENVELOPES };
	struct request_envelopes *x = &q.envelopes;
	struct buf made[16];
	uint8_t mask = take_byte(in), how = take_byte(in);
	unsigned no = 0;

	run_sign_in(r, in, author);
	s.is_fresh = x->is_fresh = how & 1;
	x->person = s.person;
	for (uint32_t i = 0; i < 16 && s.n < 8; i++) {
		const enum chain chain = i < 8 ? CHAIN_TALK : CHAIN_STAFF;

		if (!(mask >> i % 8 & 1) || i % 8 > c->count[chain])
			continue;
		s.at[s.n] = (struct model_envelope){ s.person, chain, i % 8,
			how & 2 ? 5000 : 5001, true };
		made[s.n] = (struct buf)BUF_INIT(QUICK_ENVELOPE_MAX);
		quick_envelope(s.person, s.at[s.n].number, &made[s.n]);
		x->at[s.n] = (struct bundle_grant){ chain, i % 8,
			buf_bytes(&made[s.n]) };
		s.n++;
	}
	x->n = s.n;
	if (s.n == 0)
		return;
	memcpy(x->session, r->session[author].token, BUNDLE_SESSION_LEN);
	memcpy(x->case_id,
	    which < SEALED_CASES ? r->q->reporter[which].keys.case_id : c->id,
	    CASE_ID_LEN);
	(void)run_ask(r, &q);
	for (size_t i = 0; i < s.n; i++)
		buf_free(&made[i]);
	if (!session_lives(r, author)) {
		assert(r->w->status == ANSWER_NO_SESSION);
		return;
	}
	r->session[author].used = r->w->now;
	if (!c->is_there || !c->reader[author].reads) {
		assert(r->w->status == ANSWER_UNKNOWN);
		return;
	}
	if (model_has_left(r->serial, s.person))
		no |= MAY(ANSWER_BAD_BUNDLE);
	no |= model_may_send(c, &s);
	if (run_was_taken(r, no))
		model_send(c, &s);
}
