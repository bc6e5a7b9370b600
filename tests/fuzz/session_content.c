#include "tests/fuzz/session.h"

#include <assert.h>
#include <string.h>

#include "crypto/codec.h"

/* Content, and what begins with it: concerns. */

/* --- content --- */

void
content_free(struct content *x)
{
	for (size_t i = 0; i < x->n_to; i++)
		buf_free(&x->envelope[i]);
}

static void
seal_for(struct content *x, uint16_t person)
{
	struct buf *b = &x->envelope[x->n_to];

	*b = (struct buf)BUF_INIT(QUICK_ENVELOPE_MAX);
	quick_envelope(person, x->number, b);
	x->bundle.to[x->n_to] = (struct bundle_to){ person, buf_bytes(b) };
	x->to[x->n_to++] = person;
	if (person > 13)
		x->refusals |= MAY(ANSWER_DENIED);
}

/* What an upload that is named may be refused for. */
static void
take_upload(struct run *r, struct content *x, size_t which)
{
	const struct upload_of *u = &r->upload[which];
	unsigned all = u->is_large ? 3 : 1;

	x->upload = which;
	x->is_upload = x->bundle.is_upload = true;
	memset(x->bundle.upload_id, (int)(7 + which), BUNDLE_UPLOAD_ID_LEN);
	x->is_large = u->is_there ? u->is_large : false;
	x->bundle.upload_len = x->is_large ? r->q->large : QUICK_PAYLOAD;
	if (!u->is_there)
		x->refusals |= MAY(ANSWER_UNKNOWN);
	else if (u->have != all)
		x->refusals |= MAY(ANSWER_DENIED) | MAY(ANSWER_BAD_BUNDLE) |
		    MAY(ANSWER_UNKNOWN);
}

static void
take_digest(struct run *r, struct content *x, uint32_t payload_number)
{
	uint8_t hash[SEALED_TO_MAX][SHA256_LEN], payload[SHA256_LEN];
	struct bytes all = quick_payload(r->q, payload_number, x->is_large);

	x->bundle.payload = all;
	x->bundle.n_to = x->n_to;
	assert(payload_digest_of(all, payload) == ERR_OK);
	for (size_t i = 0; i < x->n_to; i++)
		assert(sha256(buf_bytes(&x->envelope[i]), hash[i]) == ERR_OK);
	assert(content_digest(payload, (const uint8_t(*)[SHA256_LEN])hash,
		   x->n_to, x->digest) == ERR_OK);
}

/* To those of the mask; who are turned over by bytes. Bit 0: the reporter. */
void
content_make(struct run *r, struct reader *in, unsigned mask, struct content *x)
{
	uint8_t how = take_byte(in);

	if (how >= 200)
		mask ^= 1u << take_byte(in) % MODEL_PEOPLE;
	x->number = r->number++;
	if (how % 8 == 7)
		take_upload(r, x, how / 8 % UPLOADS);
	for (uint16_t i = 1; i < MODEL_PEOPLE; i++)
		if (mask >> i & 1)
			seal_for(x, i);
	if (mask & 1)
		seal_for(x, PERSON_REPORTER);
	take_digest(r, x,
	    x->is_upload && r->upload[x->upload].is_there
		? r->upload[x->upload].number
		: x->number);
}

void
content_is_taken(struct run *r, const struct content *x)
{
	if (x->is_upload)
		r->upload[x->upload].is_there = false;
}

/* Content that came as an upload has the upload's bytes. */
uint32_t
content_number(const struct run *r, const struct content *x)
{
	return x->is_upload ? r->upload[x->upload].number : x->number;
}

/* --- what was said to be stored --- */

void
check_proof(struct run *r, enum message_kind kind, const uint8_t *id,
    const uint8_t *link)
{
	struct bytes text;
	struct statement s;

	assert(r->w->answer.kind == ANSWER_STORED);
	assert(proof_verify(r->w->answer.stored.proof, r->w->root.instance_keys,
		   r->w->root.n_instance_keys, &text) == ERR_OK);
	assert(statement_parse(text, &s) == ERR_OK);
	assert(s.kind == kind && memcmp(s.link, link, LINK_LEN) == 0);
	assert(memcmp(s.case_id, id, CASE_ID_LEN) == 0);
}

