#include "daemon/vault.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/vault_state.h"

/* Room for everything that one answer borrows: what an answer takes, and one
 * message more; or a piece. */
#define READ_MAX (PIECE_LEN + 4 * BUNDLE_TEXT_LEN)

/* --- making and freeing --- */

static enum err
open_store(struct vault *v, const struct vault_config *config,
    const struct vault_secret *secret)
{
	const struct store_config c = {
		.dir = config->state,
		.key = secret->store_key,
		.env = v->env,
		.size_max = config->space,
		.attachments_max = config->space / 100 * config->attachments,
	};

	return store_open(&c, &v->store);
}

/* All of it at once, so that it does not move while it is borrowed from. */
static enum err
reserve(struct buf *b, size_t max)
{
	b->max = max;
	if (buf_grow(b, max) == NULL)
		return b->err;
	b->n = 0;
	return ERR_OK;
}

enum err
vault_new(const struct env *env, const struct vault_config *config,
    const struct vault_secret *secret, struct vault **ret)
{
	struct vault *v = calloc(1, sizeof(*v));
	enum err e;

	if (v == NULL)
		return ERR_NOMEM;
	v->env = env;
	v->out.max = BUNDLE_PIECE_LEN;
	memcpy(v->instance_seed, secret->instance_seed, INSTANCE_SEED_LEN);
	work_init(&v->work, env, config->work_key, config->quiet);
	if ((e = reserve(&v->read, READ_MAX)) != ERR_OK ||
	    (e = sessions_init(&v->sessions, env)) != ERR_OK ||
	    (e = watches_init(&v->watches, env)) != ERR_OK ||
	    (e = open_store(v, config, secret)) != ERR_OK ||
	    (e = ledger_open(v)) != ERR_OK) {
		vault_free(v);
		return e;
	}
	work_measure(v);
	*ret = v;
	return ERR_OK;
}

struct vault *
vault_free(struct vault *v)
{
	if (v == NULL)
		return NULL;
	store_close(v->store);
	rules_free(&v->now);
	rules_free(&v->before);
	sessions_wipe(&v->sessions);
	work_free(&v->work);
	buf_free(&v->read);
	buf_free(&v->out);
	bytes_wipe(v, sizeof(*v));
	free(v);
	return NULL;
}

/* --- what the parts share --- */

enum answer
answer_of(enum err e)
{
	switch (e) {
	case ERR_OK:
		return ANSWER_OK;
	case ERR_NOT_FOUND:
		return ANSWER_UNKNOWN;
	case ERR_EXISTS:
		return ANSWER_EXISTS;
	case ERR_CONFLICT:
		return ANSWER_CONFLICT;
	case ERR_DENIED:
		return ANSWER_DENIED;
	case ERR_LIMIT:
		return ANSWER_TOO_LARGE;
	case ERR_SYNTAX:
		return ANSWER_BAD_BUNDLE;
	case ERR_BAD_SIG:
		return ANSWER_BAD_SIGNATURE;
	case ERR_EXPIRED:
		return ANSWER_BAD_POLICY;
	case ERR_FULL:
		return ANSWER_FULL;
	case ERR_NOMEM:
	case ERR_CRYPTO:
	case ERR_UNSUPPORTED:
	case ERR_IO:
	case ERR_CORRUPT:
	case ERR_VERSION:
		return ANSWER_DOWN;
	}
	return ANSWER_DOWN;
}

uint32_t
vault_day(const struct vault *v)
{
	return (uint32_t)(env_now(v->env) / DAY_SECONDS);
}

/* A person with a key today; NULL for everybody else. */
static const struct policy_key *
staff_key(const struct vault *v, uint16_t number)
{
	const struct policy_person *person =
	    policy_person(v->now.policy, number);

	if (person == NULL || !policy_person_is_current(person, vault_day(v)))
		return NULL;
	return policy_key_at(person, vault_day(v));
}

