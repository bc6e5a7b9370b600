#include "tests/policy/print.h"

/* Cases, and what entries do to them. */

static const char *const refusals[] = {
	[LIFE_NOT_YOURS] = "not-yours",
	[LIFE_NOT_NOW] = "not-now",
	[LIFE_WITHDREW] = "withdrew",
	[LIFE_NEEDS_REVIEW] = "needs-review",
	[LIFE_SAME_PERSON] = "same-person",
	[LIFE_NOTHING_ASKED] = "nothing-asked",
	[LIFE_ON_HOLD] = "on-hold",
};
#define ANY_PART ((1u << PARTS) - 1)

static uint16_t
random_author(struct dice *d, const struct policy *p, enum message_kind k)
{
	if (message_form(k)->author == AUTHOR_REPORTER)
		return PERSON_REPORTER;
	if (message_form(k)->author == AUTHOR_INSTANCE)
		return PERSON_INSTANCE;
	return p->people[below(d, (unsigned)p->n_people)].number;
}

static enum notice_code
random_code(struct dice *d, enum message_kind k)
{
	bool has_code = (message_form(k)->params & PARAM_CODE) != 0;
	enum notice_code c;

	do
		c = (enum notice_code)below(d, NOTICE_CODES);
	while (has_code && notice_code_kind(c) != k);
	return c;
}

/* Often of what the case can be asked, so that it gets somewhere. */
static enum message_kind
random_kind(struct dice *d, const struct life *l)
{
	enum message_kind k = MESSAGE_CONCERN;

	for (unsigned i = 0; i < 20; i++) {
		k = (enum message_kind)below(d, MESSAGE_KINDS);
		if (k == MESSAGE_WITHDRAW && !in_a_hundred(d, 10))
			continue;
		if (life_table_next(l->state, k) != l->state ||
		    in_a_hundred(d, 20))
			break;
	}
	return k;
}

static struct entry
random_entry(struct dice *d, const struct policy *p, const struct life *l,
    uint32_t seq)
{
	struct entry e = { .kind = random_kind(d, l), .seq = seq };
	enum message_content content = message_form(e.kind)->content;

	e.author = random_author(d, p, e.kind);
	e.band = (uint8_t)(1 + below(d, POLICY_BANDS));
	e.is_complex = in_a_hundred(d, 50);
	e.is_conduct = in_a_hundred(d, 40);
	e.agrees = in_a_hundred(d, 50);
	e.investigates = in_a_hundred(d, 70);
	e.from = in_a_hundred(d, 50) ? e.author : 1;
	e.about = in_a_hundred(d, 10)	? 1
	    : e.kind == MESSAGE_CONSENT ? l->asked
					: l->pending;
	e.code = random_code(d, e.kind);
	e.number = (uint8_t)below(d, 9);
	e.content[0] = content == CONTENT_MUST ||
	    (content == CONTENT_MAY && in_a_hundred(d, 50));
	return e;
}

static json_t *
entry_of(const struct entry *e)
{
	char content[2 * SHA256_LEN + 1];

	hex_encode(content, e->content, SHA256_LEN);
	return json_pack("{s:s, s:i, s:i, s:i, s:b, s:b, s:b, s:b, s:i, s:i, "
			 "s:s, s:i, s:s}",
	    "kind", message_kind_name(e->kind), "author", e->author, "seq",
	    e->seq, "band", e->band, "complex", e->is_complex, "conduct",
	    e->is_conduct, "agree", e->agrees, "investigate", e->investigates,
	    "from", e->from, "about", e->about, "code",
	    notice_code_name(e->code), "number", e->number, "content", content);
}

