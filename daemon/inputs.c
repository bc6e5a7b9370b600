#include "daemon/inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/bundle.h"
#include "crypto/codec.h"
#include "daemon/tls.h"
#include "daemon/web_files.h"
#include "policy/root.h"

#define PEM_MAX (128 * 1024)
#define KEY_FILE_MAX 1024
#define SIGNER_PREFIX "PRIVATE+KEY+"
#define SIGNER_ED25519 1

enum err
complain(struct complaint *why, enum err e, const char *fmt, ...)
{
	va_list args;

	if (err_is_ours(e))
		fmt = "There is not enough memory.";
	va_start(args, fmt);
	(void)vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	return e;
}

/* --- files --- */

static enum err
read_all(int fd, struct buf *out)
{
	uint8_t part[4096];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		buf_put(out, part, (size_t)n);
	}
	bytes_wipe(part, sizeof(part));
	return out->err;
}

enum err
inputs_read(const char *path, struct buf *out, struct complaint *ret_why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	enum err e;

	if (fd < 0)
		return complain(ret_why, ERR_IO, "%s cannot be opened: %s.",
		    path, strerror(errno));
	e = read_all(fd, out);
	if (e == ERR_LIMIT)
		e = complain(ret_why, e, "%s is too large.", path);
	else if (e != ERR_OK)
		e = complain(ret_why, e, "%s cannot be read: %s.", path,
		    strerror(errno));
	close(fd);
	return e;
}

/* --- what the policy keys signed: roots, policy, pages --- */

struct root_files {
	struct buf file[CONFIG_ROOTS_MAX];
	struct bytes note[CONFIG_ROOTS_MAX];
	struct root newest;
};

static void
root_files_freep(struct root_files **r)
{
	for (size_t i = 0; *r != NULL && i < CONFIG_ROOTS_MAX; i++)
		buf_free(&(*r)->file[i]);
	free(*r);
}

static enum err
read_roots(const struct config *c, struct root_files *r, struct complaint *why)
{
	enum err e;

	for (size_t i = 0; i < c->n_roots; i++) {
		r->file[i] = (struct buf)BUF_INIT(NOTE_MAX);
		e = inputs_read(c->roots[i].path, &r->file[i], why);
		if (e != ERR_OK)
			return e;
		r->note[i] = buf_bytes(&r->file[i]);
	}
	e = roots_walk(r->note, c->n_roots, NULL, &r->newest);
	if (e != ERR_OK)
		return complain(why, e,
		    "The roots from %s on are not a chain that its keys "
		    "signed: %s.",
		    c->roots[0].path, err_name(e));
	return ERR_OK;
}

static bool
root_names(const struct root *root, const struct note_key *key)
{
	for (size_t i = 0; i < root->n_instance_keys; i++) {
		if (strcmp(root->instance_keys[i].name, key->name) == 0 &&
		    memcmp(root->instance_keys[i].pub, key->pub,
			SIGN_PUB_LEN) == 0)
			return true;
	}
	return false;
}

static enum err
policy_failed(const char *path, enum err e, struct complaint *why)
{
	const char *what = err_name(e);

	if (e == ERR_BAD_SIG)
		what = "it is not signed by enough of the root's policy keys";
	else if (e == ERR_EXPIRED)
		what = "it has expired for good";
	else if (e == ERR_DENIED)
		what = "it is of another organisation, or older than the one "
		       "in use";
	else if (e == ERR_SYNTAX)
		what = "it is not a policy note";
	return complain(why, e, "%s cannot be used: %s.", path, what);
}

static enum err
open_policy(const struct config *c, struct bytes note, const struct root *root,
    int64_t now, uint32_t min_serial, struct inputs *in, struct complaint *why)
{
	CLEAN_POLICY struct policy *p = NULL;
	struct policy_status status;
	enum err e = policy_open(note, root, now, min_serial, &p, &status);

	if (e != ERR_OK)
		return policy_failed(c->policy, e, why);
	in->serial = p->serial;
	in->soft_expired = status.soft_expired;
	return ERR_OK;
}

static enum err
make_bundle(const struct config *c, const struct root_files *roots,
    struct bytes policy, struct buf *out, struct complaint *why)
{
	struct bundle_answer a = { .kind = ANSWER_POLICY };
	enum err e;

	a.policy.n_roots = c->n_roots;
	memcpy(a.policy.root, roots->note, c->n_roots * sizeof(struct bytes));
	a.policy.policy = policy;
	*out = (struct buf)BUF_INIT(BUNDLE_POLICY_MAX);
	e = bundle_answer_put(&a, out);
	if (e != ERR_OK)
		return complain(why, e,
		    "Roots and policy together are too large to be served.");
	return ERR_OK;
}

static enum err
load_signed(const struct config *c, const struct note_key *instance,
    int64_t now, uint32_t min_serial, struct inputs *in, struct complaint *why)
{
	__attribute__((cleanup(root_files_freep))) struct root_files *roots =
	    calloc(1, sizeof(*roots));
	CLEAN_BUF struct buf policy = BUF_INIT(NOTE_MAX);
	enum err e;

	if (roots == NULL)
		return complain(why, ERR_NOMEM, "There is no memory.");
	if ((e = read_roots(c, roots, why)) != ERR_OK)
		return e;
	if (instance != NULL && !root_names(&roots->newest, instance))
		return complain(why, ERR_DENIED,
		    "The newest root does not name the instance key of %s.",
		    c->instance_key);
	if ((e = inputs_read(c->policy, &policy, why)) != ERR_OK)
		return e;
	e = open_policy(c, buf_bytes(&policy), &roots->newest, now, min_serial,
	    in, why);
	if (e != ERR_OK)
		return e;
	e = make_bundle(c, roots, buf_bytes(&policy), &in->policy, why);
	if (e == ERR_OK && c->web[0] != '\0')
		e = web_files_load(c->web, &roots->newest, &in->pages, why);
	return e;
}

