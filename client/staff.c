#include "client/staff.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/codec.h"
#include "crypto/lines.h"

/* --- where things are kept --- */

static char *
default_state(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int n = -1;

	if (state != NULL && state[0] == '/')
		n = asprintf(&path, "%s/speakup", state);
	else if (home != NULL && home[0] == '/')
		n = asprintf(&path, "%s/.local/state/speakup", home);
	return n < 0 ? NULL : path;
}

/* A directory and those above it that are not there. */
static enum exit_code
make_directories(const struct term *t, char *path)
{
	for (char *at = path + 1; *at != '\0'; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		(void)mkdir(path, 0700);
		*at = '/';
	}
	return file_directory(t, path);
}

static enum exit_code
find_places(struct staff *s)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	int n;

	s->state = s->o->state != NULL ? strdup(s->o->state)
				       : default_state();
	if (s->state == NULL)
		return term_fail(&s->term, EXIT_USAGE,
		    "Where may this program remember the policy that it saw? "
		    "Say --state DIRECTORY.");
	if (s->o->session_file != NULL)
		n = asprintf(&s->session_path, "%s", s->o->session_file);
	else if (s->o->state == NULL && run != NULL && run[0] == '/')
		n = asprintf(&s->session_path, "%s/ftsu-session", run);
	else
		n = asprintf(&s->session_path, "%s/session", s->state);
	if (n < 0) {
		s->session_path = NULL;
		return fail_err(&s->term, ERR_NOMEM, "The session");
	}
	return make_directories(&s->term, s->state);
}

/* "STATE/<start of root 0's hash>-END", one set for each organisation. */
static char *
state_file(const struct staff *s, const char *end)
{
	char hex[2 * 8 + 1], *path = NULL;

	hex_encode(hex, s->server.hash0, 8);
	return asprintf(&path, "%s/%s-%s", s->state, hex, end) < 0 ? NULL
								   : path;
}

/* --- policies seen before --- */

/* What was the newest: its serial and hash. */
static bool
read_newest(const char *path, uint64_t *ret_serial,
    uint8_t hash[static SHA256_LEN])
{
	struct buf x CLEAN_BUF = BUF_INIT(1024);
	struct term quiet = { .program = "ftsu" };
	struct lines l;

	if (access(path, F_OK) != 0 ||
	    file_read(&quiet, path, &x) != EXIT_DONE)
		return false;
	l = lines_over(buf_bytes(&x));
	*ret_serial = lines_get_number(&l, "serial", UINT32_MAX);
	lines_get_hex(&l, "policy", hash, SHA256_LEN);
	return lines_end(&l) == ERR_OK;
}

static enum exit_code
write_newest(struct staff *s, const char *path)
{
	struct buf x CLEAN_BUF = BUF_INIT(1024);

	lines_put_number(&x, "serial", s->server.policy->serial);
	lines_put_hex(&x, "policy", s->server.status.hash, SHA256_LEN);
	return file_write(&s->term, path, buf_bytes(&x), FILE_PRIVATE, true);
}

static enum exit_code
remember_note(struct staff *s)
{
	char end[32], *path;
	enum exit_code code;

	(void)snprintf(end, sizeof(end), "policy-%" PRIu32,
	    s->server.policy->serial);
	path = state_file(s, end);
	if (path == NULL)
		return fail_err(&s->term, ERR_NOMEM, "The policy");
	code = access(path, F_OK) == 0 ? EXIT_DONE
	    : file_write(&s->term, path, buf_bytes(&s->server.note),
		  FILE_PRIVATE, true);
	free(path);
	return code;
}

