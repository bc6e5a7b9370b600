#include "daemon/config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define UNIX_PREFIX "unix:"

/* --- one value --- */

static enum err
absolute_path(struct yaml_doc *d, const struct yaml_node *at, char *out)
{
	if (at->kind != YAML_TEXT || at->text[0] != '/')
		return yaml_fail(d, at, "a path from / on is wanted here");
	return yaml_text(d, at, out, CONFIG_PATH_MAX + 1);
}

#define PATH_READER(name, type, member)                                      \
	static enum err name(struct yaml_doc *d, const struct yaml_node *at, \
	    void *into)                                                      \
	{                                                                    \
		return absolute_path(d, at, ((struct type *)into)->member);  \
	}
PATH_READER(read_state, config, state)
PATH_READER(read_policy, config, policy)
PATH_READER(read_instance_key, config, instance_key)
PATH_READER(read_store_key, config, store_key)
PATH_READER(read_web, config, web)
PATH_READER(read_certificate, config_tls, certificate)
PATH_READER(read_tls_key, config_tls, key)

static enum err
read_root(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	struct config *c = into;
	enum err e = absolute_path(d, at, c->roots[c->n_roots].path);

	if (e == ERR_OK)
		c->n_roots++;
	return e;
}

static enum err
read_roots(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	return yaml_read_list(d, at, 1, CONFIG_ROOTS_MAX, read_root, into);
}

/* --- tls --- */

static enum err
read_minimum(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	struct config_tls *tls = into;

	if (strcmp(at->text, "1.3") == 0)
		tls->minimum = TLS_MINIMUM_1_3;
	else if (strcmp(at->text, "1.2") == 0)
		tls->minimum = TLS_MINIMUM_1_2;
	else
		return yaml_fail(d, at, "\"1.3\" or \"1.2\" is wanted here");
	return ERR_OK;
}

/* clang-format off */
static const struct yaml_field tls_fields[] = {
	{ .key = "certificate", .kind = YAML_AS_HANDLER, .required = true,
	    .read = read_certificate },
	{ .key = "key", .kind = YAML_AS_HANDLER, .required = true,
	    .read = read_tls_key },
	{ .key = "minimum", .kind = YAML_AS_HANDLER, .read = read_minimum },
};
/* clang-format on */

static enum err
read_tls(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	struct config *c = into;

	c->has_tls = true;
	return yaml_read_map(d, at, tls_fields,
	    sizeof(tls_fields) / sizeof(tls_fields[0]), &c->tls);
}

/* --- listeners --- */

struct listener_draft {
	struct config_listener l;
	bool tls, peers;
};

static bool
address_is_unix(const char *address)
{
	return strncmp(address, "unix:/", 6) == 0;
}

static bool
address_is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 ||
	    strncmp(address, "[::1]:", 6) == 0;
}

static bool
port_is_valid(const char *text)
{
	unsigned long port = 0;

	if (text[0] < '1' || text[0] > '9' || strlen(text) > 5)
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		port = port * 10 + (unsigned long)(*text - '0');
	}
	return port <= 65535;
}

/* Numbers only: nothing is looked up in the DNS. */
static bool
address_is_valid(const char *address)
{
	char host[CONFIG_ADDRESS_MAX + 1];
	struct in6_addr six;
	struct in_addr four;
	const char *colon = strrchr(address, ':');
	size_t n;

	if (address_is_unix(address))
		return strlen(address + 5) <
		    sizeof(((struct sockaddr_un *)0)->sun_path);
	if (colon == NULL || !port_is_valid(colon + 1))
		return false;
	n = (size_t)(colon - address);
	memcpy(host, address, n);
	host[n] = '\0';
	if (host[0] != '[')
		return inet_pton(AF_INET, host, &four) == 1;
	if (host[n - 1] != ']')
		return false;
	host[n - 1] = '\0';
	return inet_pton(AF_INET6, host + 1, &six) == 1;
}

static enum err
read_address(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	struct listener_draft *draft = into;
	enum err e;

	e = yaml_text(d, at, draft->l.address, sizeof(draft->l.address));
	if (e == ERR_OK && !address_is_valid(draft->l.address))
		e = yaml_fail(d, at,
		    "an address is ADDRESS:PORT in numbers, [ADDRESS]:PORT for "
		    "IPv6, or unix:/PATH");
	return e;
}

static enum err
read_kind(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	struct listener_draft *draft = into;

	if (strcmp(at->text, "public") == 0)
		draft->l.flags = LISTENER_PUBLIC;
	else if (strcmp(at->text, "staff") == 0)
		draft->l.flags = LISTENER_STAFF;
	else if (strcmp(at->text, "both") == 0)
		draft->l.flags = LISTENER_PUBLIC | LISTENER_STAFF;
	else
		return yaml_fail(d, at, "public, staff or both is wanted here");
	return ERR_OK;
}