/* --- TLS --- */

static enum err
load_tls(const struct config *c, int64_t now, struct inputs *in,
    struct complaint *why)
{
	SSL_CTX *ctx = NULL;
	enum err e;

	in->certificate = (struct buf)BUF_INIT(PEM_MAX);
	in->key = (struct buf)BUF_INIT(PEM_MAX);
	if (!c->has_tls)
		return ERR_OK;
	e = inputs_read(c->tls.certificate, &in->certificate, why);
	if (e == ERR_OK)
		e = inputs_read(c->tls.key, &in->key, why);
	if (e != ERR_OK)
		return e;
	e = tls_new(buf_bytes(&in->certificate), buf_bytes(&in->key), false,
	    &ctx);
	in->certificate_ended = e == ERR_OK && tls_has_ended(ctx, now);
	tls_free(ctx);
	if (e == ERR_DENIED)
		return complain(why, e,
		    "The key in %s is not that of the certificate in %s.",
		    c->tls.key, c->tls.certificate);
	/* OpenSSL says the same of what it had no memory for earlier */
	if (e != ERR_OK)
		return complain(why, e,
		    "%s and %s are not a certificate (with its chain) and its "
		    "unencrypted key, in PEM, of kinds that OpenSSL reads; or "
		    "memory was short.",
		    c->tls.certificate, c->tls.key);
	return ERR_OK;
}

/* --- the whole --- */

enum err
inputs_load(const struct config *c, const struct note_key *instance,
    int64_t now, uint32_t min_serial, struct inputs *ret,
    struct complaint *ret_why)
{
	struct inputs fresh = { 0 };
	enum err e;

	e = load_signed(c, instance, now, min_serial, &fresh, ret_why);
	if (e == ERR_OK)
		e = load_tls(c, now, &fresh, ret_why);
	if (e != ERR_OK) {
		inputs_free(&fresh);
		return e;
	}
	inputs_free(ret);
	*ret = fresh;
	return ERR_OK;
}

void
inputs_free(struct inputs *in)
{
	buf_free(&in->policy);
	buf_free(&in->pages);
	buf_free(&in->certificate);
	buf_free(&in->key);
}

/* --- keys --- */

/* A line's text without its newline. */
static struct bytes
one_line(const struct buf *b)
{
	size_t n = b->n;

	if (n > 0 && b->p[n - 1] == '\n')
		n--;
	return BYTES(b->p, n);
}

/* Takes what is before the next '+' off x. */
static struct bytes
take_part(struct bytes *x)
{
	const uint8_t *plus = x->n == 0 ? NULL : memchr(x->p, '+', x->n);
	struct bytes part = { NULL, 0 };

	if (plus == NULL)
		return part;
	part = BYTES(x->p, (size_t)(plus - x->p));
	*x = BYTES(plus + 1, x->n - part.n - 1);
	return part;
}

/* "PRIVATE+KEY+NAME+KEYID+BASE64(0x01 || seed)": how tools for signed notes
 * write a signing key. The key id is the public half's, and not needed. */
static enum err
signer_parse(struct bytes text, uint8_t seed[static INSTANCE_SEED_LEN],
    struct note_key *ret)
{
	uint8_t typed[1 + INSTANCE_SEED_LEN], pub[SIGN_PUB_LEN];
	const size_t prefix = strlen(SIGNER_PREFIX);
	char name[NOTE_NAME_MAX + 1] = { 0 };
	struct bytes part;
	enum err e;

	if (text.n < prefix || memcmp(text.p, SIGNER_PREFIX, prefix) != 0)
		return ERR_SYNTAX;
	text = BYTES(text.p + prefix, text.n - prefix);
	part = take_part(&text);
	if (part.n == 0 || part.n > NOTE_NAME_MAX)
		return ERR_SYNTAX;
	memcpy(name, part.p, part.n);
	part = take_part(&text);
	e = base64_get_exact(text, B64_PADDED, typed, sizeof(typed));
	if (e == ERR_OK && (typed[0] != SIGNER_ED25519 || part.n == 0))
		e = ERR_SYNTAX;
	if (e == ERR_OK)
		e = sign_public(typed + 1, pub);
	if (e == ERR_OK)
		e = note_key_init(ret, name, pub);
	if (e == ERR_OK)
		memcpy(seed, typed + 1, INSTANCE_SEED_LEN);
	bytes_wipe(typed, sizeof(typed));
	return e;
}

enum err
inputs_keys(const struct config *c, struct vault_secret *ret,
    struct note_key *ret_instance, struct complaint *ret_why)
{
	CLEAN_BUF struct buf store = BUF_INIT(KEY_FILE_MAX);
	CLEAN_BUF struct buf instance = BUF_INIT(KEY_FILE_MAX);
	enum err e;

	if ((e = inputs_read(c->store_key, &store, ret_why)) != ERR_OK ||
	    (e = inputs_read(c->instance_key, &instance, ret_why)) != ERR_OK)
		return e;
	e = hex_decode(one_line(&store), ret->store_key, STORE_KEY_LEN);
	if (e != ERR_OK)
		return complain(ret_why, e,
		    "%s does not hold a store key: 64 hexadecimal digits.",
		    c->store_key);
	e = signer_parse(one_line(&instance), ret->instance_seed, ret_instance);
	if (e != ERR_OK)
		return complain(ret_why, e,
		    "%s does not hold a signing key, or it is encrypted.",
		    c->instance_key);
	return ERR_OK;
}
