#include "policy/root.h"

#include <string.h>

#include "crypto/codec.h"
#include "crypto/label.h"
#include "crypto/lines.h"

/* One or more lines of that name. */
static void
get_keys(struct lines *l, const char *name, struct note_key *out, size_t *n)
{
	enum err e = ERR_OK;
	struct bytes value;

	while (e == ERR_OK && lines_next(l, name, &value))
		e = *n < ROOT_KEYS_MAX ? note_vkey_parse(value, &out[(*n)++])
				       : ERR_SYNTAX;
	if (e != ERR_OK)
		l->err = err_is_ours(e) ? e : ERR_SYNTAX;
	else if (*n == 0 && l->err == ERR_OK)
		l->err = ERR_SYNTAX;
}

/* Two entries of one key would let one holder count for two. */
static bool
keys_differ(const struct note_key *key, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (memcmp(key[i].pub, key[j].pub, SIGN_PUB_LEN) == 0)
				return false;
	return true;
}

static enum err
parse_body(struct bytes body, struct root *root)
{
	struct lines l = lines_over(body);
	struct bytes org;
	enum err e;

	lines_get_hex(&l, "realm", root->realm, REALM_LEN);
	org = lines_get(&l, "org");
	root->serial = (uint32_t)lines_get_number(&l, "serial", UINT32_MAX);
	lines_get_hex(&l, "previous", root->previous, SHA256_LEN);
	root->quorum = (unsigned)lines_get_number(&l, "quorum", ROOT_KEYS_MAX);
	get_keys(&l, "policy-key", root->policy_keys, &root->n_policy_keys);
	get_keys(&l, "instance-key", root->instance_keys,
	    &root->n_instance_keys);
	if ((e = lines_end(&l)) != ERR_OK)
		return e;
	if (org.n == 0 || org.n > POLICY_NAME_MAX || root->quorum == 0 ||
	    root->quorum > root->n_policy_keys ||
	    (root->serial == 0) != bytes_all_zero(root->previous, SHA256_LEN) ||
	    !keys_differ(root->policy_keys, root->n_policy_keys) ||
	    !keys_differ(root->instance_keys, root->n_instance_keys))
		return ERR_SYNTAX;
	memcpy(root->org, org.p, org.n);
	return ERR_OK;
}

enum err
root_parse(struct bytes text, struct root *ret)
{
	struct bytes space = BYTES_LIT(NOTE_ROOT "\n");
	struct root root = { 0 };
	enum err e;

	if (text.n < space.n || memcmp(text.p, space.p, space.n) != 0)
		return ERR_SYNTAX;
	e = parse_body(BYTES(text.p + space.n, text.n - space.n), &root);
	if (e == ERR_OK)
		e = sha256(text, root.hash);
	if (e == ERR_OK)
		*ret = root;
	return e;
}

static void
put_key(struct buf *out, const char *name, const struct note_key *key)
{
	buf_put_str(out, name);
	buf_put_str(out, ": ");
	note_vkey_put(out, key);
	buf_put_str(out, "\n");
}

void
root_put(const struct root *root, struct buf *out)
{
	lines_put_hex(out, "realm", root->realm, REALM_LEN);
	lines_put_str(out, "org", root->org);
	lines_put_number(out, "serial", root->serial);
	lines_put_hex(out, "previous", root->previous, SHA256_LEN);
	lines_put_number(out, "quorum", root->quorum);
	for (size_t i = 0; i < root->n_policy_keys; i++)
		put_key(out, "policy-key", &root->policy_keys[i]);
	for (size_t i = 0; i < root->n_instance_keys; i++)
		put_key(out, "instance-key", &root->instance_keys[i]);
}

static enum err
signed_by(const struct note *note, const struct root *root)
{
	return note_verify(note, root->policy_keys, root->n_policy_keys,
	    root->quorum);
}

static enum err
follows(const struct root *next, const struct root *before)
{
	if (before->serial == UINT32_MAX ||
	    next->serial != before->serial + 1 ||
	    memcmp(next->previous, before->hash, SHA256_LEN) != 0 ||
	    memcmp(next->realm, before->realm, REALM_LEN) != 0)
		return ERR_CORRUPT;
	return ERR_OK;
}

/* before: NULL for root 0. */
static enum err
open_root(struct bytes x, const struct root *before, struct root *ret)
{
	struct note note;
	struct root root;
	enum err e;

	if ((e = note_parse(x, NOTE_ROOT, &note)) != ERR_OK ||
	    (e = root_parse(note.text, &root)) != ERR_OK ||
	    (e = signed_by(&note, &root)) != ERR_OK)
		return e;
	if (before == NULL && root.serial != 0)
		return ERR_CORRUPT;
	if (before != NULL &&
	    ((e = follows(&root, before)) != ERR_OK ||
		(e = signed_by(&note, before)) != ERR_OK))
		return e;
	*ret = root;
	return ERR_OK;
}

enum err
roots_walk(const struct bytes *notes, size_t n, const uint8_t *pinned_hash0,
    struct root *ret)
{
	uint8_t first[SHA256_LEN];
	struct root root;
	enum err e;

	if (n == 0 || n > ROOTS_MAX)
		return n == 0 ? ERR_SYNTAX : ERR_LIMIT;
	if ((e = open_root(notes[0], NULL, &root)) != ERR_OK)
		return e;
	if (pinned_hash0 != NULL &&
	    memcmp(root.hash, pinned_hash0, SHA256_LEN) != 0)
		return ERR_DENIED;
	memcpy(first, root.hash, sizeof(first));
	for (size_t i = 1; i < n; i++)
		if ((e = open_root(notes[i], &root, &root)) != ERR_OK)
			return e;
	memcpy(root.first, first, sizeof(first));
	*ret = root;
	return ERR_OK;
}

enum err
root_fingerprint(const uint8_t hash0[static SHA256_LEN],
    char out[static RECEIPT_TEXT_MAX])
{
	return receipt_words(hash0, out);
}

static enum err
accept_policy(const struct policy *p, const struct root *root, int64_t now,
    uint32_t min_serial)
{
	if (strcmp(p->org, root->org) != 0)
		return ERR_CORRUPT;
	if (p->serial < min_serial)
		return ERR_DENIED;
	return now >= p->hard_expiry ? ERR_EXPIRED : ERR_OK;
}

enum err
policy_open(struct bytes note_bytes, const struct root *root, int64_t now,
    uint32_t min_serial, struct policy **ret, struct policy_status *ret_status)
{
	CLEAN_POLICY struct policy *p = NULL;
	struct policy_status status = { 0 };
	struct policy_problem problem;
	struct note note;
	enum err e;

	if ((e = note_parse(note_bytes, NOTE_POLICY, &note)) != ERR_OK ||
	    (e = signed_by(&note, root)) != ERR_OK ||
	    (e = policy_parse(note.body, &p, &problem)) != ERR_OK ||
	    (e = accept_policy(p, root, now, min_serial)) != ERR_OK ||
	    (e = sha256(note.text, status.hash)) != ERR_OK)
		return e;
	status.soft_expired = now >= p->soft_expiry;
	*ret_status = status;
	*ret = p;
	p = NULL;
	return ERR_OK;
}
