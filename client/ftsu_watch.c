#include "client/ftsu.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/staff_queue.h"

/*
 * Waits for changes of this person's queue. What is said, and what a hook is
 * started with, is always the same: it may be seen on a screen or in a list of
 * processes by somebody else.
 */

#define PATIENCE_SECONDS 600 /* the server answers after some minutes */
#define PAUSE_SECONDS 30

struct watching {
	struct staff *s;
	uint8_t mark[BUNDLE_MARK_LEN];
	uint8_t seen[SHA256_LEN]; /* the queue when this began */
	bool is_marked;
};

/* A change before the first answer is not in its mark: so the queue of the
 * beginning is held against that of then. */
static enum exit_code
look(struct staff *s, uint8_t out[static SHA256_LEN])
{
	struct buf x CLEAN_BUF = BUF_INIT(64 * 1024 * 1024);
	struct staff_queue q = { 0 };
	enum exit_code code = staff_queue_fetch(s, 0, true, &q);

	for (size_t i = 0; i < q.n; i++) {
		buf_put(&x, q.row[i].case_id, CASE_ID_LEN);
		buf_put_u32(&x, q.row[i].talk);
		buf_put_u32(&x, q.row[i].staff);
		buf_put_u16(&x, q.row[i].flags);
		buf_put_u8(&x, (uint8_t)q.row[i].state);
		buf_put_u8(&x, q.row[i].band);
	}
	for (size_t i = 0; i < q.n_overdue; i++) {
		buf_put_u16(&x, q.overdue[i].route);
		buf_put_u32(&x, q.overdue[i].count);
	}
	staff_queue_free(&q);
	if (code == EXIT_DONE &&
	    (x.err != ERR_OK || sha256(buf_bytes(&x), out) != ERR_OK))
		code = fail_err(&s->term, ERR_NOMEM, "The queue");
	return code;
}

static enum exit_code
run_hook(const struct staff *s)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", s->o->hook, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		term_warn(&s->term, "The hook failed.");
	return EXIT_DONE;
}

static enum exit_code
tell(const struct staff *s)
{
	if (s->o->hook != NULL)
		return run_hook(s);
	printf("%s\n",
	    s->term.json ? "{\"changed\":true}"
			 : "Something is waiting for you.");
	(void)fflush(stdout);
	return EXIT_DONE;
}

static enum reply
ask(struct watching *w, uint8_t mark[static BUNDLE_MARK_LEN])
{
	struct bundle_request r = { .kind = REQUEST_WATCH };
	const struct bundle_answer *a;
	enum reply reply;

	memcpy(r.watch.session, w->s->session, BUNDLE_SESSION_LEN);
	memcpy(r.watch.mark, w->mark, BUNDLE_MARK_LEN);
	reply = server_ask(&w->s->server, &r, &a);
	bytes_wipe(&r, sizeof(r));
	if (reply == REPLY_OK)
		memcpy(mark, a->changed.mark, BUNDLE_MARK_LEN);
	return reply;
}

/* *ret: whether something changed since the last time. */
static enum exit_code
wait_once(struct watching *w, bool *ret)
{
	uint8_t mark[BUNDLE_MARK_LEN], now[SHA256_LEN];
	enum reply reply = ask(w, mark);
	enum exit_code code = EXIT_DONE;

	*ret = false;
	if (reply == REPLY_NONE || reply == REPLY_BUSY || reply == REPLY_DOWN) {
		(void)sleep(PAUSE_SECONDS);
		return EXIT_DONE;
	}
	if (reply != REPLY_OK)
		return server_fail(&w->s->server, reply, "");
	if (w->is_marked)
		*ret = memcmp(mark, w->mark, sizeof(mark)) != 0;
	else
		code = look(w->s, now);
	if (!w->is_marked && code == EXIT_DONE)
		*ret = memcmp(now, w->seen, sizeof(now)) != 0;
	memcpy(w->mark, mark, sizeof(mark));
	w->is_marked = true;
	return code;
}

enum exit_code
ftsu_watch(const void *values, const struct args *args)
{
	const struct ftsu_options *o = values;
	struct staff s;
	struct watching w = { .s = &s };
	bool changed = false;
	enum exit_code code = staff_open(o, &s);

	(void)args;
	if (code == EXIT_DONE)
		code = staff_session(&s);
	if (code == EXIT_DONE)
		code = look(&s, w.seen);
	if (code == EXIT_DONE &&
	    http_patience(s.server.http, PATIENCE_SECONDS) != HTTP_ANSWERED)
		code = fail_err(&s.term, ERR_NOMEM, "The connection");
	while (code == EXIT_DONE && !(changed && o->once)) {
		code = wait_once(&w, &changed);
		if (code == EXIT_DONE && changed)
			code = tell(&s);
	}
	staff_close(&s);
	return code;
}