/* clang-format off */
static const struct yaml_field listener_fields[] = {
	{ .key = "name", .kind = YAML_AS_SLUG, .required = true,
	    YAML_FIELD_OF(struct listener_draft, l.name) },
	{ .key = "address", .kind = YAML_AS_HANDLER, .read = read_address },
	{ .key = "kind", .kind = YAML_AS_HANDLER, .required = true,
	    .read = read_kind },
	{ .key = "tls", .kind = YAML_AS_BOOL,
	    YAML_FIELD_OF(struct listener_draft, tls) },
	{ .key = "peers", .kind = YAML_AS_BOOL,
	    YAML_FIELD_OF(struct listener_draft, peers) },
};
/* clang-format on */

static enum err
read_listener(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	struct listener_draft draft = { .tls = true, .peers = true };
	struct config *c = into;
	enum err e;

	e = yaml_read_map(d, at, listener_fields,
	    sizeof(listener_fields) / sizeof(listener_fields[0]), &draft);
	if (e != ERR_OK)
		return e;
	if (strcmp(draft.l.name, CONFIG_NOTIFY) == 0)
		return yaml_fail(d, yaml_get(at, "name"),
		    CONFIG_NOTIFY " is the socket of speakup-notify");
	for (size_t i = 0; i < c->n_listeners; i++) {
		if (strcmp(c->listeners[i].name, draft.l.name) == 0)
			return yaml_fail(d, yaml_get(at, "name"),
			    "another listener has this name");
	}
	if (draft.tls)
		draft.l.flags |= LISTENER_TLS;
	else if (draft.l.address[0] != '\0' &&
	    !address_is_unix(draft.l.address) &&
	    !address_is_loopback(draft.l.address))
		return yaml_fail(d, yaml_get(at, "tls"),
		    "without TLS only unix:/PATH and loopback addresses are "
		    "allowed");
	/* Behind a UNIX socket or in clear is Tor, or a proxy: one peer. */
	if (draft.peers && draft.tls && !address_is_unix(draft.l.address))
		draft.l.flags |= LISTENER_PEERS;
	c->listeners[c->n_listeners++] = draft.l;
	return ERR_OK;
}

static enum err
read_listeners(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	return yaml_read_list(d, at, 1, CONFIG_LISTENERS_MAX, read_listener,
	    into);
}

/* --- notify --- */

static enum err
read_notify(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	struct config *c = into;
	char *address = c->notify.address;
	size_t n = strlen(UNIX_PREFIX);
	enum err e;

	memcpy(address, UNIX_PREFIX, n);
	e = yaml_text(d, at, address + n, sizeof(c->notify.address) - n);
	if (e == ERR_OK &&
	    !(address_is_unix(address) && address_is_valid(address)))
		e = yaml_fail(d, at,
		    "a path from / on is wanted here, short enough for a "
		    "socket");
	return e;
}

/* --- limits --- */

/* clang-format off */
#define LIMIT(name, member, low, high)                                         \
	{ .key = name, .kind = YAML_AS_NUMBER, .min = low, .max = high,        \
		YAML_FIELD_OF(struct config_limits, member) }
/* clang-format on */

static enum err
read_work(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	struct config_limits *limits = into;

	if (at->kind == YAML_TEXT && strcmp(at->text, "auto") == 0)
		limits->no_work = false;
	else if (at->kind == YAML_TEXT && strcmp(at->text, "off") == 0)
		limits->no_work = true;
	else
		return yaml_fail(d, at, "auto or off is wanted here");
	return ERR_OK;
}

static const struct yaml_field limit_fields[] = {
	LIMIT("connections", connections, 1, 1000000),
	LIMIT("in-flight-mib", in_flight_mib, 1, 65536),
	LIMIT("bytes-per-second", rate, 1, 1000000),
	LIMIT("handshake-seconds", handshake, 1, 600),
	LIMIT("header-seconds", header, 1, 600),
	LIMIT("body-seconds", body, 1, 3600),
	LIMIT("answer-seconds", answer, 1, 3600),
	LIMIT("idle-seconds", idle, 1, 3600),
	LIMIT("drain-seconds", drain, 1, 600),
	LIMIT("store-mib", store_mib, 64, 1 << 24),
	LIMIT("attachments-percent", attachments_percent, 0, 90),
	LIMIT("quiet-filings-per-minute", quiet, 1, HANDOVER_QUIET_MAX),
	{ .key = "work", .kind = YAML_AS_HANDLER, .read = read_work },
};

static enum err
read_limits(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	struct config *c = into;
	enum err e = yaml_read_map(d, at, limit_fields,
	    sizeof(limit_fields) / sizeof(limit_fields[0]), &c->limits);

	if (c->limits.no_work)
		c->limits.quiet = 0;
	return e;
}

