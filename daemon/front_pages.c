#include "daemon/front_pages.h"

#include "crypto/bundle.h"
#include "crypto/codec.h"
#include "policy/members.h"
#include "policy/root.h"

#define PLAIN_LINE 64 /* of padding, with its newline */
#define PLAIN_MAX (4 * BUNDLE_TEXT_LEN)

static const char plain_steps[] =
    "#\n"
    "# To write to them with age and curl, without an account:\n"
    "#\n"
    "#   curl -o to.txt $URL/v1/plain          (this page)\n"
    "#   age -R to.txt -o concern.age concern.txt\n"
    "#   curl --data-binary @concern.age $URL/v1/plain\n"
    "#\n"
    "# Keep concern.age: it is the way to the answer, and without the key\n"
    "# below nobody learns from it what you wrote. To be answered, make a key\n"
    "# with  age-keygen -o reply.key  before you write, and put its age1...\n"
    "# on a line of its own in concern.txt:   reply: age1...\n"
    "# To look for an answer:\n"
    "#\n"
    "#   sha256sum concern.age | cut -c -64 |\n"
    "#     curl --data-binary @- $URL/v1/plain/answer > answer.txt\n"
    "#   sed -n '/^-----BEGIN/,/^-----END/p' answer.txt |\n"
    "#     age -d -i reply.key | tar -xO message.txt\n"
    "#\n";

static enum err
put_person(struct buf *out, const struct policy *p,
    const struct policy_route *r, uint16_t person, int64_t day)
{
	const struct policy_person *who = policy_person(p, person);
	const struct age_recipient *key = members_recipient(p, r, person, day);
	enum err e;

	if (who == NULL || key == NULL)
		return ERR_NOT_FOUND;
	buf_printf(out, "# %s%s%s\n", who->name,
	    who->title[0] == '\0' ? "" : ", ", who->title);
	if ((e = age_recipient_put(out, key)) != ERR_OK)
		return e;
	buf_put_str(out, "\n");
	return out->err;
}

/* Only the first recipients: a plain concern has one header for all of its
 * readers, so nobody can come in later. */
static enum err
put_people(struct buf *out, const struct policy *p,
    const struct policy_route *r, int64_t day)
{
	struct member who[MEMBERS_MAX];
	enum err e;
	size_t n;

	e = members_compute(p, r, NULL, 0, day, who, MEMBERS_MAX, &n);
	for (size_t i = 0; i < n && e == ERR_OK; i++) {
		if (who[i].rung == 0)
			e = put_person(out, p, r, who[i].person, day);
	}
	return e;
}

/* Comment lines up to the next multiple of the text length. */
static void
put_comment_padding(struct buf *out)
{
	size_t left = BUNDLE_TEXT_LEN - out->n % BUNDLE_TEXT_LEN;
	size_t line;

	while (left > 0 && out->err == ERR_OK) {
		line = left > 2 * PLAIN_LINE ? PLAIN_LINE : left;
		for (size_t i = 0; i + 1 < line; i++)
			buf_put_u8(out, '#');
		buf_put_u8(out, '\n');
		left -= line;
	}
}

static enum err
make_plain(const struct policy *p, int64_t now, struct buf *out)
{
	const struct policy_route *r;
	enum err e;

	if (p->plain_route < 0)
		return ERR_OK;
	r = policy_route(p, (unsigned)p->plain_route);
	if (r == NULL)
		return ERR_NOT_FOUND;
	buf_printf(out, "# %s: a plain concern goes to these people, and only "
	    "they can read it.\n#\n", p->org);
	if ((e = put_people(out, p, r, now / DAY_SECONDS)) != ERR_OK)
		return e;
	buf_put_str(out, plain_steps);
	put_comment_padding(out);
	return out->err;
}

static enum err
make_policy(struct bytes bundle, struct buf *out)
{
	size_t over = bundle.n % BUNDLE_TEXT_LEN;

	buf_put_bytes(out, bundle);
	if (over != 0)
		buf_put_zeros(out, BUNDLE_TEXT_LEN - over);
	return out->err;
}

static enum err
open_policy(struct bytes bundle, int64_t now, struct policy **ret,
    struct policy_status *ret_status)
{
	struct bundle_answer a;
	struct root root;
	enum err e;

	if ((e = bundle_answer_parse(bundle, &a)) != ERR_OK)
		return e;
	if (a.kind != ANSWER_POLICY)
		return ERR_SYNTAX;
	e = roots_walk(a.policy.root, a.policy.n_roots, NULL, &root);
	if (e == ERR_OK)
		e = policy_open(a.policy.policy, &root, now, 0, ret,
		    ret_status);
	return e;
}

enum err
pages_make(struct bytes bundle, int64_t now, struct pages *ret)
{
	struct pages fresh = { .policy = BUF_INIT(BUNDLE_POLICY_MAX),
		.plain = BUF_INIT(PLAIN_MAX) };
	CLEAN_POLICY struct policy *p = NULL;
	struct policy_status status;
	enum err e;

	if ((e = open_policy(bundle, now, &p, &status)) != ERR_OK)
		return e;
	if ((e = make_policy(bundle, &fresh.policy)) == ERR_OK)
		e = make_plain(p, now, &fresh.plain);
	if (e != ERR_OK) {
		pages_free(&fresh);
		return e;
	}
	fresh.serial = p->serial;
	fresh.soft_expired = status.soft_expired;
	pages_free(ret);
	*ret = fresh;
	return ERR_OK;
}

void
pages_free(struct pages *p)
{
	buf_free(&p->policy);
	buf_free(&p->plain);
}
