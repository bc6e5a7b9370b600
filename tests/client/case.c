#include "tests/client/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/server.h"
#include "crypto/bundle.h"
#include "crypto/codec.h"
#include "crypto/env.h"
#include "policy/members.h"
#include "policy/zone.h"

#define PAYLOAD_MAX (16 * 1024 * 1024)

#define MUST(call) assert_int_equal((call), ERR_OK)

static const char *const slugs[PEOPLE + 1] = { NULL, "guardian-first",
	"guardian-second", "executive-lead", "chief-executive", "ned-lead",
	"chair" };

/* --- the organisation --- */

static void
put_person(struct world *w, unsigned i, struct buf *yaml)
{
	struct age_recipient to;
	uint8_t pub[SIGN_PUB_LEN];

	MUST(age_identity_new(&env_system, AGE_X25519, &w->id[i]));
	MUST(age_identity_recipient(&w->id[i], &to));
	MUST(staff_sign_seed(&w->id[i], w->seed[i]));
	MUST(sign_public(w->seed[i], pub));
	buf_printf(yaml, "  %s:\n    - classic: ", slugs[i]);
	MUST(age_recipient_put(yaml, &to));
	buf_put_str(yaml, "\n      sign: ");
	base64_put(yaml, BYTES(pub, sizeof(pub)), B64_PADDED);
	buf_put_str(yaml, "\n");
}

static void
make_policy(struct world *w, struct bytes yaml, struct bytes keys)
{
	struct buf json CLEAN_BUF = BUF_INIT(POLICY_JSON_MAX);
	struct compile_input in = { .yaml = yaml,
		.file = "policy",
		.keys = keys,
		.keys_file = "keys",
		.zone = &zone_system,
		.issued = env_now(&env_system),
		.serial = 1 };
	struct yaml_error error = { 0 };
	struct policy_problem problem;

	if (policy_compile(&in, &json, &error) != ERR_OK)
		fail_msg("%s", error.text);
	MUST(policy_parse(buf_bytes(&json), &w->policy, &problem));
	MUST(sha256(buf_bytes(&json), w->hash));
}

static void
read_yaml(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "r");
	int c;

	if (f == NULL)
		fail_msg("cannot read %s", path);
	while (f != NULL && (c = getc(f)) != EOF)
		buf_put_u8(out, (uint8_t)c);
	if (f != NULL)
		(void)fclose(f);
}

static void
make_instance(struct world *w)
{
	uint8_t pub[SIGN_PUB_LEN];

	MUST(env_random(&env_system, w->instance_seed, SIGN_SEED_LEN));
	MUST(sign_public(w->instance_seed, pub));
	MUST(note_key_init(&w->instance, "test/instance", pub));
}

struct world *
world_new(const char *policy_yaml)
{
	struct world *w = calloc(1, sizeof(*w));
	struct buf yaml CLEAN_BUF = BUF_INIT(YAML_SIZE_MAX);
	struct buf keys CLEAN_BUF = BUF_INIT(YAML_SIZE_MAX);
	uint8_t receipt[RECEIPT_LEN];
	static const uint8_t realm[REALM_LEN] = { 7 };

	assert_non_null(w);
	read_yaml(policy_yaml, &yaml);
	buf_put_str(&keys, "keys:\n");
	for (unsigned i = 1; i <= PEOPLE; i++)
		put_person(w, i, &keys);
	make_policy(w, buf_bytes(&yaml), buf_bytes(&keys));
	MUST(env_random(&env_system, receipt, sizeof(receipt)));
	MUST(receipt_derive(receipt, realm, &w->reporter));
	make_instance(w);
	return w;
}

void
world_train(struct world *w)
{
	for (size_t i = 0; i < w->policy->n_people; i++) {
		if (w->policy->people[i].number == INVESTIGATOR)
			w->policy->people[i].role = ROLE_INVESTIGATOR;
	}
}

struct world *
world_free(struct world *w)
{
	w->policy = policy_free(w->policy);
	free(w);
	return NULL;
}

