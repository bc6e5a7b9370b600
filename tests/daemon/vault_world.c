#include "tests/daemon/vault_world.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/label.h"
#include "policy/compile.h"
#include "policy/zone.h"

#define ORG "Littleham Community Trust (fictional)"
#define REALM 0x11

static const char *const slugs[PEOPLE] = { NULL, "guardian-first",
	"guardian-second", "executive-lead", "chief-executive", "ned-lead",
	"chair" };

/* --- the world around a vault --- */

static int64_t
world_now(void *ctx)
{
	return ((struct world *)ctx)->now;
}

/* SHA-256 of a counter, where the world is to be the same each time. */
static enum err
world_random(void *ctx, uint8_t *out, size_t n)
{
	struct world *w = ctx;
	uint8_t block[SHA256_LEN];
	size_t k;

	if (w->drawn == 0)
		return env_random(&env_system, out, n);
	for (size_t at = 0; at < n; at += k) {
		w->drawn++;
		k = n - at < sizeof(block) ? n - at : sizeof(block);
		assert_int_equal(ERR_OK,
		    sha256(BYTES((const uint8_t *)&w->drawn, sizeof(w->drawn)),
			block));
		memcpy(out + at, block, k);
	}
	return ERR_OK;
}

static void
read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	uint8_t block[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_put(out, block, n);
	fclose(f);
	assert_int_equal(ERR_OK, out->err);
}

static void
make_key(
    const char *name, uint8_t seed[static SIGN_SEED_LEN], struct note_key *key)
{
	uint8_t pub[SIGN_PUB_LEN];

	assert_int_equal(ERR_OK, env_random(&env_system, seed, SIGN_SEED_LEN));
	assert_int_equal(ERR_OK, sign_public(seed, pub));
	assert_int_equal(ERR_OK, note_key_init(key, name, pub));
}

static void
make_people(struct world *w)
{
	for (unsigned i = 1; i < PEOPLE; i++) {
		struct person *p = &w->person[i];

		assert_int_equal(
		    ERR_OK, age_identity_new(&env_system, AGE_X25519, &p->id));
		assert_int_equal(
		    ERR_OK, age_identity_recipient(&p->id, &p->key));
		assert_int_equal(ERR_OK, staff_sign_seed(&p->id, p->sign_seed));
	}
}

static void
put_keys(struct world *w, struct buf *out)
{
	uint8_t pub[SIGN_PUB_LEN];

	buf_put_str(out, "keys:\n");
	for (unsigned i = 1; i < PEOPLE; i++) {
		assert_int_equal(
		    ERR_OK, sign_public(w->person[i].sign_seed, pub));
		buf_printf(out, "  %s:\n    - classic: ", slugs[i]);
		assert_int_equal(
		    ERR_OK, age_recipient_put(out, &w->person[i].key));
		buf_put_str(out, "\n      sign: ");
		base64_put(out, BYTES(pub, sizeof(pub)), B64_PADDED);
		buf_put_str(out, "\n      from: 2026-11-01\n");
	}
	assert_int_equal(ERR_OK, out->err);
}

static void
compile(struct world *w, uint32_t serial, struct buf *json)
{
	CLEAN_BUF struct buf yaml = BUF_INIT(1 << 20);
	CLEAN_BUF struct buf keys = BUF_INIT(1 << 20);
	struct compile_input in = { .file = "policy",
		.keys_file = "keys",
		.zone = &zone_system,
		.serial = serial };
	struct yaml_error error = { 0 };

	read_file(POLICY_YAML, &yaml);
	put_keys(w, &keys);
	in.yaml = buf_bytes(&yaml);
	in.keys = buf_bytes(&keys);
	if (policy_compile(&in, json, &error) != ERR_OK)
		fail_msg("%s", error.text);
}