enum answer
vault_staff(struct vault *v, const uint8_t token[static BUNDLE_SESSION_LEN],
    uint16_t *ret)
{
	const struct policy_key *now;
	uint8_t key[SIGN_PUB_LEN];
	uint16_t person;
	enum err e = session_person(&v->sessions, token, &person, key);

	if (e == ERR_NOT_FOUND)
		return ANSWER_NO_SESSION;
	if (e != ERR_OK)
		return answer_of(e);
	/* A key that was replaced, because it was lost perhaps, opens nothing
	 * any more, and neither does what was begun with it. Who has left, and
	 * comes back, begins anew. */
	now = staff_key(v, person);
	if (now == NULL || !bytes_equal_ct(now->sign_pub, key, sizeof(key))) {
		(void)!session_end(&v->sessions, token);
		return ANSWER_NO_SESSION;
	}
	*ret = person;
	return ANSWER_OK;
}

void
vault_reply(struct vault *v, uint64_t id, vault_answer *answer, void *ctx)
{
	buf_reset(&v->out);
	if (bundle_answer_put(&v->reply, &v->out) == ERR_OK)
		answer(ctx, id, ANSWER_OK, buf_bytes(&v->out));
	else
		answer(ctx, id, ANSWER_DOWN, BYTES(NULL, 0));
}

/* --- signing in and out --- */

static enum answer
handle_challenge(struct vault *v, const struct request_challenge *q)
{
	v->reply.kind = ANSWER_CHALLENGE;
	return answer_of(challenge_new(&v->sessions, q->person,
	    v->reply.challenge.challenge));
}

/* The signature first: only who can sign can use up a challenge. */
static enum answer
handle_login(struct vault *v, const struct request_login *q)
{
	const struct policy_key *key;
	struct login login;
	enum err e;

	if (login_parse(q->note, &login) != ERR_OK)
		return ANSWER_BAD_BUNDLE;
	key = staff_key(v, login.person);
	e = key == NULL ? ERR_BAD_SIG
			: login_verify(q->note, login.person, key->sign_pub);
	if (err_is_ours(e))
		return answer_of(e);
	if (e != ERR_OK)
		return ANSWER_BAD_SIGNATURE;
	if (!bytes_equal_ct(login.root, v->first_root, SHA256_LEN))
		return ANSWER_DENIED;
	v->reply.kind = ANSWER_SESSION;
	e = session_begin(&v->sessions, login.person, key->sign_pub,
	    login.challenge, v->reply.session.session);
	if (e == ERR_OK)
		living_seen(v, login.person);
	return e == ERR_LIMIT ? ANSWER_BUSY : answer_of(e);
}

static enum answer
handle_logout(struct vault *v, const struct request_logout *q)
{
	enum err e = session_end(&v->sessions, q->session);

	v->reply.kind = ANSWER_ENDED;
	return e == ERR_NOT_FOUND ? ANSWER_NO_SESSION : answer_of(e);
}

/* --- requests --- */

static enum answer
handle_queue(struct vault *v, const struct request_queue *q)
{
	uint16_t person;
	enum answer a = vault_staff(v, q->session, &person);

	return a != ANSWER_OK ? a : read_queue(v, q, person);
}

static enum answer
handle_case(struct vault *v, const struct request_case *q)
{
	uint16_t person;
	enum answer a = vault_staff(v, q->session, &person);

	return a != ANSWER_OK ? a : read_case(v, q, person);
}

static enum answer
handle_post(struct vault *v, const struct request_post *q, struct op *op)
{
	uint16_t person;
	enum answer a = vault_staff(v, q->session, &person);

	if (a != ANSWER_OK)
		return a;
	return file_message(v, q->entry, &q->content, person, op);
}

static enum answer
handle_investigators(struct vault *v, const struct request_investigators *q)
{
	uint16_t person;
	enum answer a = vault_staff(v, q->session, &person);

	return a != ANSWER_OK ? a : read_investigators(v, q, person);
}

/* A stranger to the case hears that there is no such thing. */
static enum answer
handle_envelopes(struct vault *v, const struct bundle_request *q, struct op *op)
{
	const struct request_envelopes *x = &q->envelopes;
	struct store_case c;
	uint16_t person;
	enum answer a = vault_staff(v, x->session, &person);

	if (a != ANSWER_OK ||
	    (a = answer_of(store_case_find(v->store, x->case_id, &c))) !=
		ANSWER_OK)
		return a;
	if (!case_is_read_by(&c, person))
		return ANSWER_UNKNOWN;
	return file_envelopes(v, q, person, op);
}

