#include "client/ctl_poster.h"

#include <string.h>

#include "client/ctl.h"
#include "client/roots.h"
#include "crypto/env.h"

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* A scheme, a host and perhaps a port, and nothing that is markup. */
static bool
address_ok(const char *url, const char *scheme)
{
	static const char host[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
	const char *at = url + strlen(scheme);

	if (!begins(url, scheme) || strlen(url) > POSTER_URL_MAX)
		return false;
	return *at != '\0' && at[strspn(at, host)] == '\0';
}

static enum exit_code
check_addresses(const struct ctl_options *o, const struct term *t)
{
	if (o->server == NULL || o->roots.n == 0 || o->policy == NULL)
		return term_fail(t, EXIT_USAGE,
		    "A poster needs --server, --root and --policy.");
	if (!address_ok(o->server, "https://"))
		return term_fail(t, EXIT_USAGE,
		    "--server is https:// and a name, with nothing behind it.");
	if (o->onion != NULL &&
	    !((address_ok(o->onion, "http://") ||
		  address_ok(o->onion, "https://")) &&
		strstr(o->onion, ".onion") != NULL))
		return term_fail(t, EXIT_USAGE,
		    "--onion is http:// and a name that ends in .onion, with "
		    "nothing behind it.");
	return EXIT_DONE;
}

static enum exit_code
open_policy(const struct ctl_options *o, const struct term *t,
    const struct root *root, struct policy **ret)
{
	struct buf x CLEAN_BUF = BUF_INIT(NOTE_MAX);
	struct policy_status status;
	enum exit_code code = file_read(t, o->policy, &x);
	enum err err;

	if (code != EXIT_DONE)
		return code;
	err = policy_open(buf_bytes(&x), root, env_now(&env_system), 0, ret,
	    &status);
	return err == ERR_OK
	    ? EXIT_DONE
	    : term_fail(t, EXIT_REFUSED,
		  "This policy is not signed by enough of the root's keys, is "
		  "not this organisation's, or has ended.");
}

static enum exit_code
write_poster(const struct ctl_options *o, const struct term *t,
    const struct poster *p)
{
	struct buf svg CLEAN_BUF = BUF_INIT(POSTER_MAX);
	enum err err = poster_put(p, &svg);

	if (err != ERR_OK)
		return fail_err(t, err, "The poster");
	return file_write(t, o->out != NULL ? o->out : "-", buf_bytes(&svg),
	    FILE_PUBLIC, o->force);
}

enum exit_code
ctl_poster(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);
	struct poster p = { .server = o->server, .onion = o->onion };
	struct policy *policy CLEAN_POLICY = NULL;
	uint8_t hash0[SHA256_LEN];
	struct root root;
	enum exit_code code = check_addresses(o, &t);

	(void)args;
	if (code == EXIT_DONE)
		code = roots_read(&t, o->roots.at, o->roots.n, o->root_hash,
		    hash0, &root);
	if (code == EXIT_DONE)
		code = open_policy(o, &t, &root, &policy);
	if (code != EXIT_DONE)
		return code;
	if (root_fingerprint(hash0, p.words) != ERR_OK)
		return fail_err(&t, ERR_CRYPTO, "The fingerprint");
	p.policy = policy;
	return write_poster(o, &t, &p);
}
