#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "crypto/env.h"
#include "notify/relay.h"
#include "notify/sandbox.h"

#define CONFIG_FILE "/etc/speakup/speakup-notify.yaml"
#define PASSWORD_MAX 255
#define EXIT_USAGE 2
#define EXIT_CONFIG 78

static const char usage[] =
    "usage: speakup-notify [-n] [-c FILE]\n"
    "       speakup-notify --help | --version\n"
    "\n"
    "  -c FILE    configuration, instead of " CONFIG_FILE "\n"
    "  -n         check configuration and password file; send nothing\n";

struct options {
	const char *config;
	bool checks_only;
};

/* --- files --- */

static bool
read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	uint8_t block[512];
	size_t n;

	if (f == NULL) {
		(void)fprintf(stderr, "speakup-notify: %s: %s\n", path,
		    strerror(errno));
		return false;
	}
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_put(out, block, n);
	if (ferror(f) != 0 || out->err != ERR_OK)
		(void)fprintf(stderr,
		    "speakup-notify: %s cannot be read, or "
		    "is too large.\n",
		    path);
	bytes_wipe(block, sizeof(block));
	n = (size_t)ferror(f);
	(void)fclose(f);
	return n == 0 && out->err == ERR_OK;
}

static struct notify_config *
read_config(const char *path)
{
	CLEAN_BUF struct buf yaml = BUF_INIT(YAML_SIZE_MAX);
	struct notify_config *c = NULL;
	struct yaml_error error = { 0 };
	enum err e;

	if (!read_file(path, &yaml))
		return NULL;
	e = notify_config_parse(buf_bytes(&yaml), path,
	    getenv("CREDENTIALS_DIRECTORY"), &c, &error);
	if (e != ERR_OK)
		(void)fprintf(stderr, "speakup-notify: %s\n",
		    error.text[0] == '\0' ? err_name(e) : error.text);
	return c;
}

/* One line of text, NUL-terminated in `out`; "" where nobody signs in. */
static bool
read_password(const struct notify_config *c, struct buf *out)
{
	const char *path = c->smtp.password;

	if (path[0] == '\0') {
		buf_put_u8(out, 0);
		return out->err == ERR_OK;
	}
	if (!read_file(path, out))
		return false;
	if (out->n > 0 && out->p[out->n - 1] == '\n')
		out->n--;
	if (out->n == 0 || out->n > PASSWORD_MAX ||
	    memchr(out->p, '\n', out->n) != NULL ||
	    memchr(out->p, '\0', out->n) != NULL) {
		(void)fprintf(stderr,
		    "speakup-notify: %s does not hold a "
		    "password: one line.\n",
		    path);
		return false;
	}
	buf_put_u8(out, 0);
	return out->err == ERR_OK;
}

/* --- running --- */

/* No core with the password in it, and nobody looks inside. */
static bool
give_up_rights(void)
{
	const struct rlimit none = { 0 };

	return setrlimit(RLIMIT_CORE, &none) == 0 &&
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	    signal(SIGPIPE, SIG_IGN) != SIG_ERR &&
	    signal(SIGCHLD, SIG_DFL) != SIG_ERR;
}

static int
serve(const struct notify_config *c, struct buf *password)
{
	struct sender *sender = NULL;
	struct relay *relay = NULL;
	enum err e = sender_new(c, (const char *)password->p, &sender);

	buf_free(password);
	if (e == ERR_OK)
		e = sandbox_enter(c);
	if (e == ERR_OK)
		e = relay_new(c, sender, &relay);
	if (e != ERR_OK)
		(void)fprintf(stderr, "speakup-notify: %s\n", err_name(e));
	while (e == ERR_OK)
		relay_turn(relay);
	relay_free(relay);
	sender_free(sender);
	return EXIT_FAILURE;
}

static int
run(const struct options *o)
{
	CLEAN_BUF struct buf password = BUF_INIT(PASSWORD_MAX + 2);
	struct notify_config *c = read_config(o->config);
	int code = EXIT_CONFIG;

	if (c != NULL && read_password(c, &password))
		code = o->checks_only ? EXIT_SUCCESS : serve(c, &password);
	free(c);
	return o->checks_only && code != EXIT_SUCCESS ? EXIT_FAILURE : code;
}

static bool
parse_options(int argc, char **argv, struct options *o)
{
	int opt;

	while ((opt = getopt(argc, argv, "nc:")) != -1) {
		if (opt == 'n')
			o->checks_only = true;
		else if (opt == 'c')
			o->config = optarg;
		else
			return false;
	}
	return optind == argc;
}

int
main(int argc, char **argv)
{
	struct options o = { .config = CONFIG_FILE };
	const char *first = argc == 2 ? argv[1] : "";

	if (strcmp(first, "--help") == 0)
		return fputs(usage, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	if (strcmp(first, "--version") == 0)
		return printf("speakup-notify %s\n", SPEAKUP_VERSION) < 0
		    ? EXIT_FAILURE
		    : EXIT_SUCCESS;
	if (!parse_options(argc, argv, &o)) {
		(void)fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (!give_up_rights()) {
		(void)fprintf(stderr,
		    "speakup-notify: Rights could not be "
		    "given up.\n");
		return EXIT_FAILURE;
	}
	if (crypto_start() != ERR_OK) {
		(void)fprintf(stderr,
		    "speakup-notify: There is not enough memory.\n");
		return EXIT_FAILURE;
	}
	return run(&o);
}
