#include "client/staff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/codec.h"
#include "crypto/lines.h"

/*
 * What is remembered in the state directory, in small files of text lines. They
 * decide whom this person seals to, so one that cannot be read is an error and
 * not a new beginning.
 *
 *	server-<start of SHA-256 of the URL>	its root 0
 *	<start of root 0's hash>-newest		serials of root and policy
 *	<start of root 0's hash>-policy-N	the policy's note
 */

static char *
path_of(const struct staff *s, const char *kind,
    const uint8_t hash[static SHA256_LEN], const char *end)
{
	char hex[2 * 8 + 1], *path = NULL;

	hex_encode(hex, hash, 8);
	return asprintf(&path, "%s/%s%s%s", s->state, kind, hex, end) < 0
	    ? NULL
	    : path;
}

static char *
root_file(const struct staff *s, const char *end)
{
	return path_of(s, "", s->server.hash0, end);
}

static bool
is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static enum exit_code
damaged(const struct staff *s, const char *path)
{
	return term_fail(&s->term, EXIT_REFUSED,
	    "%s is damaged. It says what this server showed before, so nothing "
	    "was done. Remove it only with --root-hash from the poster.",
	    path);
}

/* --- the server's organisation --- */

static enum exit_code
write_server(struct staff *s, const char *path)
{
	struct buf x CLEAN_BUF = BUF_INIT(1024);

	lines_put_hex(&x, "root", s->server.hash0, SHA256_LEN);
	return file_write(&s->term, path, buf_bytes(&x), FILE_PRIVATE, true);
}

static enum exit_code
say_first(struct staff *s, const char *path)
{
	char words[RECEIPT_TEXT_MAX];
	enum err err = root_fingerprint(s->server.hash0, words);

	if (err != ERR_OK)
		return fail_err(&s->term, err, "The fingerprint");
	if (s->o->common.root_hash == NULL)
		term_warn(&s->term,
		    "This server is new here, and is trusted from now on. Its "
		    "fingerprint must be the one on the poster: %s",
		    words);
	else
		term_warn(&s->term,
		    "This address was not used here before: %s. If it is not "
		    "the one that you were given, stop: anybody can show what "
		    "your organisation shows.",
		    s->o->common.server);
	return write_server(s, path);
}

/* A pin was held against the root already, and stands above memory. */
static enum exit_code
compare_server(struct staff *s, const char *path)
{
	struct buf x CLEAN_BUF = BUF_INIT(1024);
	uint8_t hash0[SHA256_LEN];
	enum exit_code code = file_read(&s->term, path, &x);
	struct lines l = lines_over(buf_bytes(&x));

	if (code != EXIT_DONE)
		return code;
	lines_get_hex(&l, "root", hash0, sizeof(hash0));
	if (lines_end(&l) != ERR_OK)
		return damaged(s, path);
	if (memcmp(hash0, s->server.hash0, SHA256_LEN) == 0)
		return EXIT_DONE;
	if (s->o->common.root_hash != NULL)
		return write_server(s, path);
	return term_fail(&s->term, EXIT_REFUSED,
	    "The server is another organisation's than it was before. Somebody "
	    "may be tampering, so nothing was done. If it is right, say "
	    "--root-hash with the words on the poster.");
}

struct bytes
staff_server(const struct staff *s)
{
	struct bytes url = bytes_str(s->o->common.server);

	if (url.n > 0 && url.p[url.n - 1] == '/')
		url.n--;
	return url;
}

static enum exit_code
check_server(struct staff *s)
{
	uint8_t hash[SHA256_LEN];
	enum exit_code code;
	char *path = NULL;

	if (sha256(staff_server(s), hash) == ERR_OK)
		path = path_of(s, "server-", hash, "");
	if (path == NULL)
		return fail_err(&s->term, ERR_NOMEM, "The server");
	code = is_there(path) ? compare_server(s, path) : say_first(s, path);
	free(path);
	return code;
}

/* --- root and policy --- */

struct newest {
	uint64_t root, policy; /* serials */
	uint8_t hash[SHA256_LEN];
};

static struct newest
newest_now(const struct staff *s)
{
	struct newest now = { .root = s->server.root.serial,
		.policy = s->server.policy->serial };

	memcpy(now.hash, s->server.status.hash, sizeof(now.hash));
	return now;
}

