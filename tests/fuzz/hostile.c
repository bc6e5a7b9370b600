#include "tests/fuzz/hostile.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/env.h"
#include "crypto/label.h"
#include "crypto/lines.h"
#include "crypto/proof.h"
#include "tests/fuzz/hostile_inside.h"

#define MUST(x) ((x) ? (void)0 : abort())
#define EACH 16

static struct hostile cases[2]; /* sealed, plain */
struct hostile *hostile = &cases[0];

/* --- the case --- */

static void
write_message(enum message_kind kind, uint16_t author, const char *text,
    struct entry with)
{
	const struct spec spec = {
		.kind = kind, .author = author, .text = text, .with = with
	};

	MUST(hostile->n < HOSTILE_MESSAGES_MAX);
	hostile->text[hostile->n] = text;
	world_write(hostile->w, &spec, &hostile->sent[hostile->n++]);
}

static void
write_sealed_case(void)
{
	hostile->w->n_exclude = 1;
	hostile->w->exclude[0] = HOSTILE_EXCLUDED;
	write_message(MESSAGE_CONCERN, PERSON_REPORTER,
	    "They open \x1b[2J\xc2\x9b\x07 the valve.", (struct entry){ 0 });
	write_message(MESSAGE_ACK, GUARDIAN, NULL, (struct entry){ 0 });
	write_message(MESSAGE_TRIAGE, GUARDIAN, NULL,
	    (struct entry){ .band = BAND });
	write_message(MESSAGE_REPLY, SECOND, "Since when?",
	    (struct entry){ 0 });
	write_message(MESSAGE_FOLLOWUP, PERSON_REPORTER, "May.",
	    (struct entry){ 0 });
	write_message(MESSAGE_NOTE, SECOND, "Ask for the log.",
	    (struct entry){ 0 });
}

/* --- a plain one --- */

/* What a person writes who has age and curl. */
static void
write_plain_text(struct buf *out)
{
	struct age_recipient to;

	MUST(age_identity_recipient(&hostile->w->reporter.reply[0], &to) ==
	    ERR_OK);
	buf_put_str(out, "\xef\xbb\xbfThe \x1b[2J valve.\r\nreply: ");
	MUST(age_recipient_put(out, &to) == ERR_OK);
	buf_put_str(out, "\r\n");
	MUST(out->err == ERR_OK);
}

/* Header and payload, for both guardians; the case is named by the whole. */
static void
seal_plain(struct bytes text, struct sent *s)
{
	struct buf file CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	const uint16_t people[] = { GUARDIAN, SECOND };
	struct world *w = hostile->w;
	struct age_recipient to[2];
	uint8_t id[SHA256_LEN];
	size_t n = 0;

	for (size_t i = 0; i < 2; i++)
		MUST(age_identity_recipient(&w->id[people[i]], &to[i]) ==
		    ERR_OK);
	MUST(age_seal(&env_system, to, 2, text, &file) == ERR_OK);
	MUST(age_header_length(buf_bytes(&file), &n, NULL) == ERR_OK);
	MUST(sha256_parts((const struct bytes[]){ BYTES_LIT(LABEL_PLAIN_ID),
			      buf_bytes(&file) },
		 2, id) == ERR_OK);
	memcpy(w->reporter.case_id, id, CASE_ID_LEN);
	for (s->n_to = 0; s->n_to < 2; s->n_to++) {
		s->person[s->n_to] = people[s->n_to];
		s->envelope[s->n_to].max = AGE_HEADER_MAX;
		buf_put(&s->envelope[s->n_to], file.p, n);
	}
	s->payload.max = BUNDLE_TEXT_LEN;
	buf_put(&s->payload, file.p + n, file.n - n);
}

/* As the vault writes it in the place of a preamble. */
static void
link_plain(struct sent *s)
{
	struct world *w = hostile->w;
	uint8_t payload[SHA256_LEN], header[1][SHA256_LEN];

	s->head.max = BUNDLE_TEXT_LEN;
	buf_printf(&s->head, "speakup: v1 plain\nroute: %u\nband: P%u\n",
	    (unsigned)w->policy->plain_route, (unsigned)w->policy->plain_band);
	lines_put_hex(&s->head, "policy", w->hash, SHA256_LEN);
	MUST(sha256(buf_bytes(&s->envelope[0]), header[0]) == ERR_OK);
	MUST(payload_digest_of(buf_bytes(&s->payload), payload) == ERR_OK);
	MUST(content_digest(payload, (const uint8_t(*)[SHA256_LEN])header, 1,
		 s->content) == ERR_OK);
	MUST(link_digest(buf_bytes(&s->head), s->content, s->link) == ERR_OK);
	memcpy(w->head[CHAIN_TALK], s->link, LINK_LEN);
	w->count[CHAIN_TALK] = 1;
}