/* --- messages --- */

static const struct age_recipient *
key_of(struct world *w, uint16_t person, struct age_recipient *buffer)
{
	const struct age_identity *id =
	    person == PERSON_REPORTER ? &w->reporter.reply[0] : &w->id[person];

	MUST(age_identity_recipient(id, buffer));
	return buffer;
}

/* Of the next message: after its own change, too. */
static size_t
readers(struct world *w, const struct spec *spec, const struct entry *e,
    struct message_to *to)
{
	struct member member[MEMBERS_MAX];
	struct member_change change[MEMBER_CHANGES_MAX];
	size_t n = spec->n_to, n_changes = w->n_changes;
	uint16_t person[SEALED_TO_MAX];

	memcpy(person, spec->to, sizeof(person));
	memcpy(change, w->change, sizeof(change));
	if (spec->kind != MESSAGE_CONCERN)
		n_changes += member_changes_of(e, change + n_changes);
	if (n == 0) {
		MUST(members_after(w->policy, policy_route(w->policy, ROUTE),
		    w->exclude, w->n_exclude, change, n_changes, today(),
		    member, MEMBERS_MAX, &n));
		for (size_t i = 0; i < n; i++)
			person[i] = member[i].person;
		if (message_kind_chain(spec->kind) == CHAIN_TALK)
			person[n++] = PERSON_REPORTER;
	}
	for (size_t i = 0; i < n; i++) {
		to[i].person = person[i];
		(void)key_of(w, person[i], &to[i].key);
	}
	return n;
}

static void
fill_manifest(struct world *w, const struct spec *spec, struct bytes text,
    struct manifest *m)
{
	enum chain chain = message_kind_chain(spec->kind);
	struct buf reply CLEAN_BUF = BUF_INIT(AGE_RECIPIENT_TEXT_MAX - 1);
	struct age_recipient to;
	uint8_t hash[SHA256_LEN];

	m->kind = spec->kind;
	m->author = spec->author;
	memcpy(m->case_id, w->reporter.case_id, CASE_ID_LEN);
	m->seq = w->count[chain];
	memcpy(m->prev, w->head[chain], LINK_LEN);
	memcpy(m->policy, w->hash, SHA256_LEN);
	m->route = ROUTE;
	m->band = BAND;
	m->n_exclude = w->n_exclude;
	memcpy(m->exclude, w->exclude, sizeof(w->exclude));
	if (spec->kind == MESSAGE_CONCERN) {
		MUST(
		    age_recipient_put(&reply, key_of(w, PERSON_REPORTER, &to)));
		memcpy(m->reply, reply.p, reply.n);
		memcpy(m->mailbox, w->reporter.mailbox, SHA256_LEN);
	} else {
		m->n_seen = spec->author == PERSON_REPORTER ? 1 : 2;
		memcpy(m->seen[0], w->head[CHAIN_TALK], LINK_LEN);
		memcpy(m->seen[1], w->head[CHAIN_STAFF], LINK_LEN);
	}
	MUST(sha256(text, hash));
	MUST(manifest_add_file(m, "message.txt", text.n, hash));
	if (spec->manifest != NULL)
		spec->manifest(m);
}

static enum err
to_buf(void *ctx, struct bytes x)
{
	struct buf *out = ctx;

	buf_put_bytes(out, x);
	return out->err;
}

static const uint8_t *
seed_of(const struct world *w, const struct spec *spec)
{
	if (spec->seed != NULL)
		return spec->seed;
	return spec->author == PERSON_REPORTER ? w->reporter.sign_seed
					       : w->seed[spec->author];
}

