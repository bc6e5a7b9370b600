#include "client/dismissal.h"

#include <string.h>

#include "client/outgoing.h"

/* What the server itself says meanwhile, in the staff chain. */
#define ATTEMPTS 4

struct dismissing {
	struct staff *s;
	const struct answer_row *row;
	bool is_second;
	struct entry e;
	enum exit_code code; /* of what failed */
};

bool
dismissal_is_open(const struct answer_row *row, bool is_second)
{
	bool waits = (row->flags & CASE_IS_CLOSING) != 0;

	return row->state == CASE_RECEIVED && waits == is_second &&
	    !(row->flags & CASE_IS_OVERRIDING);
}

bool
dismissal_is_plain(const struct answer_row *row, bool is_second)
{
	return dismissal_is_open(row, is_second) &&
	    row->talk == (is_second ? 2 : 1);
}

static enum dismissal
failed(struct dismissing *d, enum exit_code code)
{
	d->code = code;
	return DISMISSAL_FAILED;
}

/* What is not there any more was withdrawn, or is for others to read now. */
static enum dismissal
ask_case(struct dismissing *d, enum chain chain, uint32_t after,
    const struct answer_case **ret)
{
	struct bundle_request r = { .kind = REQUEST_CASE };
	const struct bundle_answer *a;
	enum reply reply;

	memcpy(r.open.session, d->s->session, BUNDLE_SESSION_LEN);
	memcpy(r.open.case_id, d->row->case_id, CASE_ID_LEN);
	r.open.chain = chain;
	r.open.after = after;
	reply = server_ask_again(&d->s->server, &r, &a);
	bytes_wipe(&r, sizeof(r));
	if (reply == REPLY_UNKNOWN)
		return DISMISSAL_CHANGED;
	if (reply != REPLY_OK)
		return failed(d, server_fail(&d->s->server, reply, ""));
	*ret = &a->open;
	return DISMISSAL_STORED;
}

/* By one of the keys that the policy has for its author. */
static bool
is_signed(const struct dismissing *d, struct bytes head, const struct entry *e)
{
	const struct policy_person *p =
	    policy_person(d->s->server.policy, e->author);

	for (size_t i = 0; p != NULL && i < p->n_keys; i++) {
		if (entry_verify(head, e, p->keys[i].sign_pub) == ERR_OK)
			return true;
	}
	return false;
}

/* What we agree to is a dismissal, and another person's. */
static enum dismissal
check_first(struct dismissing *d, const struct answer_case *a)
{
	struct bytes head =
	    a->heads.n > 0 ? a->heads.at[a->heads.n - 1].head : BYTES(NULL, 0);
	struct entry first;

	if (entry_parse(head, &first) != ERR_OK || first.seq + 1 != a->count ||
	    first.kind != MESSAGE_DISMISS ||
	    memcmp(first.case_id, d->row->case_id, CASE_ID_LEN) != 0)
		return DISMISSAL_CHANGED;
	if (first.author == d->e.author)
		return DISMISSAL_OURS;
	if (!is_signed(d, head, &first))
		return failed(d,
		    term_fail(&d->s->term, EXIT_REFUSED,
			"Nobody whom the policy knows signed what you would "
			"agree to. Please tell the people who run the "
			"service."));
	d->e.about = first.seq;
	return DISMISSAL_STORED;
}

/* What a colleague has told the reporter, given to somebody or not agreed to is
 * theirs to end: of staff nothing is passed over but that it was set aside. */
static bool
is_colleagues(const struct answer_head *h)
{
	struct entry e;

	if (entry_parse(h->head, &e) != ERR_OK)
		return true;
	return message_form(e.kind)->author == AUTHOR_STAFF &&
	    (entry_has_content(&e) ||
		(e.kind != MESSAGE_DISMISS && e.kind != MESSAGE_SECOND));
}

/* All heads behind the concern's; *ret: with the last of them. */
static enum dismissal
look_through(struct dismissing *d, const struct answer_case **ret)
{
	enum dismissal r;

	for (uint32_t at = 1;;) {
		r = ask_case(d, CHAIN_TALK, at, ret);
		if (r != DISMISSAL_STORED)
			return r;
		for (size_t i = 0; i < (*ret)->heads.n; i++, at++)
			if (is_colleagues(&(*ret)->heads.at[i]))
				return DISMISSAL_CHANGED;
		if (at >= (*ret)->count)
			return DISMISSAL_STORED;
		if ((*ret)->heads.n == 0)
			return DISMISSAL_CHANGED;
	}
}

static enum dismissal
find_place(struct dismissing *d, bool is_again)
{
	const struct answer_case *a;
	enum dismissal r = look_through(d, &a);
	struct answer_row now = *d->row;

	if (r != DISMISSAL_STORED)
		return r;
	now.state = a->state;
	now.flags = a->flags;
	now.talk = a->count;
	if (!dismissal_is_open(&now, d->is_second) || now.talk != d->row->talk)
		return DISMISSAL_CHANGED;
	if (now.flags & CASE_IS_HELD)
		return DISMISSAL_HELD;
	d->e.seq = now.talk;
	memcpy(d->e.prev, a->link, LINK_LEN);
	if (d->is_second && (r = check_first(d, a)) != DISMISSAL_STORED)
		return r;
	if (d->row->staff == 0 && !is_again)
		return DISMISSAL_STORED;
	r = ask_case(d, CHAIN_STAFF, d->row->staff, &a);
	if (r == DISMISSAL_STORED)
		memcpy(d->e.seen, a->link, LINK_LEN);
	return r;
}

static enum dismissal
send_it(struct dismissing *d, enum reply *ret_reply)
{
	struct outgoing o;
	enum exit_code code = outgoing_new(&d->s->server, &o);

	*ret_reply = REPLY_NONE;
	if (code == EXIT_DONE) {
		d->e.day = o.entry.day;
		o.entry = d->e;
		o.m->kind = d->e.kind;
		memcpy(o.m->case_id, d->e.case_id, CASE_ID_LEN);
		*ret_reply =
		    outgoing_send(&o, d->s->seed, d->s->session, NULL, &code);
	}
	outgoing_free(&o);
	return *ret_reply == REPLY_OK ? DISMISSAL_STORED : failed(d, code);
}

enum dismissal
dismissal_post(struct staff *s, const struct answer_row *row, bool is_second,
    enum exit_code *ret_code)
{
	struct dismissing d = { .s = s,
		.row = row,
		.is_second = is_second,
		.e = { .kind = is_second ? MESSAGE_SECOND : MESSAGE_DISMISS,
		    .author = s->person->number } };
	enum reply reply = REPLY_CONFLICT;
	enum dismissal r = DISMISSAL_CHANGED;

	memcpy(d.e.case_id, row->case_id, CASE_ID_LEN);
	for (int i = 0; reply == REPLY_CONFLICT && i < ATTEMPTS; i++) {
		r = find_place(&d, i > 0);
		if (r != DISMISSAL_STORED)
			break;
		r = send_it(&d, &reply);
	}
	if (r == DISMISSAL_FAILED && reply == REPLY_CONFLICT)
		r = DISMISSAL_CHANGED;
	*ret_code = d.code;
	return r;
}
