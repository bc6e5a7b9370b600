#include "daemon/front_pages.h"

#include "crypto/bundle.h"
#include "crypto/codec.h"
#include "policy/public_page.h"
#include "policy/root.h"

#define PLAIN_LINE 64 /* of padding, with its newline */
#define PLAIN_MAX (4 * BUNDLE_TEXT_LEN)
#define SECTION_MAX (4 * BUNDLE_TEXT_LEN)

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
make_plain(const struct policy *p, int64_t day, struct buf *out)
{
	enum err e = public_page_text(p, day, out);

	if (e == ERR_OK && out->n > 0)
		put_comment_padding(out);
	return e == ERR_OK ? out->err : e;
}

static enum err
make_section(const struct policy *p, const struct root *root, int64_t day,
    struct buf *out)
{
	char words[RECEIPT_TEXT_MAX];
	enum err e = root_fingerprint(root->first, words);

	return e == ERR_OK ? public_page_html(p, words, day, out) : e;
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
open_policy(struct bytes bundle, int64_t now, struct root *root,
    struct policy **ret, struct policy_status *ret_status)
{
	struct bundle_answer a;
	enum err e;

	if ((e = bundle_answer_parse(bundle, &a)) != ERR_OK)
		return e;
	if (a.kind != ANSWER_POLICY)
		return ERR_SYNTAX;
	e = roots_walk(a.policy.root, a.policy.n_roots, NULL, root);
	if (e == ERR_OK)
		e = policy_open(a.policy.policy, root, now, 0, ret, ret_status);
	return e;
}

enum err
pages_make(struct bytes bundle, int64_t now, struct pages *ret)
{
	struct pages fresh = { .policy = BUF_INIT(BUNDLE_POLICY_MAX),
		.plain = BUF_INIT(PLAIN_MAX),
		.section = BUF_INIT(SECTION_MAX) };
	CLEAN_POLICY struct policy *p = NULL;
	struct policy_status status;
	struct root root;
	enum err e;

	if ((e = open_policy(bundle, now, &root, &p, &status)) != ERR_OK)
		return e;
	if ((e = make_policy(bundle, &fresh.policy)) == ERR_OK &&
	    (e = make_plain(p, now / DAY_SECONDS, &fresh.plain)) == ERR_OK)
		e = make_section(p, &root, now / DAY_SECONDS, &fresh.section);
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
	buf_free(&p->section);
}