static bool
is_upload(const struct bundle_request *q)
{
	if (q->kind == REQUEST_CONCERN)
		return q->concern.content.is_upload;
	if (q->kind == REQUEST_FOLLOWUP)
		return q->followup.content.is_upload;
	return q->kind == REQUEST_POST && q->post.content.is_upload;
}

void
run_remember(struct run *r, const struct bundle_request *q, size_t which,
    uint16_t author, const uint8_t *link)
{
	struct sent_before *s = &r->sent[r->n_sent++ % LAST_SENT];

	buf_free(&s->body);
	s->body = (struct buf)BUF_INIT(BUNDLE_PIECE_LEN);
	assert(bundle_request_put(q, &s->body) == ERR_OK);
	s->which = which;
	s->author = author;
	s->is_concern = q->kind == REQUEST_CONCERN;
	s->names_upload = is_upload(q);
	memcpy(s->link, link, LINK_LEN);
}

/* The answer is one of the refusals that may be, or OK where none may. */
bool
run_was_taken(const struct run *r, unsigned refusals)
{
	if (r->w->status == ANSWER_OK) {
		assert(refusals == 0);
		return true;
	}
	assert(refusals & MAY(r->w->status));
	return false;
}

/* --- concerns --- */

/* By the route, first people and those who may join, who have keys. */
static unsigned
people_of(uint16_t route)
{
	static const unsigned mask[] = { 0, 0x2e, 0x6e, 0x06 };

	return route < 4 ? mask[route] : 0x2e;
}

static void
put_tell(struct reader *in, struct request_concern *c, struct model_concern *m,
    unsigned *refusals)
{
	uint8_t how = take_byte(in);

	for (uint16_t i = 1; i < 9; i++) {
		bool tells = model_route_is_there(c->route) &&
		    model_is_told(c->route, i);

		if (how >= 128 && (how >> i % 7 & 1))
			tells = !tells;
		if (!tells)
			continue;
		c->tell[c->n_tell++] = i;
		m->tell[m->n_tell++] = i;
		if (model_route_is_there(c->route) &&
		    !model_is_told(c->route, i))
			*refusals |= MAY(ANSWER_BAD_BUNDLE);
	}
}

static unsigned
put_policy(struct run *r, struct reader *in, struct request_concern *c,
    struct model_concern *m)
{
	uint32_t serial = take_byte(in) % 8;

	if (serial < 1 || serial > QUICK_POLICIES)
		serial = r->serial;
	memcpy(c->policy, r->q->hash[serial], SHA256_LEN);
	m->serial = serial;
	if (serial == r->serial ||
	    (serial == r->before && r->w->now < r->before_until))
		return 0;
	return MAY(ANSWER_BAD_POLICY);
}

static unsigned
concern_refusals(const struct run *r, const struct content *x, size_t which,
    uint16_t route)
{
	unsigned no = x->refusals;

	if (x->n_to < 2 || x->to[x->n_to - 1] != PERSON_REPORTER)
		no |= MAY(ANSWER_BAD_BUNDLE);
	if (!model_route_is_there(route))
		no |= MAY(ANSWER_BAD_BUNDLE);
	if (r->c[which].is_there)
		no |= MAY(ANSWER_EXISTS);
	return no;
}

static void
link_concern(const struct bundle_request *q, const struct content *x,
    uint8_t link[static LINK_LEN])
{
	CLEAN_BUF struct buf body = BUF_INIT(BUNDLE_PIECE_LEN);

	assert(bundle_request_put(q, &body) == ERR_OK);
	assert(
	    link_digest(BYTES(body.p, bundle_preamble_length(buf_bytes(&body))),
		x->digest, link) == ERR_OK);
}

