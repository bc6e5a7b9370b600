#include "daemon/vault_clock.h"
#include "daemon/vault_state.h"

#include <string.h>

/*
 * Which policy is in force. The store remembers the realm that it belongs to
 * and the newest root and policy it has seen, so that none can be turned back
 * by whoever writes the configuration: not to a policy of before, and not to
 * the keys of before either, which could sign a new one.
 */

#define SEEN_NAME "policy"

struct seen {
	bool is_known;
	uint8_t realm[REALM_LEN];
	uint32_t serial;
	uint8_t hash[SHA256_LEN];
	uint32_t root; /* the newest root's serial, and its hash */
	uint8_t root_hash[SHA256_LEN];
};

static enum err
seen_get(struct vault *v, struct seen *ret)
{
	CLEAN_BUF struct buf value = BUF_INIT(256);
	struct seen seen = { .is_known = true };
	enum err e = store_value_get(v->store, SEEN_NAME, &value);
	struct reader r;

	if (e == ERR_NOT_FOUND) {
		*ret = (struct seen){ 0 };
		return ERR_OK;
	}
	if (e != ERR_OK)
		return e;
	r = reader_over(buf_bytes(&value));
	reader_copy(&r, seen.realm, sizeof(seen.realm));
	seen.serial = reader_u32(&r);
	reader_copy(&r, seen.hash, sizeof(seen.hash));
	seen.root = reader_u32(&r);
	reader_copy(&r, seen.root_hash, sizeof(seen.root_hash));
	if (reader_end(&r) != ERR_OK)
		return ERR_CORRUPT;
	*ret = seen;
	return ERR_OK;
}

static enum err
seen_put(struct store_txn *txn, void *ctx)
{
	const struct seen *seen = ctx;
	CLEAN_BUF struct buf value = BUF_INIT(256);

	buf_put(&value, seen->realm, sizeof(seen->realm));
	buf_put_u32(&value, seen->serial);
	buf_put(&value, seen->hash, sizeof(seen->hash));
	buf_put_u32(&value, seen->root);
	buf_put(&value, seen->root_hash, sizeof(seen->root_hash));
	if (value.err != ERR_OK)
		return value.err;
	return txn_value_put(txn, SEEN_NAME, buf_bytes(&value));
}

void
rules_free(struct rules *r)
{
	r->policy = policy_free(r->policy);
	memset(r, 0, sizeof(*r));
}

/* The root's name for our half of an instance key. */
static enum err
find_instance_key(const struct vault *v, const struct root *root,
    struct note_key *ret)
{
	uint8_t pub[SIGN_PUB_LEN];
	enum err e;

	if ((e = sign_public(v->instance_seed, pub)) != ERR_OK)
		return e;
	for (size_t i = 0; i < root->n_instance_keys; i++) {
		if (!bytes_equal_ct(root->instance_keys[i].pub, pub,
			sizeof(pub)))
			continue;
		*ret = root->instance_keys[i];
		return ERR_OK;
	}
	return ERR_DENIED;
}

static enum err
open_bundle(struct vault *v, struct bytes body, struct root *root,
    struct bytes *ret_note)
{
	enum err e;

	if ((e = bundle_answer_parse(body, &v->reply)) != ERR_OK)
		return e;
	if (v->reply.kind != ANSWER_POLICY)
		return ERR_SYNTAX;
	*ret_note = v->reply.policy.policy;
	return roots_walk(v->reply.policy.root, v->reply.policy.n_roots, NULL,
	    root);
}

/* The roots in v->reply go on from the newest that was seen. */
static enum err
check_roots(const struct vault *v, const struct seen *old)
{
	struct root then;
	enum err e;

	if (!old->is_known)
		return ERR_OK;
	if (v->reply.policy.n_roots <= old->root)
		return ERR_DENIED;
	e = roots_walk(v->reply.policy.root, old->root + 1, NULL, &then);
	if (e != ERR_OK)
		return e;
	return bytes_equal_ct(then.hash, old->root_hash, SHA256_LEN)
	    ? ERR_OK
	    : ERR_DENIED;
}

/* Against what was seen before: no other realm, no way back, no second policy
 * under one serial. */
static enum err
check_seen(const struct seen *old, const struct seen *new)
{
	if (!old->is_known)
		return ERR_OK;
	if (!bytes_equal_ct(old->realm, new->realm, REALM_LEN) ||
	    new->serial < old->serial ||
	    (new->serial == old->serial &&
		!bytes_equal_ct(old->hash, new->hash, SHA256_LEN)))
		return ERR_DENIED;
	return ERR_OK;
}

/* Only what is new: a full disk does not keep the service from a start. */
static enum err
keep_seen(struct vault *v, const struct seen *old, struct seen *new)
{
	if (old->is_known && old->serial == new->serial &&
	    old->root == new->root)
		return ERR_OK; /* their hashes were compared */
	return vault_run(v, seen_put, new);
}

static void
switch_rules(struct vault *v, struct rules *new)
{
	if (bytes_equal_ct(v->now.hash, new->hash, SHA256_LEN)) {
		rules_free(new);
		return;
	}
	rules_free(&v->before);
	v->before = v->now;
	v->before.until = env_now(v->env) + POLICY_GRACE_SECONDS;
	v->now = *new;
	v->attachments_max =
	    v->now.policy->limits.attachments_mib * UINT64_C(1024) * 1024;
	/* An archive is padded by at most an eighth, and then sealed. */
	v->attachments_max += v->attachments_max / 8;
	if (v->attachments_max > 0)
		v->attachments_max += PIECE_LEN;
}

enum err
vault_policy(struct vault *v, struct bytes bundle)
{
	struct policy_status status;
	struct seen old, new = { .is_known = true };
	struct rules rules = { 0 };
	struct note_key key;
	struct bytes note;
	struct root root;
	enum err e;

	if ((e = open_bundle(v, bundle, &root, &note)) != ERR_OK ||
	    (e = find_instance_key(v, &root, &key)) != ERR_OK ||
	    (e = seen_get(v, &old)) != ERR_OK ||
	    (e = check_roots(v, &old)) != ERR_OK ||
	    (e = policy_open(note, &root, env_now(v->env), old.serial,
		 &rules.policy, &status)) != ERR_OK)
		return e;
	memcpy(rules.hash, status.hash, sizeof(rules.hash));
	memcpy(new.realm, root.realm, sizeof(new.realm));
	memcpy(new.hash, status.hash, sizeof(new.hash));
	new.serial = rules.policy->serial;
	new.root = root.serial;
	memcpy(new.root_hash, root.hash, sizeof(new.root_hash));
	if ((e = check_seen(&old, &new)) != ERR_OK ||
	    (e = keep_seen(v, &old, &new)) != ERR_OK) {
		rules_free(&rules);
		return e;
	}
	v->instance_key = key;
	memcpy(v->first_root, root.first, sizeof(v->first_root));
	switch_rules(v, &rules);
	ledger_people(v, v->now.policy);
	sweep_begin(v);
	return ERR_OK;
}

enum err
vault_touch(struct vault *v)
{
	struct seen seen;
	enum err e = seen_get(v, &seen);

	return e == ERR_OK ? vault_run(v, seen_put, &seen) : e;
}

uint32_t
vault_policy_serial(const struct vault *v)
{
	return v->now.policy == NULL ? 0 : v->now.policy->serial;
}
