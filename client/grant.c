#include "client/grant.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/env.h"

#define GRANT_LINE_MAX 64 /* of one envelope, in the request's preamble */
#define GRANT_ROOM (BUNDLE_MESSAGE_MAX - 512)
#define HYBRID_STANZA "\n-> mlkem768x25519 "

struct granting {
	struct staff_case *k;
	const struct action *a;
	const struct policy_key *key; /* theirs, of today */
	uint16_t person;
	/* all that they will have */
	size_t n;
	struct grant *have;
	/* on the way */
	struct bundle_request *request;
	struct buf envelope[BUNDLE_GRANTS_MAX];
	size_t used; /* bytes of the request */
	struct progress progress;
};

static const struct conversation *
case_of(const struct granting *g)
{
	return g->k->c;
}

/* --- what they have --- */

/* The place in c->message behind which nothing of theirs was deleted. */
static size_t
kept_since(const struct granting *g)
{
	const struct conversation *c = case_of(g);
	size_t since = 0;

	for (size_t i = 0; i < c->n_messages; i++) {
		if (conversation_leaves(&c->message[i]->entry, g->person))
			since = i;
	}
	return since;
}

/* The envelope that its author made for them; NULL: none. */
static const uint8_t *
listed(const struct granting *g, const struct conversation_message *m)
{
	for (size_t i = 0; m->m != NULL && i < m->m->n_to; i++) {
		if (m->m->to[i].person == g->person)
			return m->m->to[i].sha256;
	}
	return NULL;
}

static size_t
place_of(const struct conversation *c, const struct conversation_message *m)
{
	size_t i = 0;

	while (i < c->n_messages && c->message[i] != m)
		i++;
	return i;
}

static void
have(struct granting *g, const struct conversation_message *m,
    const uint8_t sha[static SHA256_LEN])
{
	struct grant *x = &g->have[g->n++];

	x->chain = conversation_chain(m);
	x->seq = m->seq;
	memcpy(x->envelope, sha, SHA256_LEN);
}

/* By place in c->message, from `from` up to `end`: what authors made. */
static void
have_listed(struct granting *g, size_t from, size_t end)
{
	const struct conversation *c = case_of(g);
	const enum chain chains[] = { CHAIN_TALK, CHAIN_STAFF };

	g->n = 0;
	for (size_t k = 0; k < 2; k++) {
		for (uint32_t i = 0; i < c->count[chains[k]]; i++) {
			const struct conversation_message *m =
			    c->at[chains[k]][i];
			size_t at = place_of(c, m);

			if (at >= from && at < end && listed(g, m) != NULL)
				have(g, m, listed(g, m));
		}
	}
}

/*
 * Somebody may have given them envelopes before, of which we know the digest
 * only: nothing can be added to these, unless there were none.
 */
static bool
is_given_before(struct granting *g)
{
	const struct conversation *c = case_of(g);
	const struct conversation_message *before = NULL;
	size_t since = kept_since(g), at = 0;
	uint8_t digest[SHA256_LEN];

	for (size_t i = since; i < c->n_messages; i++) {
		const struct entry *e = &c->message[i]->entry;

		if ((message_form(e->kind)->params & PARAM_GRANTS) != 0 &&
		    e->person == g->person && !grants_are_none(e->grants)) {
			before = c->message[i];
			at = i;
		}
	}
	if (before == NULL)
		return false;
	have_listed(g, since, at);
	return grants_digest(g->have, g->n, digest) != ERR_OK ||
	    memcmp(digest, before->entry.grants, SHA256_LEN) != 0;
}

/* Its author may have sealed it to them, and what does not open, or hides
 * itself, does not say so. */
static bool
is_any_unknown(const struct granting *g)
{
	const struct conversation *c = case_of(g);

	for (size_t i = kept_since(g); i < c->n_messages; i++) {
		if (c->message[i]->has_content && c->message[i]->m == NULL)
			return true;
	}
	return false;
}

/* --- sending --- */

