#include "daemon/vault_state.h"
#include "tests/daemon/vault_world.h"

#include <string.h>

/* Reporters and staff: what their clients seal, sign and read. */

/* --- messages --- */

void
draft_free(struct draft *d)
{
	message_seal_free(d->seal);
	manifest_free(d->manifest);
	buf_free(&d->payload);
	buf_free(&d->entry);
	buf_free(&d->body);
	memset(d, 0, sizeof(*d));
}

void
reporter_new(struct reporter *r, uint8_t seed)
{
	const uint8_t receipt[RECEIPT_LEN] = { seed, 1, 2, 3 };
	uint8_t realm[REALM_LEN];

	memset(r, 0, sizeof(*r));
	memset(realm, REALM, sizeof(realm));
	r->route = ROUTE_GUARDIANS;
	r->band = 3;
	assert_int_equal(ERR_OK, receipt_derive(receipt, realm, &r->keys));
}

static enum err
to_buf(void *ctx, struct bytes x)
{
	struct buf *out = ctx;

	buf_put_bytes(out, x);
	return out->err;
}

static const struct bytes text = { (const uint8_t *)"It is not safe.", 15 };

static void
fill_manifest(struct world *w, const struct reporter *r, struct manifest *m,
    enum message_kind kind, uint16_t author)
{
	uint8_t hash[SHA256_LEN];

	m->kind = kind;
	m->author = author;
	m->route = r->route;
	m->band = r->band;
	m->n_exclude = r->n_exclude;
	memcpy(m->exclude, r->exclude, sizeof(m->exclude));
	memcpy(m->case_id, r->keys.case_id, CASE_ID_LEN);
	memcpy(m->policy, w->policy_hash, SHA256_LEN);
	assert_int_equal(ERR_OK, sha256(text, hash));
	assert_int_equal(ERR_OK,
	    manifest_add_file(m, "message.txt", text.n, hash));
}

/* Seals to the staff named, and to the reporter but for a note. */
static void
seal(struct world *w, const struct reporter *r, struct draft *d,
    const uint8_t *seed, const uint16_t *to, size_t n)
{
	static struct message_to all[SEALED_TO_MAX];
	struct sealed_memory memory = { .file = &text };
	struct bundle_content *c = &d->content;

	for (size_t i = 0; i < n; i++) {
		all[i].person = to[i];
		all[i].key = w->person[to[i]].key;
	}
	if (message_kind_chain(d->manifest->kind) == CHAIN_TALK) {
		all[n].person = PERSON_REPORTER;
		assert_int_equal(ERR_OK,
		    age_identity_recipient(&r->keys.reply[0], &all[n].key));
		n++;
	}
	d->payload.max = 1 << 20;
	assert_int_equal(ERR_OK,
	    message_seal_new(&w->env, d->manifest, seed, all, n, &d->seal));
	assert_int_equal(ERR_OK,
	    message_seal_payload(d->seal, sealed_memory_source, &memory, to_buf,
		&d->payload));
	assert_int_equal(ERR_OK, message_seal_content(d->seal, d->digest));
	c->n_to = n;
	for (size_t i = 0; i < n; i++) {
		c->to[i].person = all[i].person;
		c->to[i].envelope = message_seal_envelope(d->seal, i);
	}
	c->payload = buf_bytes(&d->payload);
}

void
draft_concern(struct world *w, struct reporter *r, const uint16_t *to, size_t n,
    struct draft *d)
{
	struct request_concern *c = &d->request.concern;
	CLEAN_BUF struct buf reply = BUF_INIT(AGE_RECIPIENT_TEXT_MAX);
	struct age_recipient key;
	size_t head;