static void
on_plain_route(struct manifest *m)
{
	m->route = (uint16_t)hostile->w->policy->plain_route;
	m->band = hostile->w->policy->plain_band;
}

static void
write_plain_case(void)
{
	static struct buf text = BUF_INIT(4096);
	const struct spec note = { .kind = MESSAGE_NOTE,
		.author = SECOND,
		.text = "Who is this?",
		.manifest = on_plain_route,
		.n_to = 2,
		.to = { GUARDIAN, SECOND } };

	hostile->is_plain = true;
	write_plain_text(&text);
	seal_plain(buf_bytes(&text), &hostile->sent[0]);
	link_plain(&hostile->sent[0]);
	buf_put_u8(&text, 0);
	hostile->text[0] = (const char *)text.p;
	hostile->n = 1;
	write_message(MESSAGE_ACK, GUARDIAN, NULL, (struct entry){ 0 });
	write_message(MESSAGE_TRIAGE, GUARDIAN, NULL,
	    (struct entry){ .band = BAND });
	hostile->text[hostile->n] = note.text;
	world_write(hostile->w, &note, &hostile->sent[hostile->n++]);
}

void
hostile_use(bool is_plain)
{
	hostile = &cases[is_plain ? 1 : 0];
}

void
hostile_begin(const char *policy_yaml)
{
	for (int plain = 0; plain < 2; plain++) {
		hostile_use(plain != 0);
		hostile->w = world_new(policy_yaml);
		world_train(hostile->w);
		if (plain != 0)
			write_plain_case();
		else
			write_sealed_case();
		hostile->n_case = hostile->n;
	}
}

const struct sent *
hostile_find(enum chain chain, uint32_t seq, const char **ret_text)
{
	for (size_t i = 0; i < hostile->n; i++) {
		if (hostile->sent[i].chain == chain &&
		    hostile->sent[i].seq == seq) {
			*ret_text = hostile->text[i];
			return &hostile->sent[i];
		}
	}
	return NULL;
}

void
hostile_staff(struct staff *s)
{
	static struct note_key instance;
	const struct world *w = hostile->w;

	instance = w->instance;
	s->server.term = &s->term;
	s->server.policy = w->policy;
	s->server.root.n_instance_keys = 1;
	s->server.root.instance_keys[0] = instance;
	memcpy(s->server.status.hash, w->hash, SHA256_LEN);
	s->server.answer.max = BUNDLE_PIECE_LEN;
	s->server.parsed = calloc(1, sizeof(*s->server.parsed));
	MUST(s->server.parsed != NULL);
	s->ids[0] = w->id[HOSTILE_READER];
	s->n_ids = 1;
	s->person = policy_person(w->policy, HOSTILE_READER);
	memcpy(s->seed, w->seed[HOSTILE_READER], SIGN_SEED_LEN);
	s->n_known = 1;
	s->known[0].policy = w->policy;
	memcpy(s->known[0].hash, w->hash, SHA256_LEN);
}

struct bytes
hostile_envelope(const struct sent *s, uint16_t person)
{
	for (size_t i = 0; i < s->n_to; i++) {
		if (s->person[i] == person)
			return buf_bytes(&s->envelope[i]);
	}
	return BYTES(NULL, 0);
}

/* --- tricks --- */

bool
trick_is_now(const struct edit *e, enum trick trick)
{
	return e->part == trick && e->put.n >= 2 &&
	    (e->put.p[0] % (EACH + 1) == EACH ||
		e->put.p[0] % (EACH + 1) == hostile->exchanges % EACH);
}

/* The bytes behind the first two; 0 where there are no more. */
uint8_t
trick_extra(const struct edit *e, size_t i)
{
	return i + 2 < e->put.n ? e->put.p[i + 2] : 0;
}

void
trick_change(const struct edit *e, struct buf *x)
{
	struct edit here = *e;

	here.put = BYTES(e->put.p + 2, e->put.n - 2);
	edit_apply(&here, x);
	hostile->is_fooled = true;
}