static enum exit_code
read_newest(const struct staff *s, const char *path, struct newest *ret)
{
	struct buf x CLEAN_BUF = BUF_INIT(1024);
	enum exit_code code = file_read(&s->term, path, &x);
	struct lines l = lines_over(buf_bytes(&x));

	if (code != EXIT_DONE)
		return code;
	ret->root = lines_get_number(&l, "root", UINT32_MAX);
	ret->policy = lines_get_number(&l, "serial", UINT32_MAX);
	lines_get_hex(&l, "policy", ret->hash, SHA256_LEN);
	return lines_end(&l) == ERR_OK ? EXIT_DONE : damaged(s, path);
}

static enum exit_code
write_newest(struct staff *s, const char *path)
{
	struct buf x CLEAN_BUF = BUF_INIT(1024);

	lines_put_number(&x, "root", s->server.root.serial);
	lines_put_number(&x, "serial", s->server.policy->serial);
	lines_put_hex(&x, "policy", s->server.status.hash, SHA256_LEN);
	return file_write(&s->term, path, buf_bytes(&x), FILE_PRIVATE, true);
}

/* An older root may name keys that were taken out because they were stolen. */
static enum exit_code
compare_newest(struct staff *s, const char *path)
{
	struct newest now = newest_now(s), seen = { 0 };
	enum exit_code code = read_newest(s, path, &seen);

	if (code != EXIT_DONE)
		return code;
	if (now.root < seen.root || now.policy < seen.policy ||
	    (now.policy == seen.policy &&
		memcmp(now.hash, seen.hash, SHA256_LEN) != 0))
		return term_fail(&s->term, EXIT_REFUSED,
		    "The server shows "
		    "policy %" PRIu64 " under root %" PRIu64 ", but it showed "
		    "policy %" PRIu64 " under root %" PRIu64 " before. "
		    "Somebody may be tampering, so nothing was done. Please "
		    "tell the people who run the service.",
		    now.policy, now.root, seen.policy, seen.root);
	return now.root > seen.root || now.policy > seen.policy
	    ? write_newest(s, path)
	    : EXIT_DONE;
}

static enum exit_code
check_newest(struct staff *s)
{
	char *path = root_file(s, "-newest");
	enum exit_code code;

	if (path == NULL)
		return fail_err(&s->term, ERR_NOMEM, "The policy");
	code = is_there(path) ? compare_newest(s, path) : write_newest(s, path);
	free(path);
	return code;
}

/* --- the policies themselves --- */

static char *
policy_file(const struct staff *s, uint32_t serial)
{
	char end[32];

	(void)snprintf(end, sizeof(end), "-policy-%" PRIu32, serial);
	return root_file(s, end);
}

static enum exit_code
keep_policy(struct staff *s)
{
	char *path = policy_file(s, s->server.policy->serial);
	enum exit_code code;

	if (path == NULL)
		return fail_err(&s->term, ERR_NOMEM, "The policy");
	code = is_there(path)
	    ? EXIT_DONE
	    : file_write(&s->term, path, buf_bytes(&s->server.note),
		  FILE_PRIVATE, true);
	free(path);
	return code;
}

/* An older policy, where it was seen here and its signatures still count. */
static void
recall(struct staff *s, uint32_t serial)
{
	struct buf x CLEAN_BUF = BUF_INIT(NOTE_MAX);
	struct policy_status status;
	struct policy *p = NULL;
	char *path = policy_file(s, serial);

	if (path != NULL && is_there(path) &&
	    file_read(&s->term, path, &x) == EXIT_DONE &&
	    policy_open(buf_bytes(&x), &s->server.root, 0, 0, &p, &status) ==
		ERR_OK) {
		s->old[s->n_known] = p;
		s->known[s->n_known].policy = p;
		memcpy(s->known[s->n_known++].hash, status.hash, SHA256_LEN);
	}
	free(path);
}

static void
recall_all(struct staff *s)
{
	uint32_t serial = s->server.policy->serial;

	s->known[0].policy = s->server.policy;
	memcpy(s->known[0].hash, s->server.status.hash, SHA256_LEN);
	s->n_known = 1;
	while (serial-- > 1 && s->n_known < CONVERSATION_POLICIES_MAX &&
	    s->server.policy->serial - serial < CONVERSATION_POLICIES_MAX)
		recall(s, serial);
}

enum exit_code
staff_remember(struct staff *s)
{
	enum exit_code code = check_server(s);

	if (code == EXIT_DONE)
		code = check_newest(s);
	if (code == EXIT_DONE)
		code = keep_policy(s);
	if (code == EXIT_DONE)
		recall_all(s);
	return code;
}