/* Not older than, and if as old then the same as, the newest seen. */
static enum exit_code
check_newest(struct staff *s)
{
	uint8_t hash[SHA256_LEN];
	uint64_t serial = 0;
	char *path = state_file(s, "newest");
	enum exit_code code = EXIT_DONE;
	bool known;

	if (path == NULL)
		return fail_err(&s->term, ERR_NOMEM, "The policy");
	known = read_newest(path, &serial, hash);
	if (known && (s->server.policy->serial < serial ||
		(s->server.policy->serial == serial &&
		    memcmp(hash, s->server.status.hash, SHA256_LEN) != 0)))
		code = term_fail(&s->term, EXIT_REFUSED, "The server shows "
		    "policy %" PRIu32 ", but it showed policy %" PRIu64
		    " before. Somebody may be tampering, so nothing was done. "
		    "Please tell the people who run the service.",
		    s->server.policy->serial, serial);
	else if (!known || s->server.policy->serial > serial)
		code = write_newest(s, path);
	free(path);
	return code == EXIT_DONE ? remember_note(s) : code;
}

/* An older policy, where it was seen here and its signatures still count. */
static void
recall(struct staff *s, uint32_t serial)
{
	struct buf x CLEAN_BUF = BUF_INIT(NOTE_MAX);
	struct policy_status status;
	struct policy *p = NULL;
	char end[32], *path;

	(void)snprintf(end, sizeof(end), "policy-%" PRIu32, serial);
	path = state_file(s, end);
	if (path != NULL && access(path, R_OK) == 0 &&
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
staff_open(const struct ftsu_options *o, struct staff *ret)
{
	struct server_config config = common_server(&o->common);
	enum exit_code code;

	*ret = (struct staff){ .o = o };
	ret->term = (struct term){ .program = "ftsu",
		.json = o->common.json, .yes = o->common.yes };
	code = find_places(ret);
	if (code == EXIT_DONE)
		code = server_open(&ret->term, &config, &ret->server);
	if (code == EXIT_DONE)
		code = check_newest(ret);
	if (code == EXIT_DONE)
		recall_all(ret);
	return code;
}

void
staff_close(struct staff *s)
{
	server_close(&s->server);
	for (size_t i = 0; i < CONVERSATION_POLICIES_MAX; i++)
		s->old[i] = policy_free(s->old[i]);
	free(s->state);
	free(s->session_path);
	bytes_wipe(s, sizeof(*s));
}

/* --- sessions --- */

enum exit_code
staff_session_save(struct staff *s,
    const uint8_t session[static BUNDLE_SESSION_LEN])
{
	struct buf x CLEAN_BUF = BUF_INIT(1024);

	lines_put_hex(&x, "root", s->server.hash0, SHA256_LEN);
	lines_put_number(&x, "person", s->person->number);
	lines_put_hex(&x, "session", session, BUNDLE_SESSION_LEN);
	return file_write(&s->term, s->session_path, buf_bytes(&x),
	    FILE_PRIVATE, true);
}

void
staff_session_forget(struct staff *s)
{
	(void)unlink(s->session_path);
}

static enum exit_code
no_session(const struct staff *s)
{
	return term_fail(&s->term, EXIT_LOGIN,
	    "You are not logged in. Please log in first: ftsu login.");
}

enum exit_code
staff_session(struct staff *s)
{
	struct buf x CLEAN_BUF = BUF_INIT(1024);
	uint8_t hash0[SHA256_LEN];
	uint64_t person;
	struct lines l;

	if (access(s->session_path, R_OK) != 0 ||
	    file_read(&s->term, s->session_path, &x) != EXIT_DONE)
		return no_session(s);
	l = lines_over(buf_bytes(&x));
	lines_get_hex(&l, "root", hash0, SHA256_LEN);
	person = lines_get_number(&l, "person", UINT16_MAX);
	lines_get_hex(&l, "session", s->session, BUNDLE_SESSION_LEN);
	if (lines_end(&l) != ERR_OK ||
	    memcmp(hash0, s->server.hash0, SHA256_LEN) != 0 ||
	    (s->person != NULL && s->person->number != person))
		return no_session(s);
	return EXIT_DONE;
}