void
do_concern(struct run *r, struct reader *in)
{
	size_t which = take_byte(in) % SEALED_CASES;
	const struct receipt_keys *keys = &r->q->reporter[which].keys;
	struct bundle_request q = { .kind = REQUEST_CONCERN };
	struct request_concern *c = &q.concern;
	struct model_concern m = { .today = run_today(r) };
	struct content x = { 0 };
	unsigned no;

	c->route = m.route = 1 + take_byte(in) % 8 % 4;
	c->band = m.band = 1 + take_byte(in) % 4;
	memcpy(c->case_key, keys->sign_pub, SIGN_PUB_LEN);
	memcpy(c->mailbox, keys->mailbox, SHA256_LEN);
	content_make(r, in, people_of(c->route) | 1, &x);
	no =
	    put_policy(r, in, c, &m) | concern_refusals(r, &x, which, c->route);
	put_tell(in, c, &m, &no);
	if (x.n_to > 0) {
		c->content = x.bundle;
		link_concern(&q, &x, m.link);
		(void)run_ask(r, &q);
		if (run_was_taken(r, no)) {
			memcpy(m.id, keys->case_id, CASE_ID_LEN);
			memcpy(m.content, x.digest, SHA256_LEN);
			memcpy(m.to, x.to, sizeof(m.to));
			m.n_to = x.n_to;
			m.number = x.number;
			m.is_large = x.is_large;
			model_file(&r->c[which], &m);
			r->c[which].message[0][0].number =
			    content_number(r, &x);
			check_proof(r, MESSAGE_CONCERN, m.id, m.link);
			run_remember(r, &q, which, PERSON_REPORTER, m.link);
			content_is_taken(r, &x);
		}
	}
	content_free(&x);
}

/* The head that the server writes for it, and what follows from that. */
static void
link_plain(const struct run *r, struct bytes file, struct model_concern *m)
{
	CLEAN_BUF struct buf head = BUF_INIT(256);
	char policy[2 * SHA256_LEN + 1];
	uint8_t payload[SHA256_LEN], envelope[1][SHA256_LEN];

	hex_encode(policy, r->q->hash[r->serial], SHA256_LEN);
	buf_printf(&head, "speakup: v1 plain\nroute: 3\nband: P3\npolicy: %s\n",
	    policy);
	assert(payload_digest_of(BYTES(file.p + file.n - 400, 400), payload) ==
	    ERR_OK);
	assert(sha256(BYTES(file.p, file.n - 400), envelope[0]) == ERR_OK);
	assert(content_digest(payload, (const uint8_t(*)[SHA256_LEN])envelope,
		   1, m->content) == ERR_OK);
	assert(link_digest(buf_bytes(&head), m->content, m->link) == ERR_OK);
}

/* By somebody without our software. */
void
do_plain(struct run *r, struct reader *in)
{
	size_t which = SEALED_CASES + take_byte(in) % 2;
	struct model_case *c = &r->c[which];
	struct model_concern m = { .is_plain = true,
		.route = 3,
		.band = 3,
		.n_to = 2,
		.to = { 1, 2 },
		.n_tell = 2,
		.tell = { 3, 5 },
		.today = run_today(r),
		.number = (uint32_t)(1000000 + which),
		.serial = r->serial };
	CLEAN_BUF struct buf file = BUF_INIT(BUNDLE_TEXT_LEN);
	struct bytes named[2] = { BYTES_LIT("speakup plain case v1") };
	uint8_t hash[SHA256_LEN];

	quick_plain(r->q, m.number, &file);
	named[1] = buf_bytes(&file);
	assert(sha256_parts(named, 2, hash) == ERR_OK);
	memcpy(m.id, hash, CASE_ID_LEN);
	assert(sha256(named[1], r->token[which]) == ERR_OK);
	assert(world_ask(r->w, WIRE_PLAIN, named[1]) == ANSWER_OK);
	if (c->is_there)
		return;
	link_plain(r, named[1], &m);
	model_file(c, &m);
}