static void
sign_root(struct world *w, uint8_t realm, struct buf *out)
{
	CLEAN_BUF struct buf body = BUF_INIT(1 << 16);
	struct root *root = &w->root;

	memset(root, 0, sizeof(*root));
	memset(root->realm, realm, sizeof(root->realm));
	snprintf(root->org, sizeof(root->org), "%s", ORG);
	root->quorum = 1;
	root->n_policy_keys = root->n_instance_keys = 1;
	root->policy_keys[0] = w->policy_key;
	root->instance_keys[0] = w->instance_key;
	root_put(root, &body);
	assert_int_equal(ERR_OK,
	    note_sign(NOTE_ROOT, buf_bytes(&body), &w->policy_key,
		w->policy_seed, out));
}

void
world_policy_bundle(
    struct world *w, uint32_t serial, uint8_t realm, struct buf *out)
{
	CLEAN_BUF struct buf json = BUF_INIT(POLICY_JSON_MAX);
	CLEAN_BUF struct buf note = BUF_INIT(NOTE_MAX);
	CLEAN_BUF struct buf root = BUF_INIT(NOTE_MAX);
	static struct bundle_answer a;

	compile(w, serial, &json);
	assert_int_equal(ERR_OK,
	    note_sign(NOTE_POLICY, buf_bytes(&json), &w->policy_key,
		w->policy_seed, &note));
	sign_root(w, realm, &root);
	memset(&a, 0, sizeof(a));
	a.kind = ANSWER_POLICY;
	a.policy.n_roots = 1;
	a.policy.root[0] = buf_bytes(&root);
	a.policy.policy = buf_bytes(&note);
	assert_int_equal(ERR_OK, bundle_answer_put(&a, out));
}

void
world_switch_policy(struct world *w, uint32_t serial)
{
	CLEAN_BUF struct buf bundle = BUF_INIT(BUNDLE_POLICY_MAX);
	static struct bundle_answer a;
	struct policy_status status;
	struct root root;

	world_policy_bundle(w, serial, REALM, &bundle);
	assert_int_equal(ERR_OK, vault_policy(w->vault, buf_bytes(&bundle)));
	assert_int_equal(ERR_OK, bundle_answer_parse(buf_bytes(&bundle), &a));
	assert_int_equal(ERR_OK, roots_walk(a.policy.root, 1, NULL, &root));
	w->policy = policy_free(w->policy);
	assert_int_equal(ERR_OK,
	    policy_open(
		a.policy.policy, &root, w->now, 0, &w->policy, &status));
	memcpy(w->policy_hash, status.hash, SHA256_LEN);
}

static void
start_vault(struct world *w)
{
	assert_int_equal(
	    ERR_OK, vault_new(&w->env, &w->config, &w->secret, &w->vault));
}

struct world *
world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	snprintf(w->dir, sizeof(w->dir), "/tmp/speakup-vault-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->now = WORLD_START;
	w->env =
	    (struct env){ .random = world_random, .now = world_now, .ctx = w };
	snprintf(w->config.state, sizeof(w->config.state), "%s", w->dir);
	w->config.space = 256 * 1024 * 1024;
	w->config.attachments = 50;
	w->body.max = BUNDLE_PIECE_LEN;
	memset(w->secret.store_key, 5, sizeof(w->secret.store_key));
	make_key("littleham/policy", w->policy_seed, &w->policy_key);
	make_key(
	    "littleham/instance", w->secret.instance_seed, &w->instance_key);
	make_people(w);
	start_vault(w);
	world_switch_policy(w, 1);
	return w;
}

static void
empty_dir(const char *path)
{
	DIR *d = opendir(path);
	char name[512];

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		if (e->d_name[0] != '.')
			unlink(name);
	}
	closedir(d);
}

void
world_free(struct world *w)
{
	vault_free(w->vault);
	policy_free(w->policy);
	buf_free(&w->body);
	empty_dir(w->dir);
	rmdir(w->dir);
	free(w);
}

void
world_fresh(struct world *w)
{
	w->vault = vault_free(w->vault);
	empty_dir(w->dir);
	w->now = WORLD_START;
	w->drawn = 1;
	start_vault(w);
	world_switch_policy(w, 1);
}