/* --- the whole --- */

/* clang-format off */
static const struct yaml_field fields[] = {
	{ .key = "user", .kind = YAML_AS_SLUG,
	    YAML_FIELD_OF(struct config, user) },
	{ .key = "fronts", .kind = YAML_AS_NUMBER, .min = 1,
	    .max = CONFIG_FRONTS_MAX, YAML_FIELD_OF(struct config, fronts) },
	{ .key = "state", .kind = YAML_AS_HANDLER, .required = true,
	    .read = read_state },
	{ .key = "policy", .kind = YAML_AS_HANDLER, .required = true,
	    .read = read_policy },
	{ .key = "roots", .kind = YAML_AS_HANDLER, .required = true,
	    .read = read_roots },
	{ .key = "instance-key", .kind = YAML_AS_HANDLER,
	    .read = read_instance_key },
	{ .key = "store-key", .kind = YAML_AS_HANDLER,
	    .read = read_store_key },
	{ .key = "web", .kind = YAML_AS_HANDLER, .read = read_web },
	{ .key = "tls", .kind = YAML_AS_HANDLER, .read = read_tls },
	{ .key = "listeners", .kind = YAML_AS_HANDLER, .required = true,
	    .read = read_listeners },
	{ .key = "notify", .kind = YAML_AS_HANDLER, .read = read_notify },
	{ .key = "limits", .kind = YAML_AS_HANDLER, .read = read_limits },
};
/* clang-format on */

static const struct config_limits default_limits = {
	.connections = 20000,
	.in_flight_mib = 64,
	.rate = 2048,
	.handshake = 15,
	.header = 15,
	.body = 30,
	.answer = 30,
	.idle = 75,
	.drain = 20,
	.store_mib = 64 * 1024,
	.attachments_percent = 50,
	.quiet = 600,
};

static struct config *
config_new(void)
{
	struct config *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->fronts = 2;
	c->tls.minimum = TLS_MINIMUM_1_3;
	c->limits = default_limits;
	memcpy(c->notify.name, CONFIG_NOTIFY, sizeof(CONFIG_NOTIFY));
	return c;
}

/* A key that is not named lies among systemd's credentials. */
static enum err
default_key(struct yaml_doc *d, const char *credentials, const char *name,
    char *path)
{
	int n;

	if (path[0] != '\0')
		return ERR_OK;
	if (credentials == NULL)
		return yaml_fail(d, yaml_root(d),
		    "%s is missing, and systemd passed no credentials", name);
	n = snprintf(path, CONFIG_PATH_MAX + 1, "%s/%s", credentials, name);
	if (n < 0 || n > CONFIG_PATH_MAX)
		return yaml_fail(d, yaml_root(d),
		    "the path of systemd's credentials is too long");
	return ERR_OK;
}

static enum err
check_whole(struct yaml_doc *d, const struct config *c)
{
	const struct yaml_node *at = yaml_get(yaml_root(d), "listeners");
	unsigned all = 0;

	for (size_t i = 0; i < c->n_listeners; i++)
		all |= c->listeners[i].flags;
	if ((all & LISTENER_PUBLIC) == 0)
		return yaml_fail(d, at, "no listener is public");
	if ((all & LISTENER_TLS) != 0 && !c->has_tls)
		return yaml_fail(d, at,
		    "a listener has TLS, and there is no tls section");
	return ERR_OK;
}

static enum err
read_whole(struct yaml_doc *d, const char *credentials, struct config *c)
{
	enum err e;

	e = yaml_read_map(d, yaml_root(d), fields,
	    sizeof(fields) / sizeof(fields[0]), c);
	if (e == ERR_OK)
		e = default_key(d, credentials, "instance-key",
		    c->instance_key);
	if (e == ERR_OK)
		e = default_key(d, credentials, "store-key", c->store_key);
	if (e == ERR_OK)
		e = check_whole(d, c);
	return e;
}

static void
config_freep(struct config **c)
{
	*c = config_free(*c);
}

enum err
config_parse(struct bytes yaml, const char *file, const char *credentials,
    struct config **ret, struct yaml_error *ret_error)
{
	__attribute__((cleanup(config_freep))) struct config *c = config_new();
	CLEAN_YAML struct yaml_doc *d = NULL;
	enum err e;

	if (c == NULL)
		return ERR_NOMEM;
	if ((e = yaml_parse(yaml, file, &d, ret_error)) != ERR_OK)
		return e;
	if ((e = read_whole(d, credentials, c)) != ERR_OK) {
		*ret_error = *yaml_error_of(d);
		return e;
	}
	*ret = c;
	c = NULL;
	return ERR_OK;
}

struct config *
config_free(struct config *c)
{
	free(c);
	return NULL;
}
