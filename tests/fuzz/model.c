#include "tests/fuzz/model.h"

#include <assert.h>
#include <string.h>

#include "crypto/link.h"
#include "tests/fuzz/model_inside.h"

/* --- the policy, as etc/policy-small.yaml has it --- */

enum role { OTHER, GUARDS, INVESTIGATES, DIRECTS };

/* clang-format off */
/* By number; 0, 7 and 8 have no keys. */
static const struct {
	bool has_keys;
	enum role role;
} people[MODEL_PEOPLE] = {
	[1] = { true, GUARDS }, [2] = { true, GUARDS },
	[3] = { true, DIRECTS }, [4] = { true, DIRECTS },
	[5] = { true, DIRECTS }, [6] = { true, DIRECTS },
	[7] = { false, OTHER }, [8] = { false, OTHER },
	[9] = { true, INVESTIGATES }, [10] = { true, INVESTIGATES },
	[11] = { true, OTHER }, [12] = { true, DIRECTS },
	[13] = { true, GUARDS },
};
/* clang-format on */
#define LAST_PERSON 13
#define LEAVER 9
#define WITHOUT_LEAVER 3 /* the policy of this serial */

#define P(n) (1u << (n))
static const struct {
	unsigned first;
	struct {
		unsigned join, tell;
	} rung[3];
} routes[] = {
	[1] = { P(1) | P(2),
	    { { .join = P(3) | P(5) }, { .join = P(3) | P(5) },
		{ .tell = P(5) | P(6) } } },
	[2] = { P(5) | P(6),
	    { { .tell = P(5) | P(6) }, { .join = P(1) | P(2) | P(3) },
		{ .tell = P(7) | P(8) } } },
	[3] = { P(1) | P(2), { { .tell = P(3) | P(5) } } },
};

bool
model_route_is_there(uint16_t route)
{
	return route >= 1 && route <= 3;
}

bool
model_has_left(uint32_t serial, uint16_t person)
{
	return person < 1 || person > LAST_PERSON ||
	    (serial >= WITHOUT_LEAVER && person == LEAVER);
}

bool
model_can_read(uint32_t serial, uint16_t person)
{
	return !model_has_left(serial, person) && people[person].has_keys;
}

bool
model_is_investigator(uint16_t person)
{
	return people[person].role == INVESTIGATES;
}

bool
model_is_first(uint16_t route, uint16_t person)
{
	return (routes[route].first & P(person)) != 0;
}

bool
model_rung_joins(uint16_t route, unsigned rung, uint16_t person)
{
	return (routes[route].rung[rung - 1].join & P(person)) != 0;
}

bool
model_rung_tells(uint16_t route, unsigned rung, uint16_t person)
{
	return (routes[route].rung[rung - 1].tell & P(person)) != 0;
}

static bool
may_join(uint16_t route, uint16_t person)
{
	unsigned all = 0;

	for (size_t i = 0; i < 3; i++)
		all |= routes[route].rung[i].join;
	return (all & P(person)) != 0;
}

bool
model_is_told(uint16_t route, uint16_t person)
{
	unsigned all = 0;

	for (size_t i = 0; i < 3; i++)
		all |= routes[route].rung[i].tell;
	return (all & P(person)) != 0;
}

/* By its route as it is now. */
bool
model_is_called(const struct model_case *c, uint32_t serial, uint16_t person,
    bool called)
{
	return !model_has_left(serial, person) &&
	    (model_is_first(c->route, person) ||
		(called && may_join(c->route, person)));
}

/* --- parts: R, H, I, E, A --- */

/* Of somebody to whom it was given, or who has it by the route. */
static unsigned
part_of(uint16_t person, bool is_given)
{
	const enum role role = people[person].role;
	unsigned directs = role == DIRECTS ? E : 0;

	if (!is_given)
		return H | directs;
	if (role == GUARDS)
		return H;
	if (role == INVESTIGATES)
		return I;
	return directs != 0 ? directs : A;
}

unsigned
model_parts(const struct model_case *c, uint32_t serial, uint16_t person,
    bool called)
{
	const struct model_reader *r = &c->reader[person];
	unsigned all;

	if (person == PERSON_REPORTER)
		return R;
	if (!r->reads)
		return 0;
	all = part_of(person, r->is_given);
	if (model_is_called(c, serial, person, called))
		all |= part_of(person, false);
	return all;
}

bool
model_handles(const struct model_case *c, uint16_t person, bool called)
{
	return (model_parts(c, 1, person, called) & H) != 0;
}

/* --- who is let in --- */

/* The digest over what the person has was made from the model's envelopes:
 * whether it is the right one, the caller knows. */
