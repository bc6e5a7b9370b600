#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "notify/relay.h"

/* The relay between a process that is speakupd and a mail server that takes
 * too long for one person, each time. */

#define SLOW 1

static int tried[2]; /* a pipe: a byte when the slow one was tried */
static unsigned sent[8], n_sent;

enum send_result __wrap_sender_send(struct sender *s, uint16_t person,
    int64_t now);

enum send_result
__wrap_sender_send(struct sender *s, uint16_t person, int64_t now)
{
	(void)s, (void)now;
	if (person == SLOW) {
		assert_int_equal(write(tried[1], "", 1), 1);
		return SEND_TIMEOUT;
	}
	assert_in_range(n_sent, 0, 7);
	sent[n_sent++] = person;
	return SEND_DONE;
}

static int
listen_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(at.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* Names two, and a third once the first of them was tried; then hears the
 * answers to the end. */
static void
be_speakupd(int listener)
{
	int peer = accept(listener, NULL, NULL);
	char x[64];

	if (peer < 0 || write(peer, "1\n22\n", 5) != 5 ||
	    read(tried[0], x, 1) != 1 || write(peer, "300\n", 4) != 4)
		_exit(1);
	while (read(peer, x, sizeof(x)) > 0)
		;
	_exit(0);
}

static void
test_one_who_takes_too_long_keeps_nobody_elses_mail(void **state)
{
	char dir[] = "/tmp/speakup-relay-XXXXXX";
	struct notify_config *config = calloc(1, sizeof(*config));
	struct relay *relay = NULL;
	int listener, status = -1;
	pid_t pid;

	(void)state;
	assert_non_null(config);
	assert_non_null(mkdtemp(dir));
	(void)snprintf(config->socket, sizeof(config->socket), "%s/s", dir);
	listener = listen_at(config->socket);
	assert_int_equal(pipe(tried), 0);
	if ((pid = fork()) == 0)
		be_speakupd(listener);
	assert_true(pid > 0);
	close(listener);
	assert_int_equal(relay_new(config, NULL, &relay), ERR_OK);
	relay_turn(relay); /* the first takes too long, and ends the round */
	relay_turn(relay); /* a new name begins another */
	relay_free(relay);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(n_sent, 2);
	assert_int_equal(sent[0], 22);
	assert_int_equal(sent[1], 300);
	(void)unlink(config->socket);
	(void)rmdir(dir);
	free(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_one_who_takes_too_long_keeps_nobody_elses_mail),
	};

	(void)alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
