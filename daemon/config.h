#pragma once

#include "daemon/handover.h"
#include "policy/yaml.h"

/*
 * speakupd.yaml, man/speakupd.yaml.5. Read once at the start, by the parent;
 * only the files that it names are read again on SIGHUP.
 */

#define CONFIG_PATH_MAX 255
#define CONFIG_LISTENERS_MAX 16
#define CONFIG_ROOTS_MAX 64
#define CONFIG_FRONTS_MAX 16
#define CONFIG_NAME_MAX 31
#define CONFIG_NOTIFY "notify" /* the name of that socket's descriptor */
#define CONFIG_ADDRESS_MAX 128 /* a UNIX socket's path is shorter still */

enum tls_minimum { TLS_MINIMUM_1_2, TLS_MINIMUM_1_3 };

struct config_listener {
	char
	    name[CONFIG_NAME_MAX + 1]; /* also the descriptor's, from systemd */
	char address[CONFIG_ADDRESS_MAX + 1]; /* "" when systemd brings it */
	unsigned flags;			      /* enum listener_flag */
};

struct config_tls {
	char certificate[CONFIG_PATH_MAX + 1];
	char key[CONFIG_PATH_MAX + 1];
	enum tls_minimum minimum;
};

struct config_limits {
	uint64_t connections; /* of the whole service */
	uint64_t in_flight_mib;
	uint64_t rate; /* bytes a second */
	uint64_t handshake, header, body, answer, idle, drain; /* seconds */
	uint64_t store_mib;
	uint64_t attachments_percent;
	uint64_t quiet; /* filings a minute without work; 0: work is off */
	bool no_work;
};

struct config_path {
	char path[CONFIG_PATH_MAX + 1];
};

struct config {
	char user[CONFIG_NAME_MAX + 1]; /* "" : stay who we are */
	uint64_t fronts;
	char state[CONFIG_PATH_MAX + 1];
	char policy[CONFIG_PATH_MAX + 1];
	size_t n_roots;
	struct config_path roots[CONFIG_ROOTS_MAX];
	char instance_key[CONFIG_PATH_MAX + 1];
	char store_key[CONFIG_PATH_MAX + 1];
	char web[CONFIG_PATH_MAX + 1]; /* "": no pages are served */
	bool has_tls;
	struct config_tls tls;
	size_t n_listeners;
	struct config_listener listeners[CONFIG_LISTENERS_MAX];
	/* where speakup-notify connects; no flags, and no address where
	 * systemd brings it or nobody is notified */
	struct config_listener notify;
	struct config_limits limits;
};

/*
 * file is a name for messages. credentials is the directory of systemd's
 * credentials, or NULL: `instance-key` and `store-key` are there when they
 * are not named. On failure ret_error is filled (the one output that is).
 * Caller frees with config_free.
 */
enum err config_parse(struct bytes yaml, const char *file,
    const char *credentials, struct config **ret, struct yaml_error *ret_error)
    MUST_CHECK;
/* Takes NULL; returns NULL. */
struct config *config_free(struct config *c);