void
world_restart(struct world *w)
{
	w->vault = vault_free(w->vault);
	start_vault(w);
	world_switch_policy(w, w->policy->serial);
}

void
world_check_store(struct world *w, uint64_t cases)
{
	const struct store_config c = { .dir = w->dir,
		.key = w->secret.store_key,
		.env = &w->env,
		.size_max = w->config.space };
	struct store_report report;

	w->vault = vault_free(w->vault);
	assert_int_equal(ERR_OK, store_check(&c, NULL, NULL, &report));
	assert_int_equal(0, report.findings);
	if (cases != UINT64_MAX)
		assert_int_equal(cases, report.cases);
}

/* --- requests --- */

static void
on_answer(void *ctx, uint64_t id, enum answer status, struct bytes body)
{
	struct world *w = ctx;

	w->answers++;
	w->id = id;
	w->status = status;
	buf_reset(&w->body);
	buf_put_bytes(&w->body, body);
	assert_int_equal(ERR_OK, w->body.err);
	assert_true(status == ANSWER_OK || body.n == 0);
}

enum answer
world_ask(struct world *w, enum wire_type type, struct bytes body)
{
	w->answers = 0;
	vault_handle(w->vault, type, 77, body, on_answer, w);
	vault_commit(w->vault);
	assert_int_equal(1, w->answers);
	assert_int_equal(77, w->id);
	memset(&w->answer, 0, sizeof(w->answer));
	if (w->status == ANSWER_OK && w->body.n > 0 &&
	    type != WIRE_PLAIN_ANSWER)
		assert_int_equal(ERR_OK,
		    bundle_answer_parse(buf_bytes(&w->body), &w->answer));
	return w->status;
}

static enum wire_type
type_of(const struct bundle_request *r)
{
	switch (request_path(r->kind)) {
	case BUNDLE_PATH_TEXT:
		return WIRE_TEXT;
	case BUNDLE_PATH_PIECE:
		return WIRE_PIECE;
	case BUNDLE_PATH_STAFF:
		break;
	}
	return WIRE_STAFF;
}

enum answer
world_request(struct world *w, const struct bundle_request *r)
{
	CLEAN_BUF struct buf body = BUF_INIT(BUNDLE_PIECE_LEN);

	assert_int_equal(ERR_OK, bundle_request_put(r, &body));
	return world_ask(w, type_of(r), buf_bytes(&body));
}

void
world_send(struct world *w, const struct bundle_request *r, struct buf *body)
{
	assert_int_equal(ERR_OK, bundle_request_put(r, body));
	vault_handle(w->vault, type_of(r), 77, buf_bytes(body), on_answer, w);
}

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
	m->band = 3;
	memcpy(m->case_id, r->keys.case_id, CASE_ID_LEN);
	memcpy(m->policy, w->policy_hash, SHA256_LEN);
	assert_int_equal(ERR_OK, sha256(text, hash));
	assert_int_equal(
	    ERR_OK, manifest_add_file(m, "message.txt", text.n, hash));
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
	if (d->manifest->kind != MESSAGE_NOTE) {
		all[n].person = PERSON_REPORTER;
		assert_int_equal(ERR_OK,
		    age_identity_recipient(&r->keys.reply[0], &all[n].key));
		n++;
	}
	d->payload.max = 1 << 20;
	assert_int_equal(ERR_OK,
	    message_seal_new(&w->env, d->manifest, seed, all, n, &d->seal));
	assert_int_equal(ERR_OK,
	    message_seal_payload(
		d->seal, sealed_memory_source, &memory, to_buf, &d->payload));
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
	assert_int_equal(
	    ERR_OK, age_identity_recipient(&r->keys.reply[0], &key));
	assert_int_equal(ERR_OK, age_recipient_put(&reply, &key));
	memcpy(d->manifest->reply, reply.p, reply.n);
	memcpy(d->manifest->mailbox, r->keys.mailbox, SHA256_LEN);
	seal(w, r, d, r->keys.sign_seed, to, n);
	d->request.kind = REQUEST_CONCERN;
	c->route = r->route;
	c->band = 3;
	memcpy(c->policy, w->policy_hash, SHA256_LEN);
	memcpy(c->case_key, r->keys.sign_pub, SIGN_PUB_LEN);
	memcpy(c->mailbox, r->keys.mailbox, SHA256_LEN);
	c->content = d->content;
	d->body.max = BUNDLE_TEXT_LEN;
	assert_int_equal(ERR_OK, bundle_request_put(&d->request, &d->body));
	head = bundle_preamble_length(buf_bytes(&d->body));
	assert_int_equal(
	    ERR_OK, link_digest(BYTES(d->body.p, head), d->digest, d->link));
}

