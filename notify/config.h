#pragma once

#include "policy/yaml.h"

/*
 * speakup-notify.yaml, man/speakup-notify.8. Read once, at the start. People
 * are the policy's numbers; nothing else of the policy is known here.
 */

#define NOTIFY_SOCKET_MAX 107 /* what a UNIX socket's address takes */
#define NOTIFY_PATH_MAX 255
#define NOTIFY_MAIL_MAX 254
#define NOTIFY_HOST_MAX 253
#define NOTIFY_USER_MAX 127
#define NOTIFY_ADDRESSES_MAX 256
#define NOTIFY_PERSON_MAX 65534

enum smtp_scheme {
	SMTP_PLAIN,	 /* smtp: TLS from STARTTLS on; port 25 */
	SMTP_SUBMISSION, /* submission: the same; port 587 */
	SMTP_TLS,	 /* smtps: TLS from the start; port 465 */
};

struct notify_smtp {
	enum smtp_scheme scheme;
	char host[NOTIFY_HOST_MAX + 1]; /* [ADDRESS] for IPv6 */
	uint16_t port;
	char from[NOTIFY_MAIL_MAX + 1];
	char user[NOTIFY_USER_MAX + 1];	    /* "": nobody signs in */
	char password[NOTIFY_PATH_MAX + 1]; /* the file it is in */
	char ca[NOTIFY_PATH_MAX + 1];	    /* "": the system's */
	bool tls;			    /* false: on loopback only */
};

struct notify_address {
	uint16_t person;
	char mail[NOTIFY_MAIL_MAX + 1];
};

/* One of smtp and hook is set. */
struct notify_config {
	char socket[NOTIFY_SOCKET_MAX + 1];
	bool has_smtp;
	struct notify_smtp smtp;
	size_t n_addresses;
	struct notify_address address[NOTIFY_ADDRESSES_MAX];
	char hook[NOTIFY_PATH_MAX + 1];
};

/*
 * file is a name for messages. credentials is the directory of systemd's
 * credentials, or NULL: `smtp-password` is there where no file is named. On
 * failure ret_error is filled (the one output that is). Caller frees with
 * free().
 */
enum err notify_config_parse(struct bytes yaml, const char *file,
    const char *credentials, struct notify_config **ret,
    struct yaml_error *ret_error) MUST_CHECK;

/* NULL: none is known. */
const char *notify_config_mail(const struct notify_config *c, uint16_t person);