	d->manifest = manifest_new();
	assert_non_null(d->manifest);
	fill_manifest(w, r, d->manifest, MESSAGE_CONCERN, PERSON_REPORTER);
	assert_int_equal(ERR_OK,
	    age_identity_recipient(&r->keys.reply[0], &key));
	assert_int_equal(ERR_OK, age_recipient_put(&reply, &key));
	memcpy(d->manifest->reply, reply.p, reply.n);
	memcpy(d->manifest->mailbox, r->keys.mailbox, SHA256_LEN);
	seal(w, r, d, r->keys.sign_seed, to, n);
	d->request.kind = REQUEST_CONCERN;
	c->route = r->route;
	c->band = r->band;
	c->n_tell = r->n_tell;
	memcpy(c->tell, r->tell, sizeof(c->tell));
	memcpy(c->policy, w->policy_hash, SHA256_LEN);
	memcpy(c->case_key, r->keys.sign_pub, SIGN_PUB_LEN);
	memcpy(c->mailbox, r->keys.mailbox, SHA256_LEN);
	c->content = d->content;
	d->body.max = BUNDLE_TEXT_LEN;
	assert_int_equal(ERR_OK, bundle_request_put(&d->request, &d->body));
	head = bundle_preamble_length(buf_bytes(&d->body));
	assert_int_equal(ERR_OK,
	    link_digest(BYTES(d->body.p, head), d->digest, d->link));
}

static const uint8_t *
seed_of(const struct world *w, const struct reporter *r, uint16_t author)
{
	return author == PERSON_REPORTER ? r->keys.sign_seed
					 : w->person[author].sign_seed;
}

static void
sign_entry(struct world *w, const struct reporter *r, struct draft *d,
    const struct entry *form)
{
	struct entry e = *form;

	d->entry.max = ENTRY_NOTE_MAX;
	e.day = w->now / DAY_SECONDS;
	memcpy(e.case_id, r->keys.case_id, CASE_ID_LEN);
	memcpy(e.content, d->digest, SHA256_LEN);
	assert_int_equal(ERR_OK,
	    entry_sign(&e, seed_of(w, r, e.author), &d->entry));
	assert_int_equal(ERR_OK,
	    link_digest(buf_bytes(&d->entry),
		entry_has_content(&e) ? d->digest : NULL, d->link));
}

static void
seal_entry(struct world *w, const struct reporter *r, const struct entry *e,
    const uint16_t *to, size_t n, struct draft *d)
{
	d->manifest = manifest_new();
	assert_non_null(d->manifest);
	fill_manifest(w, r, d->manifest, e->kind, e->author);
	d->manifest->seq = e->seq;
	memcpy(d->manifest->prev, e->prev, LINK_LEN);
	seal(w, r, d, seed_of(w, r, e->author), to, n);
}

/* How it goes to the vault. */
static void
wrap(struct world *w, uint16_t author, enum message_kind kind, struct draft *d)
{
	struct bundle_request *q = &d->request;

	if (kind == MESSAGE_WITHDRAW) {
		q->kind = REQUEST_WITHDRAW;
		q->withdraw.entry = buf_bytes(&d->entry);
	} else if (author == PERSON_REPORTER) {
		q->kind = REQUEST_FOLLOWUP;
		q->followup.entry = buf_bytes(&d->entry);
		q->followup.content = d->content;
	} else {
		q->kind = REQUEST_POST;
		q->post.entry = buf_bytes(&d->entry);
		q->post.content = d->content;
		memcpy(q->post.session, w->person[author].session,
		    BUNDLE_SESSION_LEN);
	}
}

static void
draft_at(struct world *w, const struct reporter *r, const struct entry *e,
    const uint16_t *to, size_t n, struct draft *d)
{
	const enum message_content content = message_form(e->kind)->content;

	if (content == CONTENT_MUST || (n > 0 && content == CONTENT_MAY))
		seal_entry(w, r, e, to, n, d);
	sign_entry(w, r, d, e);
	wrap(w, e->author, e->kind, d);
}

static void
see_other(const struct reporter *r, struct entry *e)
{
	if (e->author != PERSON_REPORTER)
		memcpy(e->seen,
		    message_kind_chain(e->kind) == CHAIN_TALK ? r->staff_head
							      : r->head,
		    LINK_LEN);
}

