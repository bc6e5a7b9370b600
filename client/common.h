#pragma once

#include "client/options.h"
#include "client/server.h"

/* Options of every command that talks with a server. Their rows in a program's
 * table: COMMON_OPTIONS(mask, type, member). */
struct common {
	const char *server;
	const char *root_hash;
	const char *ca_file;
	const char *pin;
	const char *proxy;
	bool json;
	bool yes;
};

#define COMMON_AT(type, member, field) \
	(offsetof(type, member) + offsetof(struct common, field))
/* clang-format off */
#define COMMON_OPTIONS(mask, type, member)                                   \
	{ mask, "server", 's', OPTION_TEXT, "URL",                           \
	    COMMON_AT(type, member, server),                                 \
	    "The server: https://…, as on the poster." },                    \
	{ mask, "root-hash", 0, OPTION_TEXT, "HASH",                         \
	    COMMON_AT(type, member, root_hash),                              \
	    "The fingerprint on the poster: its 12 words, or 64 hex "        \
	    "digits. Anything else is refused." },                           \
	{ mask, "cacert", 0, OPTION_TEXT, "FILE",                            \
	    COMMON_AT(type, member, ca_file),                                \
	    "Certificates to trust, instead of the system's." },             \
	{ mask, "pin", 0, OPTION_TEXT, "KEY", COMMON_AT(type, member, pin),  \
	    "sha256//… of the server's TLS key, besides its certificate." }, \
	{ mask, "proxy", 0, OPTION_TEXT, "URL",                              \
	    COMMON_AT(type, member, proxy),                                  \
	    "socks5h://127.0.0.1:9050 for Tor, or http://…." },              \
	{ mask, "json", 0, OPTION_FLAG, NULL, COMMON_AT(type, member, json), \
	    "Answer in JSON." },                                             \
	{ mask, "yes", 'y', OPTION_FLAG, NULL, COMMON_AT(type, member, yes), \
	    "Do not ask whether to go on." }
/* clang-format on */

static inline struct server_config
common_server(const struct common *c)
{
	return (struct server_config){ .http = { .server = c->server,
					   .ca_file = c->ca_file,
					   .pin = c->pin,
					   .proxy = c->proxy },
		.pin = c->root_hash };
}
