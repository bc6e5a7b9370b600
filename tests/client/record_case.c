#include "tests/client/record_case.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"
#include "tests/client/scene.h"

#define MUST(call) assert_int_equal((call), ERR_OK)
#define INLINE_MAX 1024 /* what is longer has a file of its own */
#define PEOPLE_ASKED 7	/* 1 to 6, and nobody */

/* What the tests call, and what the linker puts in its place. */
enum refusal __real_conversation_begin(struct conversation *c, enum chain chain,
    uint32_t seq, struct bytes head, struct bytes envelope);
enum refusal __wrap_conversation_begin(struct conversation *c, enum chain chain,
    uint32_t seq, struct bytes head, struct bytes envelope);
enum refusal __real_conversation_put(struct conversation *c,
    struct bytes payload);
enum refusal __wrap_conversation_put(struct conversation *c,
    struct bytes payload);
enum refusal __real_conversation_end(struct conversation *c,
    const struct conversation_message **ret);
enum refusal __wrap_conversation_end(struct conversation *c,
    const struct conversation_message **ret);
enum refusal __real_conversation_finish(struct conversation *c);
enum refusal __wrap_conversation_finish(struct conversation *c);
void __real_conversation_free(struct conversation *c);
void __wrap_conversation_free(struct conversation *c);

static const char *const refusals[REFUSALS] = {
	[REFUSAL_NONE] = "",
	[REFUSAL_HEAD] = "head",
	[REFUSAL_OTHER_CASE] = "other-case",
	[REFUSAL_DROPPED] = "dropped",
	[REFUSAL_REORDERED] = "reordered",
	[REFUSAL_UNKNOWN_SIGNER] = "unknown-signer",
	[REFUSAL_SIGNATURE] = "signature",
	[REFUSAL_SWAPPED] = "swapped",
	[REFUSAL_ENVELOPE] = "envelope",
	[REFUSAL_NOT_FOR_US] = "not-for-us",
	[REFUSAL_DAMAGED] = "damaged",
	[REFUSAL_NOT_SEALED] = "not-sealed",
	[REFUSAL_BODY] = "body",
	[REFUSAL_MANIFEST] = "manifest",
	[REFUSAL_MEMBERS] = "members",
	[REFUSAL_EXCLUDED] = "excluded",
	[REFUSAL_NOT_A_READER] = "not-a-reader",
	[REFUSAL_SEEN] = "seen",
	[REFUSAL_NOT_ALLOWED] = "not-allowed",
	[REFUSAL_TOLD] = "told",
	[REFUSAL_NO_CONCERN] = "no-concern",
	[REFUSAL_UNSUPPORTED] = "unsupported",
	[REFUSAL_FAILED] = "failed",
};

/* --- files --- */

static const char *
directory(void)
{
	return getenv("SPEAKUP_RECORD_CASES");
}

static void
write_file(const char *name, const char *ending, struct bytes x)
{
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s.%s", directory(), name,
	    ending);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(x.p, 1, x.n, f), x.n);
	assert_int_equal(fclose(f), 0);
}

static void
write_named_by_hash(struct bytes x, const char *ending,
    char name[static 2 * SHA256_LEN + 1])
{
	uint8_t hash[SHA256_LEN];

	MUST(sha256(x, hash));
	hex_encode(name, hash, sizeof(hash));
	write_file(name, ending, x);
}

/* --- values --- */

static json_t *
text_json(const struct buf *text)
{
	assert_int_equal(text->err, ERR_OK);
	return json_stringn(text->n > 0 ? (const char *)text->p : "", text->n);
}

static json_t *
hex_json(const uint8_t *p, size_t n)
{
	char out[2 * SHA256_LEN + 1];

	hex_encode(out, p, n);
	return json_string(out);
}

/* Base64, or the name of a file. */
static json_t *
bytes_json(struct bytes x)
{
	struct buf text CLEAN_BUF = BUF_INIT(2 * INLINE_MAX);
	char name[2 * SHA256_LEN + 1];

	if (x.n > INLINE_MAX) {
		write_named_by_hash(x, "bin", name);
		return json_pack("{s:s}", "file", name);
	}
	base64_put(&text, x, B64_PADDED);
	return text_json(&text);
}

static json_t *
policies_json(const struct conversation *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_known; i++) {
		struct buf text CLEAN_BUF = BUF_INIT(POLICY_JSON_MAX);
		char name[2 * SHA256_LEN + 1];

		MUST(policy_put(c->known[i].policy, &text));
		write_named_by_hash(buf_bytes(&text), "bin", name);
		(void)json_array_append_new(list,
		    json_pack("{s:s, s:o}", "file", name, "hash",
			hex_json(c->known[i].hash, SHA256_LEN)));
	}
	return list;
}