void
draft_entry(struct world *w, const struct reporter *r, const struct entry *form,
    const uint16_t *to, size_t n, struct draft *d)
{
	const bool is_talk = message_kind_chain(form->kind) == CHAIN_TALK;
	struct entry e = *form;

	e.seq = is_talk ? r->talk : r->staff;
	memcpy(e.prev, is_talk ? r->head : r->staff_head, LINK_LEN);
	see_other(r, &e);
	draft_at(w, r, &e, to, n, d);
}

void
draft_message(struct world *w, const struct reporter *r, enum message_kind kind,
    uint16_t author, uint32_t seq, const uint8_t prev[static LINK_LEN],
    const uint16_t *to, size_t n, struct draft *d)
{
	struct entry e = { .kind = kind, .author = author, .seq = seq };

	memcpy(e.prev, prev, LINK_LEN);
	see_other(r, &e);
	draft_at(w, r, &e, to, n, d);
}

void
assert_proof(struct world *w, const struct reporter *r, enum message_kind kind,
    const uint8_t link[static LINK_LEN])
{
	struct statement s;
	struct bytes statement;

	assert_int_equal(ANSWER_OK, w->status);
	assert_int_equal(ANSWER_STORED, w->answer.kind);
	assert_int_equal(ERR_OK,
	    proof_verify(w->answer.stored.proof, w->root.instance_keys,
		w->root.n_instance_keys, &statement));
	assert_int_equal(ERR_OK, statement_parse(statement, &s));
	assert_int_equal(kind, s.kind);
	assert_memory_equal(r->keys.case_id, s.case_id, CASE_ID_LEN);
	assert_memory_equal(link, s.link, LINK_LEN);
}

void
file_concern_of(struct world *w, struct reporter *r)
{
	CLEAN_DRAFT struct draft d = { 0 };
	struct member m[MEMBERS_MAX];
	uint16_t to[MEMBERS_MAX];
	size_t n = 0;

	assert_int_equal(ERR_OK,
	    members_compute(w->policy, policy_route(w->policy, r->route), NULL,
		0, w->now / DAY_SECONDS, m, MEMBERS_MAX, &n));
	for (size_t i = 0; i < n; i++)
		to[i] = m[i].person;
	draft_concern(w, r, to, n, &d);
	assert_int_equal(ANSWER_OK, world_request(w, &d.request));
	assert_proof(w, r, MESSAGE_CONCERN, d.link);
	memcpy(r->head, d.link, LINK_LEN);
	r->talk = 1;
}

void
entry_ok(struct world *w, struct reporter *r, const struct entry *e,
    const uint16_t *to, size_t n)
{
	CLEAN_DRAFT struct draft d = { 0 };

	draft_entry(w, r, e, to, n, &d);
	assert_int_equal(ANSWER_OK, world_request(w, &d.request));
	assert_proof(w, r, e->kind, d.link);
	reporter_sync(w, r);
}

void
post_ok(struct world *w, struct reporter *r, enum message_kind kind,
    uint16_t author, const uint16_t *to, size_t n)
{
	const struct entry e = { .kind = kind, .author = author };

	entry_ok(w, r, &e, to, n);
}

void
reporter_sync(struct world *w, struct reporter *r)
{
	struct store_case c;
	enum err e = store_case_find(w->vault->store, r->keys.case_id, &c);

	if (e == ERR_NOT_FOUND)
		return; /* withdrawn: it is gone */
	assert_int_equal(ERR_OK, e);
	r->talk = c.chain[STORE_TALK].count;
	r->staff = c.chain[STORE_STAFF].count;
	memcpy(r->head, c.chain[STORE_TALK].head, LINK_LEN);
	memcpy(r->staff_head, c.chain[STORE_STAFF].head, LINK_LEN);
}

/* --- reading --- */