static enum exit_code
flush(struct granting *g)
{
	const struct bundle_answer *answer;
	struct request_envelopes *q = &g->request->envelopes;
	enum reply reply;

	if (q->n == 0)
		return EXIT_DONE;
	for (size_t i = 0; i < q->n; i++)
		q->at[i].envelope = buf_bytes(&g->envelope[i]);
	reply = server_ask_again(&g->k->staff->server, g->request, &answer);
	for (size_t i = 0; i < q->n; i++)
		buf_reset(&g->envelope[i]);
	q->n = 0;
	q->is_fresh = false;
	g->used = 0;
	if (reply == REPLY_OK)
		return EXIT_DONE;
	return server_fail(&g->k->staff->server, reply,
	    "The envelopes were not kept, and nobody new reads the case.");
}

static bool
is_hybrid(const struct buf *envelope)
{
	return memmem(envelope->p, envelope->n, HYBRID_STANZA,
		   strlen(HYBRID_STANZA)) != NULL;
}

/* With the kind of keys that the message has. */
static enum exit_code
make(struct granting *g, const struct conversation_message *m, struct buf *out)
{
	bool hybrid = is_hybrid(&m->envelope);
	enum age_result r;

	if (hybrid && !g->key->has_hybrid)
		return term_fail(&g->k->staff->term, EXIT_USAGE,
		    "This case "
		    "has post-quantum (hybrid) keys, and the policy has none "
		    "of theirs.");
	out->max = AGE_HEADER_MAX;
	r = message_add_envelope(&env_system, buf_bytes(&m->envelope),
	    g->k->staff->ids, g->k->staff->n_ids,
	    hybrid ? &g->key->hybrid : &g->key->classic, out);
	return r == AGE_OK
	    ? EXIT_DONE
	    : term_fail(&g->k->staff->term, EXIT_FAILED,
		  "An envelope could not be made: %s", age_result_text(r));
}

static enum exit_code
add(struct granting *g, const struct conversation_message *m)
{
	struct request_envelopes *q = &g->request->envelopes;
	struct buf one CLEAN_BUF = BUF_INIT(AGE_HEADER_MAX);
	uint8_t sha[SHA256_LEN];
	enum exit_code code = make(g, m, &one);

	if (code == EXIT_DONE &&
	    (q->n == BUNDLE_GRANTS_MAX ||
		g->used + one.n + GRANT_LINE_MAX > GRANT_ROOM))
		code = flush(g);
	if (code != EXIT_DONE)
		return code;
	if (sha256(buf_bytes(&one), sha) != ERR_OK)
		return fail_err(&g->k->staff->term, ERR_CRYPTO, "An envelope");
	have(g, m, sha);
	g->used += one.n + GRANT_LINE_MAX;
	q->at[q->n].chain = conversation_chain(m);
	q->at[q->n].seq = m->seq;
	g->envelope[q->n].max = AGE_HEADER_MAX;
	buf_put_bytes(&g->envelope[q->n], buf_bytes(&one));
	return g->envelope[q->n++].err == ERR_OK
	    ? EXIT_DONE
	    : fail_err(&g->k->staff->term, ERR_NOMEM, "An envelope");
}

/* --- what is shared --- */

static bool
is_shared(const struct action *a, const struct conversation_message *m)
{
	if (a->share == SHARE_ALL)
		return true;
	for (size_t i = 0; a->share == SHARE_SELECTED && i < a->n_selected;
	     i++) {
		if (a->selected[i].chain == conversation_chain(m) &&
		    a->selected[i].seq == m->seq)
			return true;
	}
	return false;
}

/* Theirs by its author, and still there. */
static bool
is_theirs(const struct granting *g, const struct conversation_message *m,
    size_t since)
{
	return listed(g, m) != NULL && place_of(case_of(g), m) >= since;
}

static bool
is_missing(const struct granting *g, const struct conversation_message *m,
    size_t since)
{
	return m->has_content && !is_theirs(g, m, since) && is_shared(g->a, m);
}

static enum exit_code
share_message(struct granting *g, const struct conversation_message *m,
    size_t since)
{
	if (m->has_content && is_theirs(g, m, since))
		have(g, m, listed(g, m));
	return is_missing(g, m, since) && m->is_readable ? add(g, m)
							 : EXIT_DONE;
}