static json_t *
instance_keys_json(const struct conversation *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_instance_keys; i++) {
		struct buf text CLEAN_BUF = BUF_INIT(INLINE_MAX);
		struct note_key key;

		MUST(note_key_init(&key, c->instance_keys[i].name,
		    c->instance_keys[i].pub));
		note_vkey_put(&text, &key);
		(void)json_array_append_new(list, text_json(&text));
	}
	return list;
}

static json_t *
identities_json(const struct conversation *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_ids; i++) {
		struct buf text CLEAN_BUF = BUF_INIT(INLINE_MAX);

		MUST(age_identity_put(&text, &c->ids[i]));
		(void)json_array_append_new(list, text_json(&text));
	}
	return list;
}

static json_t *
given_json(const struct conversation *c)
{
	return json_pack("{s:o, s:o, s:I, s:I, s:o, s:b, s:i, s:o, s:o*}",
	    "known", policies_json(c), "instanceKeys", instance_keys_json(c),
	    "today", (json_int_t)c->today, "filed", (json_int_t)c->filed,
	    "caseId", hex_json(c->case_id, CASE_ID_LEN), "isPlain",
	    (int)c->is_plain, "person", (int)c->person, "identities",
	    identities_json(c), "mailbox",
	    c->mailbox != NULL ? hex_json(c->mailbox, SHA256_LEN) : NULL);
}

/* --- what came of it --- */

static json_t *
message_json(const struct conversation_message *m)
{
	return json_pack("{s:s, s:i, s:s, s:i, s:o, s:b, s:b, s:s, s:b, s:b, "
			 "s:b, s:o, s:b, s:i, s:s}",
	    "chain", chain_name(conversation_chain(m)), "seq", (int)m->seq,
	    "kind", message_kind_name(m->kind), "author", (int)m->author,
	    "link", hex_json(m->link, LINK_LEN), "hasContent",
	    (int)m->has_content, "isReadable", (int)m->is_readable, "failure",
	    refusals[m->failure], "isPolicyKnown", (int)m->is_policy_known,
	    "isRouteExpected", (int)m->is_route_expected, "hasManifest",
	    m->m != NULL, "text", bytes_json(buf_bytes(&m->text)), "isGranted",
	    (int)m->is_granted, "after", (int)m->after, "state",
	    case_state_name(m->state));
}

static json_t *
refused_json(const struct conversation *c)
{
	const struct conversation_refused *f = &c->refused;
	struct buf text CLEAN_BUF = BUF_INIT(2 * INLINE_MAX);
	json_t *j = json_pack("{s:s, s:i, s:s, s:i}", "chain",
	    chain_name(f->chain), "seq", (int)f->seq, "kind",
	    f->is_parsed ? message_kind_name(f->entry.kind) : "", "why",
	    (int)f->why);

	conversation_refused_text(c, &text);
	(void)json_object_set_new(j, "text", text_json(&text));
	return j;
}

static json_t *
life_json(const struct life *l)
{
	struct buf flags CLEAN_BUF = BUF_INIT(INLINE_MAX);

	case_flags_put(&flags, l->flags);
	return json_pack("{s:s, s:i, s:i, s:o, s:i, s:i, s:i, s:i}", "state",
	    case_state_name(l->state), "band", l->band, "gravest", l->gravest,
	    "flags", text_json(&flags), "first", l->first, "pending",
	    (int)l->pending, "asked", (int)l->asked, "findings", l->findings);
}

static json_t *
members_json(const struct conversation *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_members; i++)
		(void)json_array_append_new(list,
		    json_pack("{s:i, s:i, s:i}", "person", c->member[i].person,
			"rung", c->member[i].rung, "since",
			(int)c->member[i].since));
	return list;
}

static json_t *
people_json(const struct conversation *c)
{
	json_t *list = json_array();

	for (uint16_t p = 1; p <= PEOPLE_ASKED; p++)
		(void)json_array_append_new(list,
		    json_pack("{s:i, s:b, s:b}", "parts",
			(int)conversation_parts(c, p), "readsNow",
			(int)conversation_reads_now(c, p), "isExcluded",
			(int)conversation_is_excluded(c, p, c->today)));
	return list;
}

static json_t *
messages_json(const struct conversation *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_messages; i++)
		(void)json_array_append_new(list, message_json(c->message[i]));
	return list;
}

