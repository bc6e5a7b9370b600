#include "daemon/front.h"

#include "daemon/front_conn_inside.h"
#include "daemon/log.h"

/* An id is the place's number and its turn, so that an answer that comes after
 * its connection went finds nobody. */
static uint64_t
ticket_id(const struct front *f, uint32_t place)
{
	return (uint64_t)f->tickets[place].turn << 32 | place;
}

static struct ticket *
ticket_find(struct front *f, uint64_t id)
{
	uint32_t place = (uint32_t)id;
	struct ticket *t;

	if (place >= WIRE_CREDITS)
		return NULL;
	t = &f->tickets[place];
	return t->is_used && t->turn == id >> 32 ? t : NULL;
}

void
tickets_init(struct front *f)
{
	for (uint32_t i = 0; i < WIRE_CREDITS; i++)
		f->tickets[i].next_free = i + 1;
	f->free_ticket = 0;
}

static void
ticket_free(struct front *f, struct ticket *t)
{
	budget_release(t->budget, &t->charged, 0);
	t->is_used = false;
	t->turn++;
	t->conn = NULL;
	t->next_free = f->free_ticket;
	f->free_ticket = (uint32_t)(t - f->tickets);
	front_resume_soon(f);
}

enum err
front_ask(struct front *f, struct conn *c, struct budget *b, size_t *charged,
    struct bytes body, uint64_t *ret_id)
{
	uint32_t place = f->free_ticket;
	struct ticket *t;
	enum err e;

	if (f->vault == NULL)
		return ERR_NOT_FOUND;
	if (place == WIRE_CREDITS)
		return ERR_LIMIT;
	e = channel_send(f->vault, c->wire, c->is_pressed ? WIRE_PRESSED : 0,
	    ticket_id(f, place), body);
	if (e != ERR_OK)
		return e;
	t = &f->tickets[place];
	f->free_ticket = t->next_free;
	t->is_used = true;
	t->conn = c;
	t->budget = b;
	t->charged = *charged;
	*charged = 0;
	*ret_id = ticket_id(f, place);
	return ERR_OK;
}

void
front_forget(struct front *f, uint64_t id)
{
	struct ticket *t = ticket_find(f, id);

	if (t != NULL)
		t->conn = NULL;
}

/* The charge goes back to the connection, for as long as it sends. */
static void
ticket_answer(struct front *f, struct ticket *t, enum answer a,
    struct bytes body)
{
	struct conn *c = t->conn;
	size_t charged = t->charged;

	if (c != NULL)
		t->charged = 0;
	ticket_free(f, t);
	if (c != NULL)
		conn_answered(c, a, body, charged);
}

static bool
on_vault_frame(void *ctx, const struct wire_frame *frame)
{
	struct front *f = ctx;
	struct ticket *t = ticket_find(f, frame->head.id);

	if (t == NULL || frame->head.status >= ANSWERS)
		return false;
	ticket_answer(f, t, frame->head.status, frame->body);
	return true;
}

/* Whether what was under way is stored is not known; to send it again does no
 * harm. The vault may go on without us: then the front that is started in our
 * place has a socket of its own to it. */
static void
on_vault_ended(void *ctx, enum wire_state why)
{
	struct front *f = ctx;

	log_now(why == WIRE_BROKEN ? EV_PEER_BROKE_RULES : EV_PEER_LOST,
	    (int64_t)why);
	f->vault = channel_free(f->vault);
	if (!f->is_draining)
		front_drain(f); /* first: answers say that they are the last */
	for (uint32_t i = 0; i < WIRE_CREDITS; i++) {
		if (f->tickets[i].is_used)
			ticket_answer(f, &f->tickets[i], ANSWER_DOWN,
			    BYTES(NULL, 0));
	}
	front_resume_soon(f);
}

/* There may be room in the buffer again. */
static void
on_vault_sent(void *ctx)
{
	front_resume_soon(ctx);
}

static const struct channel_calls vault_calls = {
	.frame = on_vault_frame,
	.ended = on_vault_ended,
	.sent = on_vault_sent,
};

enum err
front_open_vault(struct front *f, int fd)
{
	return channel_open(f->base, fd, PEER_FRONT, PEER_VAULT, &vault_calls,
	    f, &f->vault);
}