/* True: op is filled, or *ret says what is wrong with it. */
static bool
handle_write(struct vault *v, const struct bundle_request *q, struct op *op,
    enum answer *ret)
{
	switch (q->kind) {
	case REQUEST_CONCERN:
		*ret = file_concern(v, q, op);
		return true;
	case REQUEST_FOLLOWUP:
		*ret = file_message(v, q->followup.entry, &q->followup.content,
		    PERSON_REPORTER, op);
		if (*ret == ANSWER_OK && op->message_kind == MESSAGE_WITHDRAW)
			*ret = ANSWER_BAD_BUNDLE;
		return true;
	case REQUEST_WITHDRAW:
		*ret = file_message(v, q->withdraw.entry, NULL, PERSON_REPORTER,
		    op);
		if (*ret == ANSWER_OK && op->message_kind != MESSAGE_WITHDRAW)
			*ret = ANSWER_BAD_BUNDLE;
		return true;
	case REQUEST_POST:
		*ret = handle_post(v, &q->post, op);
		return true;
	case REQUEST_ENVELOPES:
		*ret = handle_envelopes(v, q, op);
		return true;
	case REQUEST_PUT:
		*ret = file_piece(v, &q->put, op);
		return true;
	case REQUEST_POLL:
	case REQUEST_STATUS:
	case REQUEST_GET:
	case REQUEST_CHALLENGE:
	case REQUEST_LOGIN:
	case REQUEST_LOGOUT:
	case REQUEST_QUEUE:
	case REQUEST_CASE:
	case REQUEST_INVESTIGATORS:
	case REQUEST_WATCH:
		return false;
	}
	return false;
}

static enum answer
handle_read(struct vault *v, const struct bundle_request *q, bool is_pressed)
{
	switch (q->kind) {
	case REQUEST_POLL:
		return read_poll(v, &q->poll, is_pressed);
	case REQUEST_STATUS:
		return read_status(v, &q->status);
	case REQUEST_GET:
		return read_piece(v, &q->get);
	case REQUEST_CHALLENGE:
		return handle_challenge(v, &q->challenge);
	case REQUEST_LOGIN:
		return handle_login(v, &q->login);
	case REQUEST_LOGOUT:
		return handle_logout(v, &q->logout);
	case REQUEST_QUEUE:
		return handle_queue(v, &q->queue);
	case REQUEST_CASE:
		return handle_case(v, &q->open);
	case REQUEST_INVESTIGATORS:
		return handle_investigators(v, &q->investigators);
	case REQUEST_CONCERN:
	case REQUEST_FOLLOWUP:
	case REQUEST_WITHDRAW:
	case REQUEST_POST:
	case REQUEST_PUT:
	case REQUEST_ENVELOPES:
	case REQUEST_WATCH:
		break;
	}
	return ANSWER_BAD_REQUEST;
}

/* A request on its way to its answer. */
struct errand {
	uint64_t id;
	struct bytes body;
	struct bytes work; /* WORK_LEN, or empty */
	bool is_pressed;
	vault_answer *answer;
	void *ctx;
};

static void
refuse(const struct errand *r, enum answer a)
{
	r->answer(r->ctx, r->id, a, BYTES(NULL, 0));
}

static void
keep_or_refuse(struct vault *v, const struct errand *r, struct op *op,
    enum answer a)
{
	if (a != ANSWER_OK) {
		refuse(r, a);
		return;
	}
	op->id = r->id;
	op->answer = r->answer;
	op->ctx = r->ctx;
	batch_keep(v, r->body.n);
}

/*
 * What may be stored as far as it goes (a): now, or after work. Whoever writes
 * to a case hears of the work before they hear anything of the case: it is
 * asked for of one that does not exist as of one that does.
 */
static void
keep_or_ask(struct vault *v, const struct bundle_request *q,
    const struct errand *r, struct op *op, enum answer a)
{
	const bool is_refused = a != ANSWER_OK;
	bool has_asked = false;
	enum answer asked = ANSWER_OK;

	if (!is_refused || q->kind == REQUEST_FOLLOWUP)
		asked = work_before(v, q, op, r->work, r->is_pressed,
		    is_refused, &has_asked);
	if (asked == ANSWER_OK && has_asked)
		vault_reply(v, r->id, r->answer, r->ctx);
	else
		keep_or_refuse(v, r, op, is_refused ? a : asked);
}