/* Another chain's head is public to whoever reads, and so are links. */
static void
add_handler_entry(const struct edit *e)
{
	struct entry x = { .kind = (enum message_kind)(
			       trick_extra(e, 0) % MESSAGE_KINDS),
		.author = HOSTILE_HANDLER,
		.day = today(),
		.band = trick_extra(e, 1) % 5,
		.person = trick_extra(e, 2),
		.from = trick_extra(e, 3),
		.about = trick_extra(e, 4),
		.route = trick_extra(e, 5),
		.is_complex = (e->drop & 1) != 0,
		.is_conduct = (e->drop & 2) != 0,
		.agrees = (e->drop & 4) != 0,
		.investigates = (e->drop & 8) != 0,
		.in = (e->drop & 16) != 0 ? CHAIN_STAFF : CHAIN_TALK };
	struct world *w = hostile->w;
	struct sent *s = &hostile->sent[hostile->n];

	if (hostile->n == HOSTILE_MESSAGES_MAX || x.kind == MESSAGE_CONCERN)
		return;
	*s = (struct sent){ .chain = message_kind_chain(x.kind) };
	s->seq = x.seq = w->count[s->chain];
	s->head.max = BUNDLE_TEXT_LEN;
	memcpy(x.case_id, w->reporter.case_id, CASE_ID_LEN);
	memcpy(x.prev, w->head[s->chain], LINK_LEN);
	x.prev[0] ^= (e->drop & 32) != 0 ? 1 : 0;
	memcpy(x.seen, w->head[s->chain == CHAIN_TALK], LINK_LEN);
	if ((message_form(x.kind)->params & PARAM_GRANTS) != 0)
		MUST(grants_digest(NULL, 0, x.grants) == ERR_OK);
	if (entry_sign(&x, w->seed[HOSTILE_HANDLER], &s->head) != ERR_OK) {
		buf_free(&s->head);
		return;
	}
	MUST(link_digest(buf_bytes(&s->head), NULL, s->link) == ERR_OK);
	s->entry = x;
	memcpy(w->head[s->chain], s->link, LINK_LEN);
	w->count[s->chain]++;
	hostile->text[hostile->n++] = NULL;
	hostile->is_fooled = hostile->is_with_handler = true;
}

/* The case as it was begun. */
static void
rewind_case(void)
{
	struct world *w = hostile->w;

	while (hostile->n > hostile->n_case)
		buf_free(&hostile->sent[--hostile->n].head);
	for (size_t i = 0; i < hostile->n; i++) {
		enum chain chain = hostile->sent[i].chain;

		w->count[chain] = hostile->sent[i].seq + 1;
		memcpy(w->head[chain], hostile->sent[i].link, LINK_LEN);
	}
}

void
hostile_reset(const struct edits *tricks, uint16_t to)
{
	rewind_case();
	hostile->tricks = tricks;
	hostile->to = to;
	hostile->exchanges = 0;
	hostile->is_fooled = hostile->is_with_handler = false;
	hostile->got = (struct hostile_sent){ 0 };
	for (size_t i = 0; i < tricks->n; i++) {
		const struct edit *e = &tricks->at[i];

		if (e->part == TRICK_HANDLER && e->put.n >= 2)
			add_handler_entry(e);
	}
}

/* --- what the reader sends --- */

/* That person can open it, and it opens what ours of that message opens. */
static void
check_envelope(const struct bundle_grant *g)
{
	const struct world *w = hostile->w;
	uint8_t theirs[AGE_FILE_KEY_LEN], ours[AGE_FILE_KEY_LEN];
	const char *text;
	const struct sent *s = hostile_find(g->chain, g->seq, &text);

	MUST(s != NULL && hostile->to <= PEOPLE);
	MUST(age_header_open(g->envelope, &w->id[hostile->to], 1, theirs) ==
	    AGE_OK);
	MUST(age_header_open(hostile_envelope(s, HOSTILE_READER),
		 &w->id[HOSTILE_READER], 1, ours) == AGE_OK);
	MUST(memcmp(theirs, ours, sizeof(ours)) == 0);
}

