#include "tests/daemon/vault_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
id_of(unsigned number, uint8_t out[static CASE_ID_LEN])
{
	memset(out, 0xc5, CASE_ID_LEN);
	out[0] = (uint8_t)(number >> 24);
	out[1] = (uint8_t)(number >> 16);
	out[2] = (uint8_t)(number >> 8);
	out[3] = (uint8_t)number;
}

/* --- putting them there --- */

struct add {
	struct world *w;
	unsigned from, n;
	uint16_t route;
	uint8_t band;
};

static size_t
readers_of(const struct policy *p, const struct policy_route *r, int64_t day,
    struct store_reader out[static STORE_READERS_MAX])
{
	struct member m[MEMBERS_MAX];
	size_t n = 0, told = 0;

	assert_int_equal(ERR_OK,
	    members_compute(p, r, NULL, 0, day, m, MEMBERS_MAX, &n));
	for (size_t i = 0; i < n; i++)
		out[i] = (struct store_reader){ .person = m[i].person,
			.access = (uint8_t)(READER_MEMBER |
			    (m[i].rung == 0 ? READER_RELEASED : 0)) };
	assert_int_equal(ERR_OK,
	    members_told(p, r, NULL, 0, day, m, MEMBERS_MAX, &told));
	for (size_t i = 0; i < told; i++) {
		size_t j = 0;

		while (j < n && out[j].person != m[i].person)
			j++;
		if (j == n)
			out[n++] =
			    (struct store_reader){ .person = m[i].person };
		out[j].access |= READER_TELL;
	}
	return n;
}

static enum err
add_one(struct store_txn *txn, const struct add *a, unsigned number)
{
	struct vault *v = a->w->vault;
	const struct policy *p = v->now.policy;
	uint8_t id[CASE_ID_LEN], mailbox[SHA256_LEN], link[LINK_LEN];
	struct store_reader reader[STORE_READERS_MAX];
	struct store_envelope envelope[STORE_READERS_MAX];
	struct store_case c = { .route = a->route };
	struct store_case_new new = { .id = id,
		.mailbox = mailbox,
		.pub = link,
		.kind = STORE_SEALED,
		.route = a->route,
		.reader = reader,
		.filed_day = vault_day(v),
		.policy_serial = p->serial };
	struct life l;

	id_of(number, id);
	assert_int_equal(ERR_OK, sha256(BYTES(id, sizeof(id)), mailbox));
	assert_int_equal(ERR_OK, sha256(BYTES(mailbox, 32), link));
	life_begin(&l, a->band, p->serial, env_now(v->env));
	life_to_marks(v, &c, &l, &new.marks);
	new.n_readers =
	    readers_of(p, policy_route(p, a->route), new.filed_day, reader);
	new.first = (struct store_message_new){ .chain = STORE_TALK,
		.day = new.filed_day,
		.head = BYTES_LIT("a concern\n"),
		.link = link,
		.envelope = envelope };
	for (size_t i = 0; i < new.n_readers; i++)
		if ((reader[i].access & READER_MEMBER) != 0)
			envelope[new.first.n_envelopes++] =
			    (struct store_envelope){ reader[i].person,
				    BYTES_LIT("an envelope") };
	return txn_case_add(txn, &new);
}

static enum err
add_all(struct store_txn *txn, void *ctx)
{
	const struct add *a = ctx;
	enum err e = ERR_OK;

	for (unsigned i = 0; e == ERR_OK && i < a->n; i++)
		e = add_one(txn, a, a->from + i);
	return e;
}

void
cases_add(struct world *w, unsigned from, unsigned n, uint16_t route,
    uint8_t band)
{
	struct add a = { w, from, 0, route, band };

	for (; n > 0; n -= a.n, a.from += a.n) {
		a.n = n < 500 ? n : 500;
		assert_int_equal(ERR_OK, vault_run(w->vault, add_all, &a));
	}
}

/* --- looking at them --- */

void
case_get(struct world *w, unsigned number, struct store_case *ret)
{
	uint8_t id[CASE_ID_LEN];

	id_of(number, id);
	assert_int_equal(ERR_OK, store_case_find(w->vault->store, id, ret));
}

struct life
life_of(struct world *w, unsigned number)
{
	struct store_case c;
	struct life l;

	case_get(w, number, &c);
	assert_int_equal(ERR_OK, life_get(c.marks.life, &l));
	return l;
}

