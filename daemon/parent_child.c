#include "daemon/parent.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/exits.h"
#include "daemon/notify.h"

#define CONTROL_FD 3
#define FRONT_BYTES_MIN (1024 * 1024) /* a few pieces */
#define MIB (1024 * 1024)

int64_t
monotonic_now(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_MONOTONIC, &t) == 0 ? t.tv_sec : 0;
}

/* --- starting --- */

/* A terminal's keys, and systemd where it signals the whole group, are for the
 * parent: children are told by it. */
static bool
reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig,
		    sig == SIGINT || sig == SIGTERM || sig == SIGHUP ? SIG_IGN
								     : SIG_DFL);
	return sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

/* After the fork: only what a forked process may do. The role is this binary
 * again, so that it has none of the parent's memory. */
static _Noreturn void
become_role(bool is_vault, int control)
{
	char *const argv[] = { (char[]){ "speakupd" },
		is_vault ? (char[]){ "--role=vault" }
			 : (char[]){ "--role=front" },
		NULL };
	int null = open("/dev/null", O_RDWR);

	notify_forget();
	unsetenv("CREDENTIALS_DIRECTORY");
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
	    dup2(null, STDOUT_FILENO) >= 0 && reset_signals() &&
	    dup2(control, CONTROL_FD) >= 0 &&
	    fcntl(CONTROL_FD, F_SETFD, 0) == 0 &&
	    close_range(CONTROL_FD + 1, ~0U, 0) == 0)
		execv("/proc/self/exe", argv);
	_exit(EXIT_TRY_AGAIN);
}

/* Until a child has put the parent's handlers off, no signal reaches it: they
 * would tell the parent's loop, whose descriptors it shares. */
static pid_t
fork_role(bool is_vault, int control)
{
	sigset_t all, before;
	pid_t pid;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	if ((pid = fork()) == 0)
		become_role(is_vault, control);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

enum err
child_start(struct child *c, const struct channel_calls *calls)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return ERR_IO;
	pid = fork_role(c->is_vault, pair[1]);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return ERR_IO;
	}
	c->pid = pid;
	c->is_ready = false;
	c->silent = 0;
	c->started = monotonic_now();
	return channel_open(c->parent->base, pair[0], PEER_PARENT,
	    c->is_vault ? PEER_VAULT : PEER_FRONT, calls, c, &c->channel);
}

void
child_forget(struct child *c)
{
	c->channel = channel_free(c->channel);
	c->pid = 0;
	c->is_ready = false;
}

void
child_kill(struct child *c)
{
	if (c->pid > 0)
		(void)kill(c->pid, SIGKILL);
}

/* --- what children are told --- */

static enum err
send_buf(struct child *c, enum wire_type type, struct buf *body)
{
	enum err e = body->err;

	if (e == ERR_OK)
		e = channel_send(c->channel, type, 0, 0, buf_bytes(body));
	buf_free(body);
	return e;
}

static enum err
send_start(struct child *c)
{
	return channel_send(c->channel, WIRE_START, 0, 0, BYTES(NULL, 0));
}

enum err
child_send_policy(struct child *c, const struct inputs *in)
{
	if (c->channel == NULL)
		return ERR_IO;
	return channel_send(c->channel, WIRE_POLICY, 0, 0,
	    buf_bytes(&in->policy));
}

enum err
child_send_pages(struct child *c, const struct inputs *in)
{
	return channel_send(c->channel, WIRE_PAGES, 0, 0,
	    buf_bytes(&in->pages));
}

enum err
child_send_tls(struct child *c, const struct inputs *in)
{
	const struct front_secret s = { .key = buf_bytes(&in->key),
		.certificate = buf_bytes(&in->certificate) };
	struct buf body = BUF_INIT(WIRE_BODY_MAX);

	front_secret_put(&body, &s);
	return send_buf(c, WIRE_SECRET, &body);
}

static enum err
send_vault_config(struct child *c, const struct config *config)
{
	struct vault_config v = { .space = config->limits.store_mib * MIB,
		.attachments = config->limits.attachments_percent,
		.quiet = config->limits.quiet };
	struct buf body = BUF_INIT(WIRE_BODY_MAX);

	_Static_assert(sizeof(v.state) >= sizeof(config->state),
	    "a path of the configuration fits its frame");
	for (size_t i = 0; config->state[i] != '\0'; i++)
		v.state[i] = config->state[i];
	memcpy(v.work_key, c->parent->work_key, sizeof(v.work_key));
	vault_config_put(&body, &v);
	return send_buf(c, WIRE_CONFIG, &body);
}

static enum err
send_front_config(struct child *c, const struct config *config)
{
	const struct config_limits *l = &config->limits;
	struct front_config f = { .rate = l->rate,
		.handshake = l->handshake,
		.header = l->header,
		.body = l->body,
		.answer = l->answer,
		.idle = l->idle,
		.drain = l->drain,
		.tls_1_2 = config->tls.minimum == TLS_MINIMUM_1_2 };
	struct buf body = BUF_INIT(WIRE_BODY_MAX);

	f.connections = (l->connections + config->fronts - 1) / config->fronts;
	f.bytes = l->in_flight_mib * MIB / config->fronts;
	if (f.bytes < FRONT_BYTES_MIN)
		f.bytes = FRONT_BYTES_MIN;
	memcpy(f.work_key, c->parent->work_key, sizeof(f.work_key));
	front_config_put(&body, &f);
	return send_buf(c, WIRE_CONFIG, &body);
}

enum err
child_introduce_vault(struct parent *p)
{
	struct buf secret = BUF_INIT(WIRE_BODY_MAX);
	struct child *c = &p->vault;
	enum err e;

	if ((e = send_vault_config(c, p->config)) != ERR_OK)
		return e;
	vault_secret_put(&secret, &p->secret);
	bytes_wipe(&p->secret, sizeof(p->secret));
	if ((e = send_buf(c, WIRE_SECRET, &secret)) != ERR_OK ||
	    (e = child_send_policy(c, &p->inputs)) != ERR_OK)
		return e;
	if (p->listeners.has_notify)
		e = channel_send_fd(c->channel, WIRE_LISTENER, 0,
		    p->listeners.notify);
	return e == ERR_OK ? send_start(c) : e;
}

/* A socket of their own between a front and the vault. */
static enum err
send_peers(struct parent *p, struct child *c)
{
	int pair[2];
	enum err e;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return ERR_IO;
	e = channel_send_fd(p->vault.channel, WIRE_PEER, 0, pair[0]);
	if (e == ERR_OK)
		e = channel_send_fd(c->channel, WIRE_PEER, 0, pair[1]);
	close(pair[0]);
	close(pair[1]);
	return e;
}

enum err
child_introduce_front(struct parent *p, struct child *c)
{
	enum err e;

	if ((e = send_front_config(c, p->config)) != ERR_OK ||
	    (e = child_send_tls(c, &p->inputs)) != ERR_OK ||
	    (e = child_send_pages(c, &p->inputs)) != ERR_OK ||
	    (e = child_send_policy(c, &p->inputs)) != ERR_OK)
		return e;
	for (size_t i = 0; i < p->listeners.n && e == ERR_OK; i++)
		e = channel_send_fd(c->channel, WIRE_LISTENER,
		    (uint16_t)p->config->listeners[i].flags,
		    p->listeners.fd[i]);
	if (e == ERR_OK)
		e = send_peers(p, c);
	return e == ERR_OK ? send_start(c) : e;
}
