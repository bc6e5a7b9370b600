#include "tests/daemon/vault_world.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/front.h"
#include "daemon/wire_conn.h"
#include "sandbox/left_out.h"

/* A front as a process of its own, between a parent and a vault that are this
 * test. */

#define WAIT_MS 20000
#define ALIVE_MAX 10 /* it says so every two seconds */

struct process {
	struct world *w;
	pid_t pid;
	struct wire_conn *parent, *vault;
	int listener;
	struct sockaddr_in at;
};

static int
run_front(int control)
{
	int code = front_main(control);

	/* So that the sanitizer's own check at the end can look around. */
	if (!SANDBOX_IS_LEFT_OUT)
		return code;
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0 ? code : 99;
}

static void
spawn(struct process *p)
{
	int fd[2];

	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		close(fd[0]);
		close(p->listener);
		_exit(run_front(fd[1]));
	}
	close(fd[1]);
	assert_int_equal(ERR_OK,
	    wire_conn_new(fd[0], PEER_PARENT, PEER_FRONT, &p->parent));
}

/* False: the end. */
static bool
receive(struct wire_conn *c, struct wire_frame *ret)
{
	struct pollfd fd = { .fd = wire_conn_fd(c), .events = POLLIN };

	while (!wire_conn_next(c, ret)) {
		assert_int_equal(1, poll(&fd, 1, WAIT_MS));
		if (wire_conn_fill(c) != WIRE_FINE && wire_conn_waiting(c) == 0)
			return false;
	}
	return true;
}

static void
tell(struct process *p, enum wire_type type, const struct buf *body)
{
	assert_int_equal(ERR_OK,
	    wire_conn_send(p->parent, type, 0, 0, buf_bytes(body)));
	assert_int_equal(WIRE_FINE, wire_conn_flush(p->parent));
}

static void
give(struct process *p, enum wire_type type, uint16_t status, int fd)
{
	assert_int_equal(ERR_OK,
	    wire_conn_send_fd(p->parent, type, status, 0, fd));
	assert_int_equal(WIRE_FINE, wire_conn_flush(p->parent));
}

static void
tell_all(struct process *p)
{
	const struct front_config config = { .connections = 8,
		.bytes = 8 * 1024 * 1024,
		.rate = 256,
		.handshake = 60,
		.header = 60,
		.body = 60,
		.answer = 60,
		.idle = 60,
		.drain = 60 };
	const struct front_secret none = { 0 };
	CLEAN_BUF struct buf x = BUF_INIT(WIRE_BODY_MAX);

	front_config_put(&x, &config);
	tell(p, WIRE_CONFIG, &x);
	buf_reset(&x);
	front_secret_put(&x, &none);
	tell(p, WIRE_SECRET, &x);
	buf_reset(&x);
	tell(p, WIRE_PAGES, &x);
	world_policy_bundle(p->w, 1, REALM, &x);
	tell(p, WIRE_POLICY, &x);
}

static void
introduce(struct process *p)
{
	const struct buf nothing = { 0 };
	struct wire_frame f;
	int fd[2];

	tell_all(p);
	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	give(p, WIRE_LISTENER, LISTENER_PUBLIC, p->listener);
	give(p, WIRE_PEER, 0, fd[0]);
	close(fd[0]);
	assert_int_equal(ERR_OK,
	    wire_conn_new(fd[1], PEER_VAULT, PEER_FRONT, &p->vault));
	tell(p, WIRE_START, &nothing);
	assert_true(receive(p->parent, &f));
	assert_int_equal(WIRE_READY, f.head.type);
}

static int
setup(void **state)
{
	struct process *p = calloc(1, sizeof(*p));
	socklen_t n = sizeof(p->at);

	assert_non_null(p);
	p->at = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(0,
	    bind(p->listener, (struct sockaddr *)&p->at, sizeof(p->at)));
	assert_int_equal(0, listen(p->listener, 4));
	assert_int_equal(0,
	    getsockname(p->listener, (struct sockaddr *)&p->at, &n));
	p->w = world_new();
	spawn(p);
	introduce(p);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct process *p = *state;

	wire_conn_free(p->parent);
	wire_conn_free(p->vault);
	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	close(p->listener);
	world_free(p->w);
	free(p);
	return 0;
}

/* A poll, as a client sends it. */
static int
visit(const struct process *p)
{
	const struct bundle_request q = { .kind = REQUEST_POLL };
	const struct timeval most = { .tv_sec = WAIT_MS / 1000 };
	CLEAN_BUF struct buf body = BUF_INIT(BUNDLE_TEXT_LEN);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(0,
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most)));
	assert_int_equal(0,
	    connect(fd, (const struct sockaddr *)&p->at, sizeof(p->at)));
	assert_int_equal(ERR_OK, bundle_request_put(&q, &body));
	assert_int_equal(ERR_OK, bundle_pad(&body, BUNDLE_TEXT_LEN));
	assert_true(dprintf(fd,
			"POST /v1/text HTTP/1.1\r\nHost: x\r\n"
			"Content-Length: %zu\r\n\r\n",
			body.n) > 0);
	assert_int_equal(send(fd, body.p, body.n, MSG_NOSIGNAL), body.n);
	return fd;
}

/* The vault may live on; without the front's end nobody would connect the two
 * again, and all that this front is asked would be answered `down`. */
static void
test_a_front_whose_vault_is_gone_ends_after_its_answers(void **state)
{
	struct process *p = *state;
	char answer[13] = "";
	struct wire_frame f;
	int visitor = visit(p), status = -1, alive = 0;

	assert_true(receive(p->vault, &f));
	assert_int_equal(WIRE_TEXT, f.head.type);
	p->vault = wire_conn_free(p->vault);
	assert_int_equal(12, recv(visitor, answer, 12, MSG_WAITALL));
	assert_string_equal("HTTP/1.1 503", answer);
	close(visitor);
	while (alive < ALIVE_MAX && receive(p->parent, &f))
		alive++;
	assert_in_range(alive, 0, ALIVE_MAX - 1);
	assert_int_equal(p->pid, waitpid(p->pid, &status, 0));
	p->pid = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(0, WEXITSTATUS(status));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_a_front_whose_vault_is_gone_ends_after_its_answers,
		    setup, teardown),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