uint8_t
case_access(struct world *w, unsigned number, uint16_t person)
{
	const struct store_reader *r;
	struct store_case c;

	case_get(w, number, &c);
	r = store_case_reader(&c, person);
	return r == NULL ? 0 : r->access;
}

struct set {
	struct world *w;
	struct store_case c;
	const struct life *l;
};

static enum err
set_life(struct store_txn *txn, void *ctx)
{
	struct set *s = ctx;

	return clock_settle(txn, s->w->vault, &s->c, s->l);
}

void
case_set_life(struct world *w, unsigned number, const struct life *l)
{
	struct set s = { .w = w, .l = l };

	case_get(w, number, &s.c);
	assert_int_equal(ERR_OK, vault_run(w->vault, set_life, &s));
}

/* --- time --- */

unsigned
clock_settle_down(struct world *w)
{
	unsigned n = 0;

	while (vault_tick(w->vault)) {
		n++;
		assert_true(n < 100000);
	}
	return n;
}

void
clock_live(struct world *w, int64_t until)
{
	int64_t due;

	for (;;) {
		clock_settle_down(w);
		due = store_next_due(w->vault->store);
		if (due == 0 || due > until)
			break;
		assert_true(due > w->now);
		w->now = due;
	}
	w->now = until;
	clock_settle_down(w);
}

int64_t
at_utc(const char *text)
{
	unsigned hour, minute;
	int64_t day;

	assert_int_equal(ERR_OK,
	    day_parse(BYTES((const uint8_t *)text, 10), &day));
	assert_int_equal(2, sscanf(text + 10, " %u:%u", &hour, &minute));
	return day * DAY_SECONDS + hour * 3600 + minute * 60;
}

void
signs_in(struct world *w, uint16_t person)
{
	living_seen(w->vault, person);
	ledger_flush(w->vault);
}

/* --- what was said --- */

static void
put_entry(struct buf *out, const struct entry *e)
{
	if (out->n > 0 && out->p[out->n - 1] != ' ')
		buf_put_str(out, ", ");
	buf_printf(out, "%s %u", notice_code_name(e->code), e->number);
	for (size_t i = 0; i < e->n_people; i++)
		buf_printf(out, " %u", e->people[i]);
}

/* The signature, its place in its chain, and the stored link. */
static void
verify(struct world *w, struct bytes note, const struct entry *e, uint32_t seq,
    const uint8_t link[static LINK_LEN])
{
	uint8_t digest[LINK_LEN];

	assert_int_equal(ERR_OK,
	    entry_verify_instance(note, w->root.instance_keys,
		w->root.n_instance_keys));
	assert_int_equal(seq, e->seq);
	assert_int_equal(ERR_OK, link_digest(note, NULL, digest));
	assert_memory_equal(digest, link, LINK_LEN);
}

static void
put_chain(struct world *w, struct store_view *v, enum store_chain chain,
    struct buf *out)
{
	const struct store_case *c = view_case(v);
	uint8_t before[LINK_LEN] = { 0 };

	for (uint32_t i = 0; i < c->chain[chain].count; i++) {
		CLEAN_BUF struct buf head = BUF_INIT(STORE_HEAD_MAX);
		struct store_message m;
		struct entry e;

		assert_int_equal(ERR_OK, view_message(v, chain, i, &m));
		if (m.author == PERSON_INSTANCE) {
			assert_int_equal(ERR_OK, view_head(v, chain, i, &head));
			assert_int_equal(ERR_OK,
			    entry_parse(buf_bytes(&head), &e));
			assert_memory_equal(before, e.prev, LINK_LEN);
			verify(w, buf_bytes(&head), &e, i, m.link);
			put_entry(out, &e);
		}
		memcpy(before, m.link, LINK_LEN);
	}
}

void
assert_story(struct world *w, unsigned number, const char *expected)
{
	CLEAN_BUF struct buf out = BUF_INIT(1 << 16);
	struct store_view *view = NULL;
	uint8_t id[CASE_ID_LEN];

	id_of(number, id);
	assert_int_equal(ERR_OK, store_view_open(w->vault->store, id, &view));
	put_chain(w, view, STORE_STAFF, &out);
	buf_put_str(&out, " | ");
	put_chain(w, view, STORE_TALK, &out);
	buf_put_u8(&out, 0);
	store_view_close(view);
	assert_int_equal(ERR_OK, out.err);
	assert_string_equal(expected, (const char *)out.p);
}
