#include "client/conversation_inside.h"

#include <string.h>

#include "crypto/bundle.h"
#include "crypto/codec.h"
#include "policy/route.h"

/* --- people --- */

size_t
author_keys(const struct conversation *c, uint16_t author,
    uint8_t out[static AUTHOR_KEYS_MAX][SIGN_PUB_LEN])
{
	const struct policy_person *p;
	size_t n = 0;

	if (author == PERSON_REPORTER) {
		memcpy(out[0], c->case_key, SIGN_PUB_LEN);
		return 1;
	}
	p = policy_person(c->known[0].policy, author);
	for (size_t i = 0; p != NULL && i < p->n_keys; i++) {
		const struct policy_key *k = &p->keys[i];

		if (k->from <= c->today + 1 &&
		    (k->until == 0 || k->until >= c->filed))
			memcpy(out[n++], k->sign_pub, SIGN_PUB_LEN);
	}
	return n;
}

static bool
is_in(const uint16_t *list, size_t n, uint16_t person)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == person)
			return true;
	}
	return false;
}

static bool
is_on_route(const struct policy_route *r, uint16_t person)
{
	for (unsigned k = 0; k <= r->n_rungs; k++) {
		if ((k == 0 || r->rungs[k - 1].verb == VERB_JOIN) &&
		    members_rung_has(r, k, person))
			return true;
	}
	return false;
}

/* The marked people and, by this policy, who goes with them. */
static enum refusal
excluded_of(const struct manifest *m, const struct policy *p,
    const struct policy_route *r, uint16_t out[static POLICY_PEOPLE_MAX],
    size_t *ret_n)
{
	return exclusions_close(p, r, m->exclude, m->n_exclude, out,
		   POLICY_PEOPLE_MAX, ret_n) == ERR_OK
	    ? REFUSAL_NONE : REFUSAL_MANIFEST;
}

static bool
is_sealed_to(const struct conversation_message *message, uint16_t person)
{
	const struct manifest *m = message->m;

	for (size_t k = 0; m != NULL && k < m->n_to; k++) {
		if (m->to[k].person == person)
			return true;
	}
	return false;
}

/* A message of the case so far was sealed to them; their own one counts only
 * where the policy, and not they, made its list. */
static bool
was_addressed(const struct conversation *c, uint16_t person)
{
	for (size_t i = 0; i < c->n_messages; i++) {
		if (is_sealed_to(c->message[i], person))
			return true;
	}
	return c->current->is_policy_known &&
	    is_sealed_to(c->current, person);
}

enum refusal
author_check(const struct conversation *c, uint16_t author)
{
	const struct policy *p = c->known[0].policy;
	const struct policy_route *r = policy_route(p, c->route);
	const struct manifest *m = conversation_concern(c);
	uint16_t out[POLICY_PEOPLE_MAX];
	size_t n = 0;

	if (author == PERSON_REPORTER || was_addressed(c, author))
		return REFUSAL_NONE;
	if (r == NULL || !is_on_route(r, author))
		return REFUSAL_NOT_A_READER;
	if (m != NULL && excluded_of(m, p, r, out, &n) != REFUSAL_NONE)
		return REFUSAL_NOT_A_READER;
	return is_in(out, n, author) ? REFUSAL_NOT_A_READER : REFUSAL_NONE;
}

/* --- readers --- */

/* members, and the reporter behind them unless it is a note. */
static bool
list_is(const struct manifest *m, const struct member *member, size_t n)
{
	bool has_reporter = message_kind_chain(m->kind) == CHAIN_TALK;

	if (m->n_to != n + has_reporter)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (m->to[i].person != member[i].person)
			return false;
	}
	return !has_reporter || m->to[n].person == PERSON_REPORTER;
}

/*
 * People come and go by the day, and a message does not say its own: it must
 * fit the list of some day from the case's first to today.
 */
static bool
list_fits(const struct conversation *c, const struct policy *p,
    const struct policy_route *r, const struct manifest *m)
{
	struct member member[MEMBERS_MAX];
	int64_t first = p->issued / DAY_SECONDS;
	size_t n = 0;

	if (c->filed - 1 > first)
		first = c->filed - 1;
	for (int64_t day = c->today + 1; day >= first; day--) {
		if (members_compute(p, r, m->exclude, m->n_exclude, day,
			member, MEMBERS_MAX, &n) == ERR_OK &&
		    n > 0 && list_is(m, member, n))
			return true;
	}
	return false;
}

