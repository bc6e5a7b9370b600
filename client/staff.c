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

	s->state = s->o->state != NULL ? strdup(s->o->state) : default_state();
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

enum exit_code
staff_open(const struct ftsu_options *o, struct staff *ret)
{
	struct server_config config = common_server(&o->common);
	enum exit_code code;

	*ret = (struct staff){ .o = o };
	ret->term = (struct term){
		.program = "ftsu", .json = o->common.json, .yes = o->common.yes
	};
	code = find_places(ret);
	if (code == EXIT_DONE)
		code = server_open(&ret->term, &config, &ret->server);
	return code == EXIT_DONE ? staff_remember(ret) : code;
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

#define SESSION_FILE_MAX 2048

enum exit_code
staff_session_save(struct staff *s,
    const uint8_t session[static BUNDLE_SESSION_LEN])
{
	struct buf x CLEAN_BUF = BUF_INIT(SESSION_FILE_MAX);

	lines_put(&x, "server", staff_server(s));
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
	struct buf x CLEAN_BUF = BUF_INIT(SESSION_FILE_MAX);
	uint8_t hash0[SHA256_LEN];
	struct bytes server;
	uint64_t person;
	struct lines l;

	if (access(s->session_path, R_OK) != 0 ||
	    file_read(&s->term, s->session_path, &x) != EXIT_DONE)
		return no_session(s);
	l = lines_over(buf_bytes(&x));
	server = lines_get(&l, "server");
	lines_get_hex(&l, "root", hash0, SHA256_LEN);
	person = lines_get_number(&l, "person", UINT16_MAX);
	lines_get_hex(&l, "session", s->session, BUNDLE_SESSION_LEN);
	if (lines_end(&l) != ERR_OK || !bytes_equal(server, staff_server(s)) ||
	    memcmp(hash0, s->server.hash0, SHA256_LEN) != 0 ||
	    (s->person != NULL && s->person->number != person))
		return no_session(s);
	return EXIT_DONE;
}