static void
seal(struct world *w, const struct spec *spec, struct sent *s)
{
	struct bytes text = bytes_str(spec->text != NULL ? spec->text : "hi");
	struct sealed_memory memory = { .file = &text };
	struct message_to *to = calloc(SEALED_TO_MAX, sizeof(*to));
	struct manifest *m = manifest_new();
	struct message_seal *seal = NULL;

	assert_non_null(to);
	assert_non_null(m);
	fill_manifest(w, spec, text, m);
	s->n_to = readers(w, spec, &s->entry, to);
	MUST(message_seal_new(&env_system, m, seed_of(w, spec), to, s->n_to,
	    &seal));
	for (size_t i = 0; i < s->n_to; i++) {
		s->person[i] = to[i].person;
		s->envelope[i].max = AGE_HEADER_MAX;
		buf_put_bytes(&s->envelope[i], message_seal_envelope(seal, i));
	}
	MUST(message_seal_payload(seal, sealed_memory_source, &memory, to_buf,
	    &s->payload));
	MUST(message_seal_content(seal, s->content));
	seal = message_seal_free(seal);
	m = manifest_free(m);
	free(to);
}

static void
put_tell(struct world *w, const struct spec *spec, struct request_concern *q)
{
	struct manifest *m = manifest_new();
	uint16_t told[POLICY_PEOPLE_MAX];

	assert_non_null(m);
	m->n_exclude = w->n_exclude;
	memcpy(m->exclude, w->exclude, sizeof(w->exclude));
	MUST(conversation_told(w->policy, policy_route(w->policy, ROUTE), m,
	    today(), told, &q->n_tell));
	memcpy(q->tell, told, q->n_tell * sizeof(told[0]));
	if (spec->n_tell > 0) {
		q->n_tell = spec->n_tell;
		memcpy(q->tell, spec->tell, sizeof(spec->tell));
	}
	m = manifest_free(m);
}

static void
put_preamble(struct world *w, const struct spec *spec, struct sent *s)
{
	struct buf body CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	struct bundle_request r = { .kind = REQUEST_CONCERN };

	r.concern.route = ROUTE;
	r.concern.band = BAND;
	memcpy(r.concern.policy, w->hash, SHA256_LEN);
	memcpy(r.concern.case_key, w->reporter.sign_pub, SIGN_PUB_LEN);
	memcpy(r.concern.mailbox, w->reporter.mailbox, SHA256_LEN);
	put_tell(w, spec, &r.concern);
	r.concern.content.n_to = s->n_to;
	r.concern.content.payload = buf_bytes(&s->payload);
	for (size_t i = 0; i < s->n_to; i++) {
		r.concern.content.to[i].person = s->person[i];
		r.concern.content.to[i].envelope = buf_bytes(&s->envelope[i]);
	}
	MUST(bundle_request_put(&r, &body));
	buf_put(&s->head, body.p, bundle_preamble_length(buf_bytes(&body)));
}

static void
fill_entry(struct world *w, const struct spec *spec, struct sent *s)
{
	struct entry *e = &s->entry;

	*e = spec->with;
	e->kind = spec->kind;
	e->author = spec->author;
	e->seq = s->seq;
	e->day = today();
	memcpy(e->case_id, w->reporter.case_id, CASE_ID_LEN);
	memcpy(e->prev, w->head[s->chain], LINK_LEN);
	if (spec->author != PERSON_REPORTER)
		memcpy(e->seen, w->head[s->chain == CHAIN_TALK], LINK_LEN);
}

static void
put_entry(struct world *w, const struct spec *spec, struct sent *s)
{
	struct entry *e = &s->entry;

	memcpy(e->content, s->content, SHA256_LEN);
	if (spec->entry != NULL)
		spec->entry(e);
	if (e->author == PERSON_INSTANCE)
		MUST(entry_sign_instance(e, &w->instance, w->instance_seed,
		    &s->head));
	else
		MUST(entry_sign(e, seed_of(w, spec), &s->head));
	w->n_changes += member_changes_of(e, w->change + w->n_changes);
}

static bool
spec_has_content(const struct spec *spec)
{
	enum message_content c = message_form(spec->kind)->content;

	return c == CONTENT_MUST || (c == CONTENT_MAY && spec->text != NULL);
}