static unsigned
person_refusals(const struct model_case *c, const struct model_post *p,
    bool called)
{
	const struct entry *e = p->e;
	const struct model_reader *who = &c->reader[e->person];
	unsigned by = model_parts(c, p->serial, e->author, called);
	unsigned next = part_of(e->person, c->reader[e->author].is_given);
	unsigned now = model_parts(c, p->serial, e->person, called);
	unsigned no = 0;

	if (e->kind == MESSAGE_GRANT && !(by & H) && !who->has_envelopes)
		no |= MAY(ANSWER_DENIED);
	if (e->kind == MESSAGE_HANDOVER && !(by & H) &&
	    (next & (H | E) & ~(by | now)))
		no |= MAY(ANSWER_DENIED);
	if (e->kind == MESSAGE_GRANT && !who->has_envelopes &&
	    !model_is_first(c->route, e->person) &&
	    !may_join(c->route, e->person))
		no |= MAY(ANSWER_BAD_BUNDLE);
	if (e->kind == MESSAGE_HANDOVER && !c->reader[e->from].has_envelopes)
		no |= MAY(ANSWER_BAD_BUNDLE);
	if (!model_can_read(p->serial, e->person))
		no |= MAY(ANSWER_BAD_BUNDLE);
	return no;
}

static unsigned
route_refusals(const struct entry *e)
{
	if (!model_route_is_there(e->route))
		return MAY(ANSWER_BAD_BUNDLE);
	for (size_t i = 0; i < e->n_people; i++)
		if (!model_is_told(e->route, e->people[i]))
			return MAY(ANSWER_BAD_BUNDLE);
	return 0;
}

unsigned
model_may(const struct model_case *c, const struct model_post *p, bool called)
{
	unsigned no = model_may_live(c, p->e, p->serial, called);

	if (p->e->kind == MESSAGE_ROUTE)
		no |= route_refusals(p->e);
	if (message_form(p->e->kind)->params & PARAM_PERSON)
		no |= person_refusals(c, p, called);
	return no;
}

/* --- what it changes in the readers --- */

static void
forget(struct model_case *c, uint16_t person, bool only_ahead)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_envelopes; i++) {
		const struct model_envelope *x = &c->envelope[i];

		if (x->person == person && (x->is_ahead || !only_ahead))
			continue;
		c->envelope[n++] = *x;
	}
	c->n_envelopes = n;
}

void
model_drop(struct model_case *c, uint16_t person)
{
	forget(c, person, false);
	c->reader[person] = (struct model_reader){ 0 };
}

static void
settle(struct model_case *c, uint16_t person)
{
	for (size_t i = 0; i < c->n_envelopes; i++)
		if (c->envelope[i].person == person)
			c->envelope[i].is_ahead = false;
}

/* What was sent ahead is named by this entry, or forgotten. */
static void
take_sent(struct model_case *c, const struct model_post *p)
{
	if (p->names_settled || grants_are_none(p->e->grants))
		forget(c, p->e->person, true);
	else
		settle(c, p->e->person);
}

static void
add_envelope(struct model_case *c, const struct model_envelope *x)
{
	assert(c->n_envelopes < MODEL_ENVELOPES);
	c->envelope[c->n_envelopes++] = *x;
}

/* The new message's, and who comes in by being written to. */
static void
take_content(struct model_case *c, const struct model_post *p, bool called)
{
	const enum chain chain = message_kind_chain(p->e->kind);
	bool lets_in =
	    (model_parts(c, p->serial, p->e->author, called) & (R | H));

	for (size_t i = 0; p->has_content && i < p->n_to; i++) {
		struct model_reader *r = &c->reader[p->to[i]];

		add_envelope(c,
		    &(struct model_envelope){
			p->to[i], chain, p->e->seq, p->number, false });
		if (p->to[i] == PERSON_REPORTER || r->reads)
			continue;
		r->has_envelopes = true;
		r->is_awaited = false;
		if (lets_in && model_is_called(c, p->serial, p->to[i], called))
			r->reads = true;
	}
}

static void
hand_over(struct model_case *c, const struct model_post *p)
{
	const struct entry *e = p->e;
	const struct model_reader from = c->reader[e->from];
	struct model_reader *to = &c->reader[e->person];

	to->has_envelopes = true;
	to->reads = to->reads || from.reads;
	to->is_given = from.is_given;
	to->is_awaited = false;
	take_sent(c, p);
	model_drop(c, e->from);
}

static void
take_route(struct model_case *c, const struct model_post *p)
{
	c->route = p->e->route;
	for (uint16_t i = 1; i < MODEL_PEOPLE; i++)
		c->reader[i].may_be_told = false;
	for (size_t i = 0; i < p->e->n_people; i++)
		c->reader[p->e->people[i]].may_be_told = true;
	for (uint16_t i = 1; i < MODEL_PEOPLE; i++)
		if (c->reader[i].has_envelopes &&
		    model_is_called(c, p->serial, i, false))
			c->reader[i].reads = true;
}

static void
apply_readers(struct model_case *c, const struct model_post *p, bool called)
{
	const struct entry *e = p->e;
	struct model_reader *who = &c->reader[e->person];

	if (e->kind == MESSAGE_RECUSE)
		model_drop(c, e->author);
	else if (e->kind == MESSAGE_HANDOVER)
		hand_over(c, p);
	else if (e->kind == MESSAGE_ROUTE)
		take_route(c, p);
	else if (e->kind == MESSAGE_ASSIGN || e->kind == MESSAGE_GRANT) {
		who->has_envelopes = true;
		who->is_awaited = false;
		if (e->kind == MESSAGE_ASSIGN)
			who->reads = who->is_given = true;
		else if (model_is_called(c, p->serial, e->person, called))
			who->reads = true;
		take_sent(c, p);
	}
}