enum answer
poll_mailbox(struct world *w, const struct reporter *r, uint32_t after)
{
	struct bundle_request q = { .kind = REQUEST_POLL, .poll.after = after };

	memcpy(q.poll.token, r->keys.token, TOKEN_LEN);
	return world_request(w, &q);
}

enum answer
login(struct world *w, uint16_t person)
{
	CLEAN_BUF struct buf note = BUF_INIT(LOGIN_NOTE_MAX);
	struct bundle_request q = { .kind = REQUEST_CHALLENGE,
		.challenge.person = person };
	struct login l = { .person = person };
	enum answer a = world_request(w, &q);

	if (a != ANSWER_OK)
		return a;
	memcpy(l.root, w->first_root, sizeof(l.root));
	memcpy(l.challenge, w->answer.challenge.challenge, sizeof(l.challenge));
	assert_int_equal(ERR_OK,
	    login_sign(&l, w->person[person].sign_seed, &note));
	q = (struct bundle_request){ .kind = REQUEST_LOGIN,
		.login.note = buf_bytes(&note) };
	if ((a = world_request(w, &q)) == ANSWER_OK)
		memcpy(w->person[person].session, w->answer.session.session,
		    BUNDLE_SESSION_LEN);
	return a;
}

enum answer
open_case(struct world *w, uint16_t person, const struct reporter *r,
    enum chain chain, uint32_t after)
{
	struct bundle_request q = {
		.kind = REQUEST_CASE, .open.chain = chain, .open.after = after
	};

	memcpy(q.open.session, w->person[person].session, BUNDLE_SESSION_LEN);
	memcpy(q.open.case_id, r->keys.case_id, CASE_ID_LEN);
	return world_request(w, &q);
}

enum answer
queue(struct world *w, uint16_t person, struct bytes after, unsigned limit)
{
	struct bundle_request q = { .kind = REQUEST_QUEUE,
		.queue.after = after,
		.queue.limit = limit };

	memcpy(q.queue.session, w->person[person].session, BUNDLE_SESSION_LEN);
	return world_request(w, &q);
}

static enum err
no_sink(void *ctx, size_t index, struct bytes x)
{
	(void)ctx, (void)index, (void)x;
	return ERR_OK;
}

static void
opens(struct world *w, const struct answer_head *h, const struct reporter *r,
    uint16_t reader, uint16_t author, const uint8_t *granted)
{
	const struct message_as as = { .n_ids = 1,
		.person = reader,
		.granted = granted,
		.ids = reader == PERSON_REPORTER ? &r->keys.reply[0]
						 : &w->person[reader].id };
	struct message_open *o = NULL;
	const struct manifest *m = NULL;
	uint8_t pub[1][SIGN_PUB_LEN];

	assert_int_equal(ERR_OK,
	    sign_public(author == PERSON_REPORTER ? r->keys.sign_seed
						  : w->person[author].sign_seed,
		pub[0]));
	assert_int_equal(ERR_OK, message_open_new(&as, no_sink, NULL, &o));
	assert_int_equal(MESSAGE_OK, message_open_put(o, h->envelope));
	assert_int_equal(MESSAGE_OK, message_open_put(o, h->payload));
	assert_int_equal(MESSAGE_OK,
	    message_open_finish(o, (const uint8_t(*)[SIGN_PUB_LEN])pub, 1, &m));
	assert_int_equal(h->seq, m->seq);
	assert_int_equal(author, m->author);
	message_open_free(o);
}

void
assert_opens(struct world *w, const struct answer_head *h,
    const struct reporter *r, uint16_t reader, uint16_t author)
{
	opens(w, h, r, reader, author, NULL);
}

void
assert_opens_granted(struct world *w, const struct answer_head *h,
    const struct reporter *r, uint16_t reader, uint16_t author)
{
	uint8_t granted[SHA256_LEN];

	assert_int_equal(ERR_OK, sha256(h->envelope, granted));
	opens(w, h, r, reader, author, granted);
}
