#include "client/ctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/json.h"
#include "client/roots.h"
#include "crypto/codec.h"
#include "crypto/env.h"
#include "crypto/label.h"
#include "policy/root.h"

static enum exit_code
parse_keys(const struct term *t, const struct option_list *list,
    struct note_key *out, size_t *ret_n)
{
	if (list->n > ROOT_KEYS_MAX)
		return term_fail(t, EXIT_USAGE,
		    "A root has at most %d keys of each kind.", ROOT_KEYS_MAX);
	for (size_t i = 0; i < list->n; i++) {
		if (note_vkey_parse(bytes_str(list->at[i]), &out[i]) != ERR_OK)
			return term_fail(t, EXIT_USAGE,
			    "This is not a verifier key: %s", list->at[i]);
	}
	*ret_n = list->n;
	return EXIT_DONE;
}

/* What a new root takes over from the one before. */
static enum exit_code
follow(const struct term *t, const char *path, struct root *r)
{
	struct buf x CLEAN_BUF = BUF_INIT(NOTE_MAX);
	struct note note;
	struct root before;
	enum exit_code code = file_read(t, path, &x);

	if (code != EXIT_DONE)
		return code;
	if (note_parse(buf_bytes(&x), NOTE_ROOT, &note) != ERR_OK ||
	    root_parse(note.text, &before) != ERR_OK)
		return term_fail(t, EXIT_FAILED, "%s is not a root.", path);
	memcpy(r->realm, before.realm, sizeof(r->realm));
	memcpy(r->org, before.org, sizeof(r->org));
	memcpy(r->previous, before.hash, sizeof(r->previous));
	r->serial = before.serial + 1;
	return EXIT_DONE;
}

static enum exit_code
begin(const struct term *t, const struct ctl_options *o, struct root *r)
{
	enum err err;

	if (o->org == NULL || strlen(o->org) == 0 ||
	    strlen(o->org) > POLICY_NAME_MAX)
		return term_fail(t, EXIT_USAGE,
		    "The first root needs the organisation's name, at most %d "
		    "bytes: --org NAME.",
		    POLICY_NAME_MAX);
	(void)snprintf(r->org, sizeof(r->org), "%s", o->org);
	err = env_random(&env_system, r->realm, sizeof(r->realm));
	return err == ERR_OK ? EXIT_DONE : fail_err(t, err, "The realm");
}

static enum exit_code
write_text(const struct term *t, const struct ctl_options *o,
    const struct root *r)
{
	struct buf x CLEAN_BUF = BUF_INIT(NOTE_MAX);
	struct root again;
	enum err err;

	buf_put_str(&x, NOTE_ROOT "\n");
	root_put(r, &x);
	err = x.err == ERR_OK ? root_parse(buf_bytes(&x), &again) : x.err;
	if (err != ERR_OK)
		return fail_err(t, err, "The root");
	return file_write(t, o->out, buf_bytes(&x), FILE_PUBLIC, o->force);
}

enum exit_code
ctl_root_new(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);
	struct root r = { 0 };
	enum exit_code code;

	(void)args;
	if (o->out == NULL || o->policy_keys.n == 0 || o->instance_keys.n == 0)
		return term_fail(&t, EXIT_USAGE,
		    "A root needs --policy-key, --instance-key and --out.");
	if (o->quorum < 1 || o->quorum > o->policy_keys.n)
		return term_fail(&t, EXIT_USAGE,
		    "--quorum is the number of policy keys that must sign: 1 "
		    "to %zu.",
		    o->policy_keys.n);
	r.quorum = (unsigned)o->quorum;
	code = parse_keys(&t, &o->policy_keys, r.policy_keys, &r.n_policy_keys);
	if (code == EXIT_DONE)
		code = parse_keys(&t, &o->instance_keys, r.instance_keys,
		    &r.n_instance_keys);
	if (code == EXIT_DONE)
		code = o->previous != NULL ? follow(&t, o->previous, &r)
					   : begin(&t, o, &r);
	return code == EXIT_DONE ? write_text(&t, o, &r) : code;
}

enum exit_code
ctl_root_sign(const void *values, const struct args *args)
{
	return ctl_sign_file(values, args->at[0], NOTE_ROOT);
}

static void
print_keys(const struct term *t, const char *what, const struct note_key *key,
    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct buf out CLEAN_BUF = BUF_INIT(1024);

		note_vkey_put(&out, &key[i]);
		term_item(t, 1, "%s %.*s", what, (int)out.n,
		    (const char *)out.p);
	}
}

static void
print_root(const struct term *t, const struct root *r, const char *hash0,
    const char *words)
{
	term_say(t, "%s, root %" PRIu32 ".", r->org, r->serial);
	term_item(t, 1, "%u of %zu policy keys must sign.", r->quorum,
	    r->n_policy_keys);
	print_keys(t, "policy  ", r->policy_keys, r->n_policy_keys);
	print_keys(t, "instance", r->instance_keys, r->n_instance_keys);
	term_item(t, 1, "Hash of root 0 (--root-hash): %s", hash0);
	term_item(t, 1, "The same for the poster: %s", words);
}

static enum exit_code
print_json(const struct term *t, const struct root *r, const char *hash0,
    const char *words)
{
	json_t *j = json_pack("{s:s, s:I, s:I, s:s, s:s}", "org", r->org,
	    "serial", (json_int_t)r->serial, "quorum", (json_int_t)r->quorum,
	    "root_hash", hash0, "words", words);

	return json_print(t, j);
}

enum exit_code
ctl_root_show(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);
	struct root r;
	uint8_t hash0[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1], words[RECEIPT_TEXT_MAX];
	enum exit_code code = roots_read(&t, (const char *const *)args->at,
	    args->n, o->root_hash, hash0, &r);
	enum err err;

	if (code != EXIT_DONE)
		return code;
	hex_encode(hex, hash0, sizeof(hash0));
	err = root_fingerprint(hash0, words);
	if (err != ERR_OK)
		return fail_err(&t, err, "The fingerprint");
	if (o->json)
		return print_json(&t, &r, hex, words);
	print_root(&t, &r, hex, words);
	return EXIT_DONE;
}