void
model_append(struct model_case *c, enum chain chain,
    const struct model_message *m)
{
	assert(c->count[chain] < MODEL_MESSAGES);
	c->message[chain][c->count[chain]++] = *m;
}

void
model_apply(struct model_case *c, const struct model_post *p, bool called)
{
	const struct entry *e = p->e;
	struct model_message m = { .kind = e->kind,
		.author = e->author,
		.has_content = p->has_content,
		.is_large = p->is_large,
		.number = p->number };

	if (e->kind == MESSAGE_WITHDRAW && !(c->flags & CASE_IS_HELD) &&
	    (c->state == CASE_RECEIVED || (c->flags & CASE_IS_DISMISSED))) {
		*c = (struct model_case){ 0 };
		return;
	}
	memcpy(m.link, p->link, LINK_LEN);
	memcpy(m.content, p->content, SHA256_LEN);
	take_content(c, p, called);
	model_append(c, message_kind_chain(e->kind), &m);
	model_apply_life(c, e, p->today);
	apply_readers(c, p, called);
}

/* --- a concern --- */

void
model_file(struct model_case *c, const struct model_concern *q)
{
	struct model_message m = { .kind = MESSAGE_CONCERN,
		.has_content = true,
		.is_large = q->is_large,
		.number = q->number };

	*c = (struct model_case){ .is_there = true,
		.is_plain = q->is_plain,
		.route = q->route,
		.filed = q->today,
		.serial = q->serial,
		.band = q->band,
		.gravest = q->band };
	memcpy(c->id, q->id, CASE_ID_LEN);
	memcpy(m.link, q->link, LINK_LEN);
	memcpy(m.content, q->content, SHA256_LEN);
	model_append(c, CHAIN_TALK, &m);
	for (size_t i = 0; i < q->n_to; i++) {
		struct model_reader *r = &c->reader[q->to[i]];

		if (!q->is_plain)
			add_envelope(c,
			    &(struct model_envelope){
				q->to[i], CHAIN_TALK, 0, q->number, false });
		if (q->to[i] == PERSON_REPORTER)
			continue;
		r->has_envelopes = true;
		r->reads = model_is_called(c, q->serial, q->to[i], false);
	}
	if (q->is_plain)
		add_envelope(c,
		    &(struct model_envelope){
			MODEL_SHARED, CHAIN_TALK, 0, q->number, false });
	for (size_t i = 0; i < q->n_tell; i++)
		c->reader[q->tell[i]].may_be_told = true;
}

void
model_sweep(struct model_case *c, uint32_t serial)
{
	for (uint16_t i = 1; i < MODEL_PEOPLE; i++)
		if (model_has_left(serial, i) && !c->reader[i].has_envelopes)
			model_drop(c, i);
}

/* --- envelopes sent ahead --- */

static const struct model_envelope *
envelope_at(const struct model_case *c, uint16_t person, enum chain chain,
    uint32_t seq)
{
	for (size_t i = 0; i < c->n_envelopes; i++) {
		const struct model_envelope *x = &c->envelope[i];

		if (x->person == person && x->chain == chain && x->seq == seq)
			return x;
	}
	return NULL;
}

unsigned
model_may_send(const struct model_case *c, const struct model_sending *s)
{
	unsigned no = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct model_envelope *x = &s->at[i], *is_there;

		if (x->seq >= c->count[x->chain]) {
			no |= MAY(ANSWER_UNKNOWN);
			continue;
		}
		is_there = envelope_at(c, s->person, x->chain, x->seq);
		if (is_there != NULL && is_there->number != x->number &&
		    !(s->is_fresh && is_there->is_ahead))
			no |= MAY(ANSWER_EXISTS);
	}
	return no;
}

void
model_send(struct model_case *c, const struct model_sending *s)
{
	struct model_reader *r = &c->reader[s->person];

	if (s->is_fresh)
		forget(c, s->person, true);
	if (!r->has_envelopes)
		r->is_awaited = true;
	for (size_t i = 0; i < s->n; i++) {
		struct model_envelope x = s->at[i];

		x.person = s->person;
		x.is_ahead = true;
		if (envelope_at(c, s->person, x.chain, x.seq) == NULL)
			add_envelope(c, &x);
	}
}

/* --- reading --- */

const struct model_envelope *
model_envelope_for(const struct model_case *c, uint16_t person,
    enum chain chain, uint32_t seq)
{
	const struct model_envelope *x = envelope_at(c, person, chain, seq);

	if (person != PERSON_REPORTER && !c->reader[person].reads)
		return NULL;
	if (x != NULL && !x->is_ahead)
		return x;
	return envelope_at(c, MODEL_SHARED, chain, seq);
}
