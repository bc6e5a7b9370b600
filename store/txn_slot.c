#include <stdlib.h>
#include <string.h>

#include "store/inside.h"

/*
 * The slots and indexes a batch works on: each is loaded and opened once,
 * changed in memory, sealed and written once at the commit.
 */

void
case_at_wipe(struct case_at *at)
{
	bytes_wipe(at, sizeof(*at));
}

/* --- pages --- */

static enum err
page_load(struct store_txn *txn, uint32_t number, struct txn_page *p)
{
	p->number = number;
	p->existed = number < txn->s->memory.pages;
	if (!p->existed)
		return ERR_OK; /* a new one: zeros */
	return load_page(txn->s, txn->txn, number, p->before);
}

enum err
txn_page_get(struct store_txn *txn, uint32_t number, struct txn_page **ret)
{
	struct txn_page *p;
	enum err e;

	for (p = txn->pages; p != NULL; p = p->next)
		if (p->number == number) {
			*ret = p;
			return ERR_OK;
		}
	p = calloc(1, sizeof(*p));
	e = p == NULL ? ERR_NOMEM : page_load(txn, number, p);
	if (e != ERR_OK) {
		free(p);
		return e;
	}
	memcpy(p->now, p->before, sizeof(p->now));
	*txn->pages_end = p;
	txn->pages_end = &p->next;
	*ret = p;
	return ERR_OK;
}

/* --- finding --- */

typedef bool slot_has(const uint8_t page[static SLOT_PAGE_PLAIN], unsigned i,
    const uint8_t *id);

static enum err
try_number(struct store_txn *txn, uint32_t number, slot_has *has,
    const uint8_t *id, struct case_at *ret)
{
	struct case_at at = { .number = number };
	enum err e = txn_page_get(txn, number / SLOTS_PER_PAGE, &at.page);

	if (e != ERR_OK)
		return e;
	if (!has(at.page->now, number % SLOTS_PER_PAGE, id))
		return ERR_NOT_FOUND;
	e = slot_get(at.page->now, number % SLOTS_PER_PAGE, &at.slot);
	if (e == ERR_OK)
		*ret = at;
	case_at_wipe(&at);
	return e;
}

enum err
txn_find(struct store_txn *txn, const uint8_t *id, struct case_at *ret)
{
	const struct map *m = &txn->s->memory.ids;
	uint64_t tag = map_tag(m, BYTES(id, STORE_CASE_ID_LEN));
	enum err e = ERR_NOT_FOUND;
	uint32_t number;
	size_t at = 0;

	while (e == ERR_NOT_FOUND && map_next(m, tag, &at, &number))
		e = try_number(txn, number, slot_has_id, id, ret);
	for (struct txn_index *x = txn->indexes; x != NULL; x = x->next)
		if (e == ERR_NOT_FOUND && x->created && x->id_tag == tag)
			e = try_number(txn, x->number, slot_has_id, id, ret);
	return e;
}

enum err
txn_find_mailbox(struct store_txn *txn, const uint8_t *mailbox,
    struct case_at *ret)
{
	const struct map *m = &txn->s->memory.mailboxes;
	uint64_t tag = map_tag(m, BYTES(mailbox, SHA256_LEN));
	enum err e = ERR_NOT_FOUND;
	uint32_t number;
	size_t at = 0;

	while (e == ERR_NOT_FOUND && map_next(m, tag, &at, &number))
		e = try_number(txn, number, slot_has_mailbox, mailbox, ret);
	for (struct txn_index *x = txn->indexes; x != NULL; x = x->next)
		if (e == ERR_NOT_FOUND && x->created && x->mailbox_tag == tag)
			e = try_number(txn, x->number, slot_has_mailbox,
			    mailbox, ret);
	return e;
}

/* --- slots --- */

enum err
txn_slot_new(struct store_txn *txn, struct case_at *ret)
{
	struct case_at at = { 0 };
	uint64_t number;
	enum err e;

	if (keyset_page(&txn->s->memory.free_slots, txn->slot_from, &number,
		1) == 1)
		at.number = (uint32_t)number;
	else
		at.number = txn->slot_fresh;
	if (at.number == UINT32_MAX)
		return ERR_LIMIT;
	e = txn_page_get(txn, at.number / SLOTS_PER_PAGE, &at.page);
	if (e != ERR_OK)
		return e;
	at.slot.used = true;
	*ret = at;
	return ERR_OK;
}

void
txn_slot_write(struct store_txn *txn, const struct case_at *at)
{
	unsigned i = at->number % SLOTS_PER_PAGE;

	if (at->slot.used)
		slot_put(at->page->now, i, &at->slot);
	else
		slot_clear(at->page->now, i);
	at->page->dirty = true;
	txn->wrote = true;
	if (at->number == txn->slot_fresh)
		txn->slot_fresh++;
	else if (at->number >= txn->slot_from &&
	    keyset_has(&txn->s->memory.free_slots, at->number))
		txn->slot_from = at->number + 1;
}

/* --- indexes --- */

static struct txn_index *
index_new(struct store_txn *txn, uint32_t number)
{
	struct txn_index *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	x->number = number;
	*txn->indexes_end = x;
	txn->indexes_end = &x->next;
	return x;
}

enum err
txn_index_get(struct store_txn *txn, const struct case_at *at,
    struct txn_index **ret)
{
	struct index loaded = { 0 };
	struct txn_index *x;
	enum err e;

	for (x = txn->indexes; x != NULL; x = x->next)
		if (x->number == at->number && !x->gone) {
			*ret = x;
			return ERR_OK;
		}
	e = load_index(txn->s, txn->txn, at->number, &at->slot, &loaded);
	if (e != ERR_OK)
		return e;
	x = index_new(txn, at->number);
	if (x == NULL) {
		index_clear(&loaded);
		return ERR_NOMEM;
	}
	x->x = loaded;
	*ret = x;
	return ERR_OK;
}

enum err
txn_index_new(struct store_txn *txn, const struct case_at *at,
    struct txn_index **ret)
{
	const struct store_case *c = &at->slot.c;
	const struct memory *m = &txn->s->memory;
	struct txn_index *x = index_new(txn, at->number);

	if (x == NULL)
		return ERR_NOMEM;
	x->created = true;
	x->id_tag = map_tag(&m->ids, BYTES(c->id, sizeof(c->id)));
	x->mailbox_tag =
	    map_tag(&m->mailboxes, BYTES(c->mailbox, sizeof(c->mailbox)));
	*ret = x;
	return ERR_OK;
}

void
txn_index_write(struct store_txn *txn, struct case_at *at, struct txn_index *x)
{
	x->dirty = true;
	at->slot.version++;
	txn_slot_write(txn, at);
}

void
txn_forget(struct store_txn *txn)
{
	while (txn->pages != NULL) {
		struct txn_page *p = txn->pages;

		txn->pages = p->next;
		bytes_wipe(p, sizeof(*p));
		free(p);
	}
	while (txn->indexes != NULL) {
		struct txn_index *x = txn->indexes;

		txn->indexes = x->next;
		index_clear(&x->x);
		free(x);
	}
	txn_uploads_forget(txn);
}
