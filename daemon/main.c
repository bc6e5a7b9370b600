#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/env.h"
#include "crypto/secret.h"
#include "daemon/exits.h"
#include "daemon/front.h"
#include "daemon/log.h"
#include "daemon/parent.h"
#include "daemon/sandbox.h"
#include "daemon/vault.h"
#include "sandbox/landlock.h"

#define CONFIG_FILE "/etc/speakup/speakupd.yaml"
#define CONTROL_FD 3

static const char usage[] =
    "usage: speakupd [-n] [-c FILE]\n"
    "       speakupd --help | --version\n"
    "\n"
    "  -c FILE    configuration, instead of " CONFIG_FILE "\n"
    "  -n         check configuration, keys, policy and certificate; serve "
    "nothing\n";

struct options {
	const char *config;
	bool checks_only;
};

static int
refuse(const char *text)
{
	(void)fprintf(stderr, "speakupd: %s\n", text);
	return EXIT_CONFIG;
}

/* --- the parent --- */

static enum err
read_config(const char *path, struct config **ret)
{
	CLEAN_BUF struct buf yaml = BUF_INIT(YAML_SIZE_MAX);
	struct yaml_error error = { 0 };
	struct complaint why;
	enum err e = inputs_read(path, &yaml, &why);

	if (e != ERR_OK) {
		refuse(why.text);
		return e;
	}
	e = config_parse(buf_bytes(&yaml), path,
	    getenv("CREDENTIALS_DIRECTORY"), ret, &error);
	if (e != ERR_OK)
		refuse(error.text[0] == '\0' ? err_name(e) : error.text);
	return e;
}

static enum err
check_state(const struct config *c, struct complaint *why)
{
	struct stat st;

	if (stat(c->state, &st) != 0)
		(void)snprintf(why->text, sizeof(why->text),
		    "The state directory %s: %s.", c->state, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		(void)snprintf(why->text, sizeof(why->text),
		    "The state directory %s is not a directory.", c->state);
	else if ((st.st_mode & 077) != 0)
		(void)snprintf(why->text, sizeof(why->text),
		    "The state directory %s is open to others: its mode has "
		    "to be 0700.",
		    c->state);
	else
		return ERR_OK;
	return ERR_IO;
}

static enum err
load(struct parent *p, struct complaint *why)
{
	enum err e;

	if ((e = check_state(p->config, why)) != ERR_OK ||
	    (e = inputs_keys(p->config, &p->secret, &p->instance, why)) !=
		ERR_OK)
		return e;
	return inputs_load(p->config, &p->instance, time(NULL), 0, &p->inputs,
	    why);
}

static enum err
open_listeners(struct parent *p, struct complaint *why)
{
	struct listen_fds passed;

	if (!notify_listen_fds(&passed)) {
		(void)snprintf(why->text, sizeof(why->text),
		    "LISTEN_FDS or LISTEN_FDNAMES makes no sense.");
		return ERR_SYNTAX;
	}
	return listeners_open(p->config, &passed, &p->listeners, why);
}

static enum err
lower(const struct config *c, struct complaint *why)
{
	enum err e = sandbox_become(c->user);

	if (e == ERR_OK)
		e = sandbox_enter_parent(c);
	if (e != ERR_OK)
		(void)snprintf(why->text, sizeof(why->text),
		    "Privileges could not be given up (user %s): %s.",
		    c->user[0] == '\0' ? "unchanged" : c->user, err_name(e));
	return e;
}

static int
serve(struct parent *p)
{
	struct complaint why;

	log_open("parent", STDERR_FILENO);
	/* For all roles: a huge page would fill again the holes between what
	 * connections hold, which fronts give back (daemon/front.c). */
	(void)prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	if (open_listeners(p, &why) != ERR_OK ||
	    lower(p->config, &why) != ERR_OK)
		return refuse(why.text);
	if (landlock_version() == 0)
		log_now(EV_NO_LANDLOCK, 0);
	if (p->inputs.soft_expired)
		log_now(EV_POLICY_AGES, p->inputs.serial);
	if (p->inputs.certificate_ended)
		log_now(EV_CERTIFICATE_ENDED, 0);
	return parent_run(p);
}

/* What serving would only warn of: a listener without TLS needs none. */
static int
check_times(const struct parent *p)
{
	if (!p->inputs.certificate_ended)
		return EXIT_SUCCESS;
	(void)fprintf(stderr, "speakupd: The certificate in %s has ended.\n",
	    p->config->tls.certificate);
	return EXIT_FAILURE;
}

static int
run(const struct options *o)
{
	struct parent *p = calloc(1, sizeof(*p));
	struct config *c = NULL;
	enum err e = p != NULL ? read_config(o->config, &c) : ERR_NOMEM;
	int code = err_is_ours(e) ? EXIT_TRY_AGAIN : EXIT_CONFIG;
	struct complaint why;

	if (e == ERR_OK) {
		p->config = c;
		if ((e = load(p, &why)) != ERR_OK) {
			refuse(why.text);
			code = err_is_ours(e) ? EXIT_TRY_AGAIN : EXIT_CONFIG;
		} else {
			code = o->checks_only ? check_times(p) : serve(p);
		}
		listeners_close(&p->listeners);
		inputs_free(&p->inputs);
		bytes_wipe(&p->secret, sizeof(p->secret));
	}
	config_free(c);
	free(p);
	return o->checks_only && code != EXIT_SUCCESS ? EXIT_FAILURE : code;
}

/* --- a child --- */

static int
run_role(int (*role)(int control_fd))
{
	return secret_wipe_freed() == ERR_OK && crypto_start() == ERR_OK
	    ? role(CONTROL_FD)
	    : EXIT_TRY_AGAIN;
}

/* --- the command line --- */

static int
parse_options(int argc, char **argv, struct options *o)
{
	int opt;

	while ((opt = getopt(argc, argv, "nc:")) != -1) {
		switch (opt) {
		case 'n':
			o->checks_only = true;
			break;
		case 'c':
			o->config = optarg;
			break;
		default:
			(void)fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		(void)fputs(usage, stderr);
		return EXIT_USAGE;
	}
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	struct options o = { .config = CONFIG_FILE };
	const char *first = argc == 2 ? argv[1] : "";
	int code;

	if (strcmp(first, "--role=front") == 0)
		return run_role(front_main);
	if (strcmp(first, "--role=vault") == 0)
		return run_role(vault_main);
	if (strcmp(first, "--help") == 0)
		return fputs(usage, stdout) < 0 ? EXIT_TRY_AGAIN : EXIT_SUCCESS;
	if (strcmp(first, "--version") == 0)
		return printf("speakupd %s\n", SPEAKUP_VERSION) < 0
		    ? EXIT_TRY_AGAIN
		    : EXIT_SUCCESS;
	if ((code = parse_options(argc, argv, &o)) != EXIT_SUCCESS)
		return code;
	if (crypto_start() != ERR_OK) {
		refuse("There is not enough memory.");
		return EXIT_TRY_AGAIN;
	}
	return run(&o);
}