static enum exit_code
share_all(struct granting *g)
{
	const struct conversation *c = case_of(g);
	const enum chain chains[] = { CHAIN_TALK, CHAIN_STAFF };
	size_t since = kept_since(g);
	enum exit_code code = EXIT_DONE;

	g->n = 0;
	for (size_t k = 0; k < 2; k++) {
		for (uint32_t i = 0;
		     code == EXIT_DONE && i < c->count[chains[k]]; i++) {
			code = share_message(g, c->at[chains[k]][i], since);
			progress_add(&g->progress, 1);
		}
	}
	return code == EXIT_DONE ? flush(g) : code;
}

/* How many messages we could give them, and how many not. */
static void
count_missing(const struct granting *g, size_t *ret_open, size_t *ret_hidden)
{
	const struct conversation *c = case_of(g);
	size_t since = kept_since(g);

	*ret_open = *ret_hidden = 0;
	for (size_t i = 0; i < c->n_messages; i++) {
		const struct conversation_message *m = c->message[i];

		if (is_missing(g, m, since))
			++*(m->is_readable ? ret_open : ret_hidden);
	}
}

static enum exit_code
share(struct granting *g, struct entry *e)
{
	const struct term *t = &g->k->staff->term;
	enum exit_code code;

	if (!g->a->is_quiet)
		progress_start_of(&g->progress, "Sharing",
		    case_of(g)->n_messages, "messages");
	code = share_all(g);
	progress_end(&g->progress);
	if (code == EXIT_DONE &&
	    grants_digest(g->have, g->n, e->grants) != ERR_OK)
		code = fail_err(t, ERR_CRYPTO, "The envelopes");
	return code;
}

/*
 * Where we give nothing, the entry need not say what they have: it does where
 * we know it, so that nobody can keep any of it from them; and where we do not,
 * it names the digest of nothing, or a message that does not open for us would
 * keep the case from whom it is for.
 */
static enum exit_code
share_what_is_missing(struct granting *g, struct entry *e)
{
	const struct term *t = &g->k->staff->term;
	bool is_given = is_given_before(g);
	size_t open, hidden;

	count_missing(g, &open, &hidden);
	if (open > 0 && is_given)
		return term_fail(t, EXIT_USAGE,
		    "They were given "
		    "messages of this case by name before, and nothing can be "
		    "added to these. They can step back (ftsu recuse) and be "
		    "given it anew.");
	if (hidden > 0)
		term_warn(t,
		    "%zu messages cannot be given on, since they do "
		    "not open for you.",
		    hidden);
	if (open > 0 || (!is_given && !is_any_unknown(g)))
		return share(g, e);
	return grants_digest(NULL, 0, e->grants) == ERR_OK
	    ? EXIT_DONE
	    : fail_err(t, ERR_CRYPTO, "The envelopes");
}

enum exit_code
grant_send(struct staff_case *k, const struct action *a, struct entry *e)
{
	const struct policy *p = k->staff->server.policy;
	struct granting g = { .k = k,
		.a = a,
		.person = e->person,
		.key = policy_key_at(policy_person(p, e->person), e->day),
		.have = calloc(CONVERSATION_MESSAGES_MAX, sizeof(*g.have)),
		.request = calloc(1, sizeof(*g.request)) };
	enum exit_code code = EXIT_FAILED;

	if (g.have == NULL || g.request == NULL) {
		code = fail_err(&k->staff->term, ERR_NOMEM, "The envelopes");
	} else {
		struct request_envelopes *q = &g.request->envelopes;

		g.request->kind = REQUEST_ENVELOPES;
		memcpy(q->session, k->staff->session, BUNDLE_SESSION_LEN);
		memcpy(q->case_id, k->c->case_id, CASE_ID_LEN);
		q->person = e->person;
		q->is_fresh = true;
		code = share_what_is_missing(&g, e);
	}
	for (size_t i = 0; i < BUNDLE_GRANTS_MAX; i++)
		buf_free(&g.envelope[i]);
	free(g.have);
	free(g.request);
	return code;
}
