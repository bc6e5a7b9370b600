/*
 * speakupd.yaml. What is taken keeps to what man/speakupd.yaml.5 says; what is
 * not is refused with a sentence, and gives nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) ((x) ? (void)0 : abort())
#define CREDENTIALS "/run/c"

static void
check_path(const char *path)
{
	MUST(path[0] == '/' && strlen(path) <= CONFIG_PATH_MAX);
}

static void
check_listeners(const struct config *c)
{
	bool is_public = false;

	MUST(c->n_listeners > 0 && c->n_listeners <= CONFIG_LISTENERS_MAX);
	for (size_t i = 0; i < c->n_listeners; i++) {
		const struct config_listener *l = &c->listeners[i];

		MUST(l->name[0] != '\0' && strcmp(l->name, CONFIG_NOTIFY) != 0);
		MUST((l->flags & (LISTENER_PUBLIC | LISTENER_STAFF)) != 0);
		MUST((l->flags & LISTENER_TLS) == 0 || c->has_tls);
		is_public |= (l->flags & LISTENER_PUBLIC) != 0;
		for (size_t k = 0; k < i; k++)
			MUST(strcmp(l->name, c->listeners[k].name) != 0);
	}
	MUST(is_public);
}

/* None of these is 0, or a front would serve nobody, or for ever. */
static void
check_limits(const struct config *c)
{
	const struct config_limits *l = &c->limits;

	MUST(l->connections > 0 && l->in_flight_mib > 0 && l->rate > 0);
	MUST(l->handshake > 0 && l->header > 0 && l->body > 0);
	MUST(l->answer > 0 && l->idle > 0 && l->drain > 0);
	MUST(l->store_mib > 0 && l->attachments_percent <= 90);
	MUST(l->quiet <= HANDOVER_QUIET_MAX);
	MUST(c->fronts > 0 && c->fronts <= CONFIG_FRONTS_MAX);
}

static void
check_config(const struct config *c)
{
	check_path(c->state);
	check_path(c->policy);
	check_path(c->instance_key);
	check_path(c->store_key);
	MUST(c->n_roots > 0 && c->n_roots <= CONFIG_ROOTS_MAX);
	for (size_t i = 0; i < c->n_roots; i++)
		check_path(c->roots[i].path);
	if (c->web[0] != '\0')
		check_path(c->web);
	if (c->has_tls) {
		check_path(c->tls.certificate);
		check_path(c->tls.key);
	}
	check_listeners(c);
	check_limits(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml_error error = { 0 };
	struct config *c = NULL;
	enum err e =
	    config_parse(BYTES(data, size), "f", CREDENTIALS, &c, &error);

	MUST((e == ERR_OK) == (c != NULL));
	MUST((e == ERR_OK) == (error.text[0] == '\0'));
	if (c != NULL)
		check_config(c);
	c = config_free(c);
	return 0;
}
