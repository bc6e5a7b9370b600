#include "daemon/vault_event.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/vault_state.h"

static int
compare_people(const void *a, const void *b)
{
	const uint16_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Where it stands: behind the last of its chain, having seen the other. */
static enum store_chain
place(const struct store_case *c, struct entry *e)
{
	const enum store_chain chain = message_kind_chain(e->kind) == CHAIN_TALK
	    ? STORE_TALK
	    : STORE_STAFF;
	const enum store_chain other =
	    chain == STORE_TALK ? STORE_STAFF : STORE_TALK;

	memcpy(e->case_id, c->id, CASE_ID_LEN);
	e->seq = c->chain[chain].count;
	memcpy(e->prev, c->chain[chain].head, LINK_LEN);
	memcpy(e->seen, c->chain[other].head, LINK_LEN);
	return chain;
}

static enum err
append(struct store_txn *txn, struct store_case *c, enum store_chain chain,
    const struct entry *e, struct bytes note)
{
	uint8_t link[LINK_LEN];
	const struct store_message_new message = {
		.chain = chain,
		.kind = (uint8_t)e->kind,
		.author = PERSON_INSTANCE,
		.day = (uint32_t)e->day,
		.head = note,
		.link = link,
	};
	enum err err;

	if ((err = link_digest(note, NULL, link)) != ERR_OK ||
	    (err = txn_append(txn, c->id, e->prev, &message)) != ERR_OK)
		return err;
	c->chain[chain].count++;
	memcpy(c->chain[chain].head, link, LINK_LEN);
	return ERR_OK;
}

enum err
event_append(struct store_txn *txn, struct vault *v, struct store_case *c,
    enum notice_code code, uint8_t number, const uint16_t *people, size_t n)
{
	CLEAN_BUF struct buf note = BUF_INIT(ENTRY_NOTE_MAX);
	struct entry e = { .kind = notice_code_kind(code),
		.author = PERSON_INSTANCE,
		.day = vault_day(v),
		.code = code,
		.number = number,
		.n_people = n };
	const enum store_chain chain = place(c, &e);
	enum err err;

	if (n > ENTRY_PEOPLE_MAX)
		return ERR_LIMIT;
	if (n > 0)
		memcpy(e.people, people, n * sizeof(people[0]));
	qsort(e.people, n, sizeof(e.people[0]), compare_people);
	err =
	    entry_sign_instance(&e, &v->instance_key, v->instance_seed, &note);
	if (err != ERR_OK)
		return err;
	return append(txn, c, chain, &e, buf_bytes(&note));
}
