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

static enum refusal
list_check(const struct conversation *c, const struct policy *p,
    const struct manifest *m, int64_t day)
{
	struct member_change change[MEMBER_CHANGES_MAX];
	size_t n = 0,
	       n_changes = changes_at(c, &c->entry, c->current->after, change);
	struct member member[MEMBERS_MAX];
	enum err err = readers_on(c, p, m, change, n_changes, day, member, &n);

	if (err == ERR_DENIED)
		return REFUSAL_EXCLUDED;
	return err == ERR_OK && n > 0 && list_is(m, member, n)
	    ? REFUSAL_NONE
	    : REFUSAL_MEMBERS;
}

static bool
tells(const struct request_concern *q, const uint16_t *told, size_t n)
{
	return q->n_tell == n && memcmp(q->tell, told, n * sizeof(*told)) == 0;
}

/* A concern does not say its day: it must fit a day from that before its
 * filing to that after it; for the reporter, who is not told when that was,
 * any day of the policy. */
static enum refusal
concern_check(const struct conversation *c, const struct policy *p,
    const struct manifest *m, const struct request_concern *q)
{
	const struct policy_route *r = policy_route(p, m->route);
	int64_t first = c->filed != 0 ? c->filed - 1 : p->issued / DAY_SECONDS;
	int64_t last = c->filed != 0 ? c->filed + 1 : c->today + 1;
	enum refusal refusal = REFUSAL_MEMBERS;
	uint16_t told[POLICY_PEOPLE_MAX];
	size_t n = 0;

	for (int64_t day = last; day >= first; day--) {
		if (list_check(c, p, m, day) != REFUSAL_NONE)
			continue;
		if (r != NULL &&
		    conversation_told(p, r, m, day, told, &n) == ERR_OK &&
		    tells(q, told, n))
			return REFUSAL_NONE;
		refusal = REFUSAL_TOLD;
	}
	return refusal;
}

/* Those whom they manage go by the policy of that day, not by today's: who
 * reports to whom changes. (A marked person in the list makes no manifest.) */
static enum refusal
check_excluded(const struct manifest *m, const struct policy *p,
    const struct policy_route *r)
{
	uint16_t out[POLICY_PEOPLE_MAX];
	size_t n = 0;

	if (exclusions_close(p, r, m->exclude, m->n_exclude, out,
		POLICY_PEOPLE_MAX, &n) != ERR_OK)
		return REFUSAL_MANIFEST;
	for (size_t i = 0; i < m->n_to; i++) {
		for (size_t k = 0; k < n; k++) {
			if (out[k] == m->to[i].person)
				return REFUSAL_EXCLUDED;
		}
	}
	return REFUSAL_NONE;
}

/* q: of a concern. */
static enum refusal
check_members(const struct conversation *c, const struct request_concern *q,
    struct conversation_message *message)
{
	const struct manifest *m = message->m;
	const struct policy *p = policy_of(c, m->policy);
	const struct policy_route *r;
	struct route_choice choice;
	enum refusal refusal;

	if (p == NULL)
		return REFUSAL_NONE;
	message->is_policy_known = true;
	message->is_route_expected = m->kind != MESSAGE_CONCERN ||
	    (route_pick(p, m->answer, m->n_answers, m->exclude, m->n_exclude,
		 &choice) == ERR_OK &&
		choice.route == m->route && choice.band == m->band);
	r = policy_route(p, m->route);
	if (r == NULL)
		return REFUSAL_MEMBERS;
	refusal = check_excluded(m, p, r);
	if (refusal != REFUSAL_NONE)
		return refusal;
	return q != NULL ? concern_check(c, p, m, q)
			 : list_check(c, p, m, c->entry.day);
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

static enum err
read_preamble(const struct conversation *c, struct buf *whole,
    struct bundle_request *ret)
{
	buf_put_bytes(whole, buf_bytes(&c->concern));
	buf_put_str(whole, "\n");
	buf_put_zeros(whole, BUNDLE_TEXT_LEN - whole->n);
	return whole->err == ERR_OK
	    ? bundle_request_parse(buf_bytes(whole), ret)
	    : whole->err;
}

/* The preamble lists the same readers, and says the same of the case. */
static bool
fits_preamble(const struct conversation *c, const struct manifest *m,
    const struct request_concern *q)
{
	if (memcmp(q->policy, m->policy, SHA256_LEN) != 0 ||
	    memcmp(q->mailbox, m->mailbox, SHA256_LEN) != 0 ||
	    q->content.n_to != m->n_to)
		return false;
	for (size_t i = 0; i < m->n_to; i++) {
		if (q->content.to[i].person != m->to[i].person)
			return false;
	}
	return c->mailbox == NULL ||
	    memcmp(c->mailbox, m->mailbox, SHA256_LEN) == 0;
}

bool
preamble_names(const struct conversation *c, uint16_t person)
{
	for (size_t i = 0; i < c->n_named; i++) {
		if (c->named[i] == person)
			return true;
	}
	return false;
}

/* Whom the reporter left out stays the same for the life of the case; a plain
 * concern left out nobody. */
static bool
fits_case(const struct conversation *c, const struct manifest *m)
{
	const struct manifest *first = conversation_manifest(c);

	if (first == NULL)
		return !c->is_plain || m->n_exclude == 0;
	return first->n_exclude == m->n_exclude &&
	    memcmp(first->exclude, m->exclude,
		m->n_exclude * sizeof(m->exclude[0])) == 0;
}

static enum refusal
check_concern(const struct conversation *c,
    struct conversation_message *message)
{
	struct buf whole CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	struct bundle_request r;
	enum refusal refusal =
	    refusal_of(read_preamble(c, &whole, &r), REFUSAL_MANIFEST);

	if (refusal != REFUSAL_NONE)
		return refusal;
	if (!fits_preamble(c, message->m, &r.concern))
		return REFUSAL_MANIFEST;
	return check_members(c, &r.concern, message);
}

enum refusal
manifest_check(const struct conversation *c,
    struct conversation_message *message)
{
	if (!fits_head(c, message->m))
		return REFUSAL_MANIFEST;
	if (message->kind == MESSAGE_CONCERN)
		return check_concern(c, message);
	return fits_case(c, message->m) ? check_members(c, NULL, message)
					: REFUSAL_MANIFEST;
}