/* Those whom they manage go by the policy of that day, not by today's: who
 * reports to whom changes. (A marked person in the list makes no manifest.) */
static enum refusal
check_excluded(const struct manifest *m, const struct policy *p,
    const struct policy_route *r)
{
	uint16_t out[POLICY_PEOPLE_MAX];
	size_t n = 0;
	enum refusal refusal = excluded_of(m, p, r, out, &n);

	for (size_t i = 0; refusal == REFUSAL_NONE && i < m->n_to; i++) {
		if (is_in(out, n, m->to[i].person))
			refusal = REFUSAL_EXCLUDED;
	}
	return refusal;
}

static enum refusal
check_members(const struct conversation *c, const struct manifest *m,
    struct conversation_message *message)
{
	for (size_t i = 0; i < c->n_known; i++) {
		const struct policy *p = c->known[i].policy;
		const struct policy_route *r = policy_route(p, m->route);
		struct route_choice choice;
		enum refusal refusal;

		if (memcmp(c->known[i].hash, m->policy, SHA256_LEN) != 0)
			continue;
		message->is_policy_known = true;
		if (r == NULL)
			return REFUSAL_MEMBERS;
		refusal = check_excluded(m, p, r);
		if (refusal != REFUSAL_NONE)
			return refusal;
		if (!list_fits(c, p, r, m))
			return REFUSAL_MEMBERS;
		message->is_route_expected = m->kind != MESSAGE_CONCERN ||
		    (route_pick(p, m->answer, m->n_answers, m->exclude,
			 m->n_exclude, &choice) == ERR_OK &&
			choice.route == m->route && choice.band == m->band);
	}
	return REFUSAL_NONE;
}

/* --- head and case --- */

static bool
fits_head(const struct conversation *c, const struct manifest *m)
{
	const struct entry *e = &c->entry;

	return m->kind == e->kind && m->author == e->author &&
	    m->seq == e->seq && m->route == c->route && m->band == c->band &&
	    memcmp(m->case_id, e->case_id, CASE_ID_LEN) == 0 &&
	    memcmp(m->prev, e->prev, LINK_LEN) == 0;
}

/* The preamble lists the same readers, and says the same of the case. */
static bool
fits_preamble(const struct conversation *c, const struct manifest *m)
{
	struct buf whole CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	struct bundle_request r;

	buf_put_bytes(&whole, buf_bytes(&c->concern));
	buf_put_str(&whole, "\n");
	buf_put_zeros(&whole, BUNDLE_TEXT_LEN - whole.n);
	if (whole.err != ERR_OK ||
	    bundle_request_parse(buf_bytes(&whole), &r) != ERR_OK)
		return false;
	if (memcmp(r.concern.policy, m->policy, SHA256_LEN) != 0 ||
	    memcmp(r.concern.mailbox, m->mailbox, SHA256_LEN) != 0 ||
	    r.concern.content.n_to != m->n_to)
		return false;
	for (size_t i = 0; i < m->n_to; i++) {
		if (r.concern.content.to[i].person != m->to[i].person)
			return false;
	}
	return c->mailbox == NULL ||
	    memcmp(c->mailbox, m->mailbox, SHA256_LEN) == 0;
}

/* Whom the reporter left out stays the same for the life of the case; a plain
 * concern left out nobody. */
static bool
fits_concern(const struct conversation *c, const struct manifest *m)
{
	const struct manifest *concern = conversation_concern(c);

	if (concern == NULL)
		return m->n_exclude == 0;
	return concern->n_exclude == m->n_exclude &&
	    memcmp(concern->exclude, m->exclude,
		m->n_exclude * sizeof(m->exclude[0])) == 0;
}

enum refusal
manifest_check(const struct conversation *c,
    struct conversation_message *message)
{
	const struct manifest *m = message->m;

	if (!fits_head(c, m) ||
	    (m->kind == MESSAGE_CONCERN ? !fits_preamble(c, m)
					: !fits_concern(c, m)))
		return REFUSAL_MANIFEST;
	return check_members(c, m, message);
}
