#include "client/staff.h"

#include <string.h>

static enum exit_code
login_with(struct staff *s,
    const uint8_t challenge[static BUNDLE_CHALLENGE_LEN])
{
	struct login login = { .person = s->person->number };
	struct bundle_request r = { .kind = REQUEST_LOGIN };
	struct buf note CLEAN_BUF = BUF_INIT(LOGIN_NOTE_MAX);
	const struct bundle_answer *a;
	enum reply reply;
	enum err err;

	memcpy(login.root, s->server.hash0, sizeof(login.root));
	memcpy(login.challenge, challenge, sizeof(login.challenge));
	err = login_sign(&login, s->seed, &note);
	if (err != ERR_OK)
		return fail_err(&s->term, err, "Logging in");
	r.login.note = buf_bytes(&note);
	reply = server_ask(&s->server, &r, &a);
	if (reply != REPLY_OK)
		return server_fail(&s->server, reply, "You are not logged in.");
	return staff_session_save(s, a->session.session);
}

static enum exit_code
login(struct staff *s)
{
	struct bundle_request r = { .kind = REQUEST_CHALLENGE };
	const struct bundle_answer *a;
	enum reply reply;

	r.challenge.person = s->person->number;
	reply = server_ask_again(&s->server, &r, &a);
	if (reply != REPLY_OK)
		return server_fail(&s->server, reply, "You are not logged in.");
	return login_with(s, a->challenge.challenge);
}

enum exit_code
ftsu_login(const void *values, const struct args *args)
{
	struct staff s;
	enum exit_code code = staff_open(values, &s);

	(void)args;
	if (code == EXIT_DONE)
		code = staff_unlock(&s);
	if (code == EXIT_DONE)
		code = login(&s);
	if (code == EXIT_DONE)
		term_say(&s.term,
		    "Hello %s. You are logged in to %s. The session ends after "
		    "15 minutes without use.",
		    s.person->name, s.server.policy->org);
	staff_close(&s);
	return code;
}

enum exit_code
ftsu_logout(const void *values, const struct args *args)
{
	struct bundle_request r = { .kind = REQUEST_LOGOUT };
	const struct bundle_answer *a;
	struct staff s;
	enum exit_code code = staff_open(values, &s);
	enum reply reply;

	(void)args;
	if (code == EXIT_DONE)
		code = staff_session(&s);
	if (code == EXIT_DONE) {
		memcpy(r.logout.session, s.session, BUNDLE_SESSION_LEN);
		reply = server_ask_again(&s.server, &r, &a);
		staff_session_forget(&s);
		if (reply != REPLY_OK && reply != REPLY_NO_SESSION)
			code = server_fail(&s.server, reply,
			    "The session is forgotten here, but may go on at "
			    "the server for up to 15 minutes.");
		else
			term_say(&s.term, "You are logged out.");
	}
	bytes_wipe(&r, sizeof(r));
	staff_close(&s);
	return code;
}