static void
sign_entry(
    struct world *w, const struct reporter *r, struct draft *d, struct entry *e)
{
	d->entry.max = ENTRY_NOTE_MAX;
	memcpy(e->case_id, r->keys.case_id, CASE_ID_LEN);
	memcpy(e->content, d->digest, SHA256_LEN);
	assert_int_equal(ERR_OK,
	    entry_sign(e,
		e->author == PERSON_REPORTER ? r->keys.sign_seed
					     : w->person[e->author].sign_seed,
		&d->entry));
	assert_int_equal(ERR_OK,
	    link_digest(buf_bytes(&d->entry),
		message_kind_has_content(e->kind) ? d->digest : NULL, d->link));
}

void
draft_message(struct world *w, const struct reporter *r, enum message_kind kind,
    uint16_t author, uint32_t seq, const uint8_t prev[static LINK_LEN],
    const uint16_t *to, size_t n, struct draft *d)
{
	struct entry e = { .kind = kind, .author = author, .seq = seq };

	memcpy(e.prev, prev, LINK_LEN);
	if (message_kind_has_content(kind)) {
		d->manifest = manifest_new();
		assert_non_null(d->manifest);
		fill_manifest(w, r, d->manifest, kind, author);
		d->manifest->seq = seq;
		memcpy(d->manifest->prev, prev, LINK_LEN);
		seal(w, r, d,
		    author == PERSON_REPORTER ? r->keys.sign_seed
					      : w->person[author].sign_seed,
		    to, n);
	}
	sign_entry(w, r, d, &e);
	if (kind == MESSAGE_FOLLOWUP) {
		d->request.kind = REQUEST_FOLLOWUP;
		d->request.followup.entry = buf_bytes(&d->entry);
		d->request.followup.content = d->content;
	} else if (kind == MESSAGE_WITHDRAW) {
		d->request.kind = REQUEST_WITHDRAW;
		d->request.withdraw.entry = buf_bytes(&d->entry);
	} else {
		d->request.kind = REQUEST_POST;
		d->request.post.entry = buf_bytes(&d->entry);
		d->request.post.content = d->content;
		memcpy(d->request.post.session, w->person[author].session,
		    BUNDLE_SESSION_LEN);
	}
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
post_ok(struct world *w, struct reporter *r, enum message_kind kind,
    uint16_t author, const uint16_t *to, size_t n)
{
	CLEAN_DRAFT struct draft d = { 0 };

	draft_message(w, r, kind, author, r->talk, r->head, to, n, &d);
	assert_int_equal(ANSWER_OK, world_request(w, &d.request));
	assert_proof(w, r, kind, d.link);
	memcpy(r->head, d.link, LINK_LEN);
	r->talk++;
}

/* --- reading --- */

enum answer
poll(struct world *w, const struct reporter *r, uint32_t after)
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
	enum answer a = world_request(w, &q);

	if (a != ANSWER_OK)
		return a;
	assert_int_equal(ERR_OK,
	    login_sign(person, w->answer.challenge.challenge,
		w->person[person].sign_seed, &note));
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

void
assert_opens(struct world *w, const struct answer_head *h,
    const struct reporter *r, uint16_t reader, uint16_t author)
{
	const struct message_as as = { .n_ids = 1,
		.person = reader,
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