void
hostile_take_envelopes(const struct request_envelopes *q)
{
	struct hostile_sent *got = &hostile->got;

	MUST(hostile->to != 0 && q->person == hostile->to);
	MUST(memcmp(q->case_id, hostile->w->reporter.case_id, CASE_ID_LEN) ==
	    0);
	if (q->is_fresh)
		got->n = 0;
	got->envelopes++;
	for (size_t i = 0; i < q->n; i++) {
		struct grant *g = &got->grant[got->n++];

		MUST(got->n <= HOSTILE_MESSAGES_MAX);
		check_envelope(&q->at[i]);
		g->chain = q->at[i].chain;
		g->seq = q->at[i].seq;
		MUST(sha256(q->at[i].envelope, g->envelope) == ERR_OK);
	}
}

static bool
is_link(const uint8_t link[static LINK_LEN], enum chain chain)
{
	for (size_t i = 0; i < hostile->n; i++) {
		if (hostile->sent[i].chain == chain &&
		    memcmp(hostile->sent[i].link, link, LINK_LEN) == 0)
			return true;
	}
	return bytes_all_zero(link, LINK_LEN);
}

/* Signed by the reader, behind messages that are there. */
static void
check_entry(const struct request_post *q, struct entry *e)
{
	const struct world *w = hostile->w;
	enum chain chain;
	uint8_t pub[SIGN_PUB_LEN];

	MUST(entry_parse(q->entry, e) == ERR_OK);
	MUST(sign_public(w->seed[HOSTILE_READER], pub) == ERR_OK);
	MUST(entry_verify(q->entry, e, pub) == ERR_OK);
	chain = message_kind_chain(e->kind);
	MUST(memcmp(e->case_id, w->reporter.case_id, CASE_ID_LEN) == 0);
	MUST(is_link(e->prev, chain));
	MUST(is_link(e->seen, chain == CHAIN_TALK ? CHAIN_STAFF : CHAIN_TALK));
	MUST(e->person == hostile->to);
}

static void
check_content(const struct bundle_content *c)
{
	for (size_t i = 0; i < c->n_to; i++) {
		uint16_t person = c->to[i].person;

		MUST(person == PERSON_REPORTER || person <= PEOPLE);
		MUST(person != HOSTILE_EXCLUDED);
	}
}

static void
put_proof(const struct entry *e, const struct request_post *q, struct buf *out)
{
	const struct world *w = hostile->w;
	struct statement s = {
		.kind = e->kind, .day = today(), .policy = w->policy->serial
	};
	struct buf statement CLEAN_BUF = BUF_INIT(STATEMENT_MAX);
	struct buf checkpoint CLEAN_BUF = BUF_INIT(PROOF_MAX);
	struct proof_batch batch = { 0 };

	memcpy(s.case_id, e->case_id, CASE_ID_LEN);
	MUST(link_digest(q->entry, entry_has_content(e) ? e->content : NULL,
		 s.link) == ERR_OK);
	for (size_t i = 0; i < hostile->tricks->n; i++) {
		const struct edit *x = &hostile->tricks->at[i];

		if (trick_is_now(x, TRICK_PROOF))
			s.link[x->at % LINK_LEN] ^= x->drop;
	}
	statement_put(&s, &statement);
	MUST(proof_batch_add(&batch, buf_bytes(&statement)) == ERR_OK);
	MUST(proof_batch_sign(&batch, &w->instance, w->instance_seed,
		 &checkpoint) == ERR_OK);
	MUST(proof_put(&batch, 0, buf_bytes(&statement), buf_bytes(&checkpoint),
		 out) == ERR_OK);
}

void
hostile_take_post(const struct request_post *q, struct buf *proof,
    struct bundle_answer *a)
{
	struct buf honest CLEAN_BUF = BUF_INIT(PROOF_MAX);
	struct hostile_sent *got = &hostile->got;

	got->posts++;
	check_entry(q, &got->entry);
	check_content(&q->content);
	put_proof(&got->entry, q, proof);
	buf_put_bytes(&honest, buf_bytes(proof));
	got->is_proved = true;
	for (size_t i = 0; i < hostile->tricks->n; i++) {
		const struct edit *e = &hostile->tricks->at[i];

		if (!trick_is_now(e, TRICK_PROOF))
			continue;
		trick_change(e, proof);
		got->is_proved &= e->drop == 0;
	}
	got->is_proved &= bytes_equal(buf_bytes(proof), buf_bytes(&honest));
	a->kind = ANSWER_STORED;
	a->stored.proof = buf_bytes(proof);
}