static void
handle_request(struct vault *v, const struct bundle_request *q,
    const struct errand *r)
{
	struct op *op;
	enum answer a;

	if (q->kind == REQUEST_WATCH) {
		a = watch_keep(v, &q->watch, r->id, r->answer, r->ctx);
		if (a != ANSWER_OK)
			refuse(r, a);
		return;
	}
	op = batch_next(v);
	if (handle_write(v, q, op, &a)) {
		keep_or_ask(v, q, r, op, a);
		return;
	}
	if ((a = handle_read(v, q, r->is_pressed)) != ANSWER_OK)
		refuse(r, a);
	else
		vault_reply(v, r->id, r->answer, r->ctx);
}

static void
handle_bundle(struct vault *v, enum bundle_path path, const struct errand *r)
{
	struct bundle_request q;

	if (bundle_request_parse(r->body, &q) != ERR_OK) {
		refuse(r, ANSWER_BAD_BUNDLE);
		return;
	}
	if (request_path(q.kind) != path)
		refuse(r, ANSWER_BAD_REQUEST);
	else
		handle_request(v, &q, r);
	bytes_wipe(&q, sizeof(q)); /* tokens and sessions are in it */
}

static void
handle_plain(struct vault *v, const struct errand *r)
{
	struct op *op = batch_next(v);
	enum answer a = file_plain(v, r->body, op);

	if (a == ANSWER_OK && op->kind == OP_CONCERN &&
	    !work_takes_plain(&v->work, r->is_pressed))
		a = ANSWER_BUSY;
	keep_or_refuse(v, r, op, a);
}

static void
handle_plain_answer(struct vault *v, const struct errand *r)
{
	enum answer a = plain_answer(v, r->body);

	if (a != ANSWER_OK)
		refuse(r, a);
	else
		r->answer(r->ctx, r->id, ANSWER_OK, buf_bytes(&v->out));
}

/* Takes the work off a request that it came with. */
static enum wire_type
unwrap(enum wire_type type, struct errand *r)
{
	if (type != WIRE_WORKED_TEXT && type != WIRE_WORKED_PIECE)
		return type;
	if (r->body.n < WORK_LEN)
		return WIRE_ANSWER; /* which is no request */
	r->work = BYTES(r->body.p, WORK_LEN);
	r->body = BYTES(r->body.p + WORK_LEN, r->body.n - WORK_LEN);
	return type == WIRE_WORKED_TEXT ? WIRE_TEXT : WIRE_PIECE;
}

void
vault_handle(struct vault *v, enum wire_type type, bool is_pressed, uint64_t id,
    struct bytes body, vault_answer *answer, void *ctx)
{
	struct errand r = { .id = id,
		.body = body,
		.is_pressed = is_pressed,
		.answer = answer,
		.ctx = ctx };

	type = unwrap(type, &r);
	if (v->has_failed || v->now.policy == NULL)
		refuse(&r, ANSWER_DOWN);
	else if (type == WIRE_TEXT)
		handle_bundle(v, BUNDLE_PATH_TEXT, &r);
	else if (type == WIRE_PIECE)
		handle_bundle(v, BUNDLE_PATH_PIECE, &r);
	else if (type == WIRE_STAFF)
		handle_bundle(v, BUNDLE_PATH_STAFF, &r);
	else if (type == WIRE_PLAIN)
		handle_plain(v, &r);
	else if (type == WIRE_PLAIN_ANSWER)
		handle_plain_answer(v, &r);
	else
		refuse(&r, ANSWER_BAD_REQUEST);
}

/* --- the process's --- */

void
vault_trim(struct vault *v)
{
	store_trim(v->store);
	buf_free(&v->out);
	v->out.max = BUNDLE_PIECE_LEN;
}

bool
vault_has_failed(const struct vault *v)
{
	return v->has_failed;
}

bool
vault_is_stale(const struct vault *v)
{
	return store_is_stale(v->store);
}