static json_t *
life_of(const struct policy *p, const struct life *l)
{
	struct buf flags CLEAN_BUF = BUF_INIT(256);
	json_t *since = json_array(), *deadlines = json_object();
	enum policy_deadline which;
	int64_t at;

	case_flags_put(&flags, l->flags);
	for (int i = 0; i < SINCE_BREACHED; i++)
		json_array_append_new(since, json_integer(l->since[i]));
	for (unsigned i = 0; i < POLICY_DEADLINES; i++)
		if (clock_deadline_of(p, l, (enum policy_deadline)i, &at))
			json_object_set_new(deadlines,
			    policy_deadline_name((enum policy_deadline)i),
			    json_integer(at));
	if (clock_deadline(p, l, &which, &at))
		json_object_set_new(deadlines, "first",
		    json_string(policy_deadline_name(which)));
	return json_pack("{s:s, s:i, s:i, s:o, s:i, s:i, s:i, s:i, s:o, s:i, "
			 "s:i, s:o, s:b}",
	    "state", case_state_name(l->state), "band", l->band, "gravest",
	    l->gravest, "flags", json_stringn((const char *)flags.p, flags.n),
	    "first", l->first, "pending", l->pending, "asked", l->asked,
	    "findings", l->findings, "since", since, "prompts", l->prompts,
	    "checks", l->checks, "deadlines", deadlines, "second",
	    life_needs_second(l, p));
}

json_t *
print_life(struct dice *d, const struct policy *p)
{
	int64_t now = p->issued + (int64_t)below(d, 30 * DAY_SECONDS);
	uint8_t band = (uint8_t)(1 + below(d, POLICY_BANDS));
	json_t *steps = json_array(), *begin;
	struct life l;

	life_begin(&l, band, p->serial, now);
	begin = json_pack("{s:i, s:I, s:o}", "band", band, "now",
	    (json_int_t)now, "life", life_of(p, &l));
	for (uint32_t i = 1; i <= 40; i++) {
		struct entry e = random_entry(d, p, &l, i);
		unsigned parts =
		    in_a_hundred(d, 80) ? ANY_PART : below(d, ANY_PART + 1);
		enum life_refusal may = life_may(&l, &e, parts);

		now += below(d, in_a_hundred(d, 80) ? 3600 : 20 * DAY_SECONDS);
		if (may == LIFE_OK)
			life_apply(&l, p, NULL, &e, now);
		json_array_append_new(steps,
		    json_pack("{s:o, s:i, s:I, s:o, s:o}", "entry",
			entry_of(&e), "parts", parts, "now", (json_int_t)now,
			"refusal",
			may == LIFE_OK ? json_null()
				       : json_string(refusals[may]),
			"life", may == LIFE_OK ? life_of(p, &l) : json_null()));
	}
	json_object_set_new(begin, "steps", steps);
	return begin;
}

json_t *
print_people(const struct policy *p)
{
	json_t *list = json_array(), *above;

	for (size_t i = 0; i < p->n_people; i++) {
		const struct policy_person *who = &p->people[i];

		above = json_array();
		for (size_t k = 0; k < p->n_people; k++)
			if (policy_reports_to(p, who->number,
				p->people[k].number))
				json_array_append_new(above,
				    json_integer(p->people[k].number));
		json_array_append_new(list,
		    json_pack("{s:i, s:i, s:i, s:o}", "number", who->number,
			"parts", life_parts(who, false), "given",
			life_parts(who, true), "above", above));
	}
	return list;
}

json_t *
print_table(void)
{
	json_t *list = json_array();

	for (unsigned s = 0; s < CASE_STATES; s++)
		for (unsigned k = 0; k < MESSAGE_KINDS; k++) {
			enum case_state state = (enum case_state)s;
			enum message_kind kind = (enum message_kind)k;
			unsigned parts = 0;

			for (unsigned i = 0; i < PARTS; i++)
				if (life_table_allows(state, kind, 1u << i))
					parts |= 1u << i;
			json_array_append_new(list,
			    json_pack("[s, s, i, s]", case_state_name(state),
				message_kind_name(kind), parts,
				case_state_name(life_table_next(state, kind))));
		}
	return list;
}
