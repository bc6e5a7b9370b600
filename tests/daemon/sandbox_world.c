#include "tests/daemon/sandbox_world.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct world world;

void
world_write_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "hello\n", 6), 6);
	close(fd);
}

static void
open_sockets(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *any = (struct sockaddr *)&to;
	socklen_t n = sizeof(to);

	world.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(world.listener, any, n), 0);
	assert_int_equal(listen(world.listener, 4), 0);
	assert_int_equal(getsockname(world.listener, any, &n), 0);
	world.connected[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(world.connected[0], any, n), 0);
	while ((world.connected[1] = accept(world.listener, NULL, NULL)) < 0)
		assert_int_equal(errno, EAGAIN);
	world.unbound = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(world.unbound >= 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, world.peers), 0);
}

static void
make_files(void)
{
	char *state = world.config.state, *policy = world.config.policy;
	char inputs[80], data[80];

	(void)snprintf(world.dir, sizeof(world.dir),
	    "/tmp/speakup-sandbox-XXXXXX");
	assert_non_null(mkdtemp(world.dir));
	(void)snprintf(state, 80, "%s/state", world.dir);
	(void)snprintf(inputs, sizeof(inputs), "%s/inputs", world.dir);
	(void)snprintf(policy, 90, "%s/policy", inputs);
	(void)snprintf(data, sizeof(data), "%s/state/data", world.dir);
	(void)snprintf(world.outside, sizeof(world.outside), "%s/outside",
	    world.dir);
	assert_int_equal(mkdir(state, 0700), 0);
	assert_int_equal(mkdir(inputs, 0700), 0);
	world_write_file(policy);
	world_write_file(data);
	world_write_file(world.outside);
	world.file = open(data, O_RDWR);
	assert_true(world.file >= 0);
}

static void
remove_files(void)
{
	static const char *const names[] = { "state/data", "state/new",
		"state/two", "state", "inputs/policy", "inputs", "outside",
		"new", "renamed", "link", "archive/1", "archive/2", "archive",
		"" };
	char path[96];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", world.dir,
		    names[i]);
		(void)remove(path);
	}
}

void
world_open(void)
{
	make_files();
	open_sockets();
	if ((world.victim = fork()) == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		pause();
		_exit(0);
	}
	assert_true(world.victim > 0);
}

void
world_close(void)
{
	(void)kill(world.victim, SIGKILL);
	(void)waitpid(world.victim, NULL, 0);
	close(world.file);
	close(world.listener);
	close(world.connected[0]);
	close(world.connected[1]);
	close(world.unbound);
	close(world.peers[0]);
	close(world.peers[1]);
	remove_files();
}