/* What holds of a case that was read to its end. */
static json_t *
whole_json(const struct conversation *c)
{
	const struct conversation_message *asked = conversation_consent(c);

	return json_pack("{s:i, s:o, s:o, s:o, s:b, s:i}", "nowOn", c->now_on,
	    "life", life_json(&c->life), "members", members_json(c), "people",
	    people_json(c), "isWithdrawn", (int)conversation_is_withdrawn(c),
	    "consent", asked != NULL ? (int)asked->seq : -1);
}

static json_t *
outcome_json(const struct conversation *c, bool is_whole)
{
	json_t *j = json_pack("{s:s, s:i, s:i, s:[oo], s:o}", "refusal",
	    refusals[c->refusal], "route", c->route, "band", c->band, "head",
	    hex_json(c->head[0], LINK_LEN), hex_json(c->head[1], LINK_LEN),
	    "messages", messages_json(c));

	if (c->refused.is_one)
		(void)json_object_set_new(j, "refused", refused_json(c));
	if (is_whole)
		(void)json_object_set_new(j, "whole", whole_json(c));
	return j;
}

/* --- recording --- */

struct record {
	const struct conversation *c;
	json_t *given, *calls;
	bool is_whole; /* the last call was a finish that refused nothing */
	struct record *next;
};
static struct record *records;
static bool is_paused;

void
record_pause(bool on)
{
	is_paused = on;
}

bool
record_is_on(void)
{
	return directory() != NULL && !is_paused;
}

static struct record *
record_of(const struct conversation *c)
{
	struct record *r = records;

	while (r != NULL && r->c != c)
		r = r->next;
	if (r != NULL || !record_is_on())
		return r;
	r = calloc(1, sizeof(*r));
	assert_non_null(r);
	*r = (struct record){ .c = c,
		.given = given_json(c),
		.calls = json_array(),
		.next = records };
	records = r;
	return r;
}

/* Takes call; NULL: there was no memory. */
static void
add_call(const struct conversation *c, json_t *call, enum refusal said)
{
	struct record *r = record_of(c);

	assert_non_null(call);
	assert_int_equal(
	    json_object_set_new(call, "said", json_string(refusals[said])), 0);
	assert_int_equal(json_array_append_new(r->calls, call), 0);
	r->is_whole = said == REFUSAL_NONE &&
	    strcmp(json_string_value(json_object_get(call, "call")),
		"finish") == 0;
}

enum refusal
__wrap_conversation_begin(struct conversation *c, enum chain chain,
    uint32_t seq, struct bytes head, struct bytes envelope)
{
	bool is_recorded = record_of(c) != NULL;
	enum refusal said =
	    __real_conversation_begin(c, chain, seq, head, envelope);

	if (is_recorded)
		add_call(c,
		    json_pack("{s:s, s:s, s:i, s:o, s:o}", "call", "begin",
			"chain", chain_name(chain), "seq", (int)seq, "head",
			bytes_json(head), "envelope", bytes_json(envelope)),
		    said);
	return said;
}

enum refusal
__wrap_conversation_put(struct conversation *c, struct bytes payload)
{
	bool is_recorded = record_of(c) != NULL;
	enum refusal said = __real_conversation_put(c, payload);

	if (is_recorded)
		add_call(c,
		    json_pack("{s:s, s:o}", "call", "put", "payload",
			bytes_json(payload)),
		    said);
	return said;
}

enum refusal
__wrap_conversation_end(struct conversation *c,
    const struct conversation_message **ret)
{
	bool is_recorded = record_of(c) != NULL;
	enum refusal said = __real_conversation_end(c, ret);

	if (is_recorded)
		add_call(c, json_pack("{s:s}", "call", "end"), said);
	return said;
}

enum refusal
__wrap_conversation_finish(struct conversation *c)
{
	bool is_recorded = record_of(c) != NULL;
	enum refusal said = __real_conversation_finish(c);

	if (is_recorded)
		add_call(c, json_pack("{s:s}", "call", "finish"), said);
	return said;
}

static void
write_record(const struct record *r)
{
	char name[2 * SHA256_LEN + 1];
	json_t *j = json_pack("{s:O, s:O, s:o}", "given", r->given, "calls",
	    r->calls, "outcome", outcome_json(r->c, r->is_whole));
	char *text = j != NULL ? json_dumps(j, JSON_COMPACT) : NULL;

	assert_non_null(text);
	write_named_by_hash(bytes_str(text), "json", name);
	free(text);
	json_decref(j);
}

void
__wrap_conversation_free(struct conversation *c)
{
	struct record **at = &records, *r;

	while (*at != NULL && (*at)->c != c)
		at = &(*at)->next;
	r = *at;
	if (r != NULL) {
		*at = r->next;
		write_record(r);
		json_decref(r->given);
		json_decref(r->calls);
		free(r);
	}
	__real_conversation_free(c);
}