void
world_write(struct world *w, const struct spec *spec, struct sent *ret)
{
	bool has_content = spec_has_content(spec);

	*ret = (struct sent){ .chain = message_kind_chain(spec->kind) };
	ret->seq = w->count[ret->chain];
	ret->head.max = BUNDLE_TEXT_LEN;
	ret->payload.max = PAYLOAD_MAX;
	fill_entry(w, spec, ret);
	if (has_content)
		seal(w, spec, ret);
	if (spec->kind == MESSAGE_CONCERN)
		put_preamble(w, spec, ret);
	else
		put_entry(w, spec, ret);
	MUST(link_digest(buf_bytes(&ret->head),
	    has_content ? ret->content : NULL, ret->link));
	memcpy(w->head[ret->chain], ret->link, LINK_LEN);
	w->count[ret->chain]++;
}

/* --- envelopes for somebody who comes later --- */

static const struct buf *
envelope_of(const struct sent *s, uint16_t person)
{
	for (size_t i = 0; i < s->n_to; i++) {
		if (s->person[i] == person)
			return &s->envelope[i];
	}
	return NULL;
}

void
world_grant(struct world *w, struct sent *s, uint16_t person)
{
	const struct buf *mine = envelope_of(s, GUARDIAN);
	struct buf *more = &s->envelope[s->n_to];
	struct age_recipient to;

	assert_non_null(mine);
	assert_true(s->n_to < SEALED_TO_MAX);
	more->max = AGE_HEADER_MAX;
	assert_int_equal(message_add_envelope(&env_system, buf_bytes(mine),
			     &w->id[GUARDIAN], 1, key_of(w, person, &to), more),
	    AGE_OK);
	s->person[s->n_to++] = person;
}

void
world_digest(const struct sent *s, size_t n, uint16_t person,
    uint8_t out[static SHA256_LEN])
{
	struct grant grant[64];
	size_t count = 0;

	for (unsigned chain = 0; chain < 2; chain++) {
		for (size_t i = 0; i < n; i++) {
			const struct buf *x = envelope_of(&s[i], person);

			if (s[i].chain != (enum chain)chain || x == NULL)
				continue;
			grant[count].chain = s[i].chain;
			grant[count].seq = s[i].seq;
			MUST(sha256(buf_bytes(x), grant[count++].envelope));
		}
	}
	MUST(grants_digest(grant, count, out));
}

void
sent_free(struct sent *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_free(&s[i].head);
		buf_free(&s[i].payload);
		for (size_t k = 0; k < s[i].n_to; k++)
			buf_free(&s[i].envelope[k]);
	}
}

/* --- reading --- */

struct conversation *
reader_new(struct world *w, uint16_t person, struct known_policy *known)
{
	struct conversation *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	*known = (struct known_policy){ .policy = w->policy };
	memcpy(known->hash, w->hash, SHA256_LEN);
	c->known = known;
	c->n_known = 1;
	c->instance_keys = &w->instance;
	c->n_instance_keys = 1;
	c->today = today();
	c->filed = today();
	memcpy(c->case_id, w->reporter.case_id, CASE_ID_LEN);
	c->person = person;
	c->ids = person == PERSON_REPORTER ? w->reporter.reply : &w->id[person];
	c->n_ids = 1;
	if (person == PERSON_REPORTER)
		c->mailbox = w->reporter.mailbox;
	return c;
}

struct conversation *
reader_free(struct conversation *c)
{
	conversation_free(c);
	free(c);
	return NULL;
}

enum refusal
reader_take(struct conversation *c, const struct sent *s, uint32_t seq)
{
	struct bytes envelope = { 0 };
	enum refusal r;

	for (size_t i = 0; i < s->n_to; i++) {
		if (s->person[i] == c->person)
			envelope = buf_bytes(&s->envelope[i]);
	}
	r = conversation_begin(c, s->chain, seq, buf_bytes(&s->head), envelope);
	if (r == REFUSAL_NONE)
		r = conversation_put(c, buf_bytes(&s->payload));
	return r == REFUSAL_NONE ? conversation_end(c, NULL) : r;
}
