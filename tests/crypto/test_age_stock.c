/*
 * Exchanges files with the stock `age` and `age-keygen` found on PATH, both
 * ways.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/age.h"

#define FILE_LIMIT (4 * AGE_CHUNK)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char dir[] = "/tmp/speakup-age-XXXXXX";

static const size_t sizes[] = { 0, 1, AGE_CHUNK, AGE_CHUNK + 1,
	2 * AGE_CHUNK + 100 };

/* Runs a program from PATH; its messages go to a file of the directory. */
static void
run(const char *const *argv)
{
	posix_spawn_file_actions_t actions;
	char *args[16] = { 0 };
	pid_t pid;
	int status;

	for (size_t i = 0; argv[i] != NULL; i++) {
		assert_in_range(i, 0, COUNT(args) - 2);
		args[i] = strdup(argv[i]);
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "messages",
	    O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	if (posix_spawnp(&pid, args[0], &actions, NULL, args, environ) != 0)
		fail_msg("%s is not installed", args[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("%s failed; see %s/messages", args[0], dir);
	posix_spawn_file_actions_destroy(&actions);
	for (size_t i = 0; args[i] != NULL; i++)
		free(args[i]);
}
#define RUN(...) run((const char *const[]){ __VA_ARGS__, NULL })

/* Answers whatever is asked until the program has closed its terminal. */
static void
answer(int terminal, const char *line)
{
	struct pollfd p = { .fd = terminal, .events = POLLIN };
	char text[1024];
	ssize_t n;

	while (poll(&p, 1, 30000) == 1 &&
	    (n = read(terminal, text, sizeof(text) - 1)) > 0) {
		text[n] = '\0';
		if (strstr(text, "assphrase") != NULL &&
		    strstr(text, ": ") != NULL)
			assert_int_equal(write(terminal, line, strlen(line)),
			    strlen(line));
	}
}

/* `age` reads passphrases from its terminal only, so it gets one. */
static void
run_with_passphrase(const char *mode, const char *out, const char *in,
    const char *line)
{
	int terminal, status;
	pid_t pid = forkpty(&terminal, NULL, NULL, NULL);

	assert_true(pid >= 0);
	if (pid == 0) {
		execlp("age", "age", mode, "-o", out, in, (char *)NULL);
		_exit(127);
	}
	answer(terminal, line);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(terminal);
}

static void
write_file(const char *name, struct bytes x)
{
	FILE *f = fopen(name, "wb");

	assert_non_null(f);
	if (x.n > 0)
		assert_int_equal(fwrite(x.p, 1, x.n, f), x.n);
	assert_int_equal(fclose(f), 0);
}

static void
read_file(const char *name, struct buf *out)
{
	FILE *f = fopen(name, "rb");
	int c;

	assert_non_null(f);
	while ((c = getc(f)) != EOF)
		buf_put_u8(out, (uint8_t)c);
	fclose(f);
	assert_int_equal(out->err, ERR_OK);
}

static enum err
into_buf(void *ctx, struct bytes x)
{
	buf_put_bytes(ctx, x);
	return ((struct buf *)ctx)->err;
}

static void
put_pattern(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_put_u8(out, (uint8_t)(i * 7 + i / 4093));
}

static void
keygen(struct age_identity *id, struct age_recipient *to, char *text, size_t n)
{
	CLEAN_BUF struct buf file = BUF_INIT(4096), put = BUF_INIT(4096);
	size_t n_ids;

	unlink("key");
	RUN("age-keygen", "-o", "key");
	read_file("key", &file);
	assert_int_equal(age_identities_parse(buf_bytes(&file), id, 1, &n_ids),
	    ERR_OK);
	assert_int_equal(n_ids, 1);
	assert_int_equal(age_identity_recipient(id, to), ERR_OK);
	assert_int_equal(age_recipient_put(&put, to), ERR_OK);
	snprintf(text, n, "%.*s", (int)put.n, (const char *)put.p);
	/* age-keygen wrote the same recipient as a comment */
	assert_non_null(memmem(file.p, file.n, put.p, put.n));
}

static void
check_ours_opens(const char *name, const struct age_identity *id,
    struct bytes want)
{
	const struct age_keys keys = { .ids = id, .n_ids = 1 };
	CLEAN_BUF struct buf file = BUF_INIT(FILE_LIMIT);
	CLEAN_BUF struct buf out = BUF_INIT(FILE_LIMIT);

	read_file(name, &file);
	assert_int_equal(age_open(&keys, buf_bytes(&file), &out), AGE_OK);
	assert_true(bytes_equal(buf_bytes(&out), want));
}

static void
test_stock_age_opens_what_we_seal(void **state)
{
	struct age_identity id;
	struct age_recipient to;
	char text[256];

	(void)state;
	keygen(&id, &to, text, sizeof(text));
	for (size_t i = 0; i < COUNT(sizes); i++) {
		CLEAN_BUF struct buf plain = BUF_INIT(FILE_LIMIT);
		CLEAN_BUF struct buf file = BUF_INIT(FILE_LIMIT);
		CLEAN_BUF struct buf back = BUF_INIT(FILE_LIMIT);

		put_pattern(&plain, sizes[i]);
		assert_int_equal(
		    age_seal(&env_system, &to, 1, buf_bytes(&plain), &file),
		    ERR_OK);
		write_file("ours.age", buf_bytes(&file));
		/* stock age makes no file for an empty text */
		write_file("back", BYTES_LIT(""));
		RUN("age", "-d", "-i", "key", "-o", "back", "ours.age");
		read_file("back", &back);
		assert_true(bytes_equal(buf_bytes(&back), buf_bytes(&plain)));
	}
}

static void
test_we_open_what_stock_age_seals(void **state)
{
	struct age_identity id;
	struct age_recipient to;
	char text[256];

	(void)state;
	keygen(&id, &to, text, sizeof(text));
	for (size_t i = 0; i < COUNT(sizes); i++) {
		CLEAN_BUF struct buf plain = BUF_INIT(FILE_LIMIT);

		put_pattern(&plain, sizes[i]);
		write_file("plain", buf_bytes(&plain));
		RUN("age", "-r", text, "-o", "theirs.age", "plain");
		check_ours_opens("theirs.age", &id, buf_bytes(&plain));
		RUN("age", "-a", "-r", text, "-o", "armored.age", "plain");
		check_ours_opens("armored.age", &id, buf_bytes(&plain));
	}
}

/* Our identity files are theirs. */
static void
test_stock_age_uses_our_identities(void **state)
{
	CLEAN_BUF struct buf key = BUF_INIT(256), file = BUF_INIT(4096);
	CLEAN_BUF struct buf back = BUF_INIT(256);
	struct age_identity id;
	struct age_recipient to;

	(void)state;
	assert_int_equal(age_identity_new(&env_system, AGE_X25519, &id),
	    ERR_OK);
	assert_int_equal(age_identity_recipient(&id, &to), ERR_OK);
	assert_int_equal(age_identity_put(&key, &id), ERR_OK);
	buf_put_u8(&key, '\n');
	write_file("own-key", buf_bytes(&key));
	assert_int_equal(
	    age_seal(&env_system, &to, 1, BYTES_LIT("text"), &file), ERR_OK);
	write_file("own.age", buf_bytes(&file));
	RUN("age", "-d", "-i", "own-key", "-o", "back", "own.age");
	read_file("back", &back);
	assert_true(bytes_equal(buf_bytes(&back), BYTES_LIT("text")));
}

static void
test_passphrases_go_both_ways(void **state)
{
	const struct age_keys keys = { .passphrase = BYTES_LIT("four words") };
	const uint8_t file_key[AGE_FILE_KEY_LEN] = "0123456789abcde";
	CLEAN_BUF struct buf file = BUF_INIT(4096), back = BUF_INIT(4096);
	struct age_writer *w;

	(void)state;
	write_file("plain", BYTES_LIT("identity"));
	run_with_passphrase("-p", "theirs.age", "plain", "four words\n");
	read_file("theirs.age", &file);
	assert_int_equal(age_open(&keys, buf_bytes(&file), &back), AGE_OK);
	assert_true(bytes_equal(buf_bytes(&back), BYTES_LIT("identity")));

	buf_reset(&file);
	assert_int_equal(age_header_seal_passphrase(&env_system, file_key,
			     keys.passphrase, AGE_SCRYPT_WORK, &file),
	    ERR_OK);
	assert_int_equal(
	    age_writer_new(&env_system, file_key, into_buf, &file, &w), ERR_OK);
	assert_int_equal(age_writer_put(w, BYTES_LIT("ours")), ERR_OK);
	assert_int_equal(age_writer_finish(w), ERR_OK);
	age_writer_free(w);
	write_file("ours.age", buf_bytes(&file));
	run_with_passphrase("-d", "back", "ours.age", "four words\n");
	buf_reset(&back);
	read_file("back", &back);
	assert_true(bytes_equal(buf_bytes(&back), BYTES_LIT("ours")));
}

static int
enter_directory(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL && chdir(dir) == 0 ? 0 : -1;
}

static int
leave_directory(void **state)
{
	static const char *const names[] = { "key", "own-key", "ours.age",
		"theirs.age", "armored.age", "own.age", "plain", "back",
		"messages" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		unlink(names[i]);
	return chdir("/") == 0 && rmdir(dir) == 0 ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stock_age_opens_what_we_seal),
		cmocka_unit_test(test_we_open_what_stock_age_seals),
		cmocka_unit_test(test_stock_age_uses_our_identities),
		cmocka_unit_test(test_passphrases_go_both_ways),
	};

	return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}
