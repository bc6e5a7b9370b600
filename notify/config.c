#include "notify/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"

/* --- one value --- */

static enum err
read_path(struct yaml_doc *d, const struct yaml_node *at, char *out, size_t cap)
{
	if (at->kind != YAML_TEXT || at->text[0] != '/')
		return yaml_fail(d, at, "a path from / on is wanted here");
	return yaml_text(d, at, out, cap);
}

#define PATH_READER(name, type, member)                                      \
	static enum err name(struct yaml_doc *d, const struct yaml_node *at, \
	    void *into)                                                      \
	{                                                                    \
		struct type *t = into;                                       \
                                                                             \
		return read_path(d, at, t->member, sizeof(t->member));       \
	}
PATH_READER(read_socket, notify_config, socket)
PATH_READER(read_hook, notify_config, hook)
PATH_READER(read_password, notify_smtp, password)
PATH_READER(read_ca, notify_smtp, ca)

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define NAME_BYTES LETTERS DIGITS ".-"

static bool
is_host_name(const char *text)
{
	return text[0] != '\0' && text[0] != '-' && text[0] != '.' &&
	    strspn(text, NAME_BYTES) == strlen(text);
}

/* One address and nothing that a mail program could take for more. */
static bool
is_mail(const char *text)
{
	static const char local[] = LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~.";
	size_t n = strspn(text, local);

	return n > 0 && n <= 64 && text[0] != '-' && text[n] == '@' &&
	    is_host_name(text + n + 1);
}

static enum err
read_mail(struct yaml_doc *d, const struct yaml_node *at,
    char out[static NOTIFY_MAIL_MAX + 1])
{
	enum err e = yaml_text(d, at, out, NOTIFY_MAIL_MAX + 1);

	if (e == ERR_OK && !is_mail(out))
		e = yaml_fail(d, at, "an address is NAME@DOMAIN");
	return e;
}

static enum err
read_from(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	return read_mail(d, at, ((struct notify_smtp *)into)->from);
}

/* --- url --- */

static const struct {
	const char *text;
	enum smtp_scheme scheme;
	uint16_t port;
} schemes[] = {
	{ "smtp://", SMTP_PLAIN, 25 },
	{ "submission://", SMTP_SUBMISSION, 587 },
	{ "smtps://", SMTP_TLS, 465 },
};
#define SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

/* "[ADDRESS]" of IPv6, or a name, or an address of IPv4. */
static bool
take_host(const char *text, char *out, const char **ret_rest)
{
	size_t n = strcspn(text, text[0] == '[' ? "]" : ":/");

	if (text[0] == '[' && text[n] == ']')
		n++;
	if (n == 0 || n > NOTIFY_HOST_MAX)
		return false;
	memcpy(out, text, n);
	out[n] = '\0';
	*ret_rest = text + n;
	if (out[0] == '[')
		return n > 3 && out[n - 1] == ']' &&
		    strspn(out + 1, "0123456789abcdefABCDEF:.") == n - 2;
	return is_host_name(out);
}

static bool
url_parse(const char *text, struct notify_smtp *s)
{
	const char *rest = NULL;
	uint64_t port;
	size_t i = 0;

	while (i < SCHEMES &&
	    strncmp(text, schemes[i].text, strlen(schemes[i].text)) != 0)
		i++;
	if (i == SCHEMES ||
	    !take_host(text + strlen(schemes[i].text), s->host, &rest))
		return false;
	s->scheme = schemes[i].scheme;
	s->port = schemes[i].port;
	if (rest[0] == '\0')
		return true;
	if (rest[0] != ':' ||
	    decimal_get(bytes_str(rest + 1), UINT16_MAX, &port) != ERR_OK ||
	    port == 0)
		return false;
	s->port = (uint16_t)port;
	return true;
}

static enum err
read_url(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	if (!url_parse(at->text, into))
		return yaml_fail(d, at,
		    "smtp://HOST, submission://HOST or smtps://HOST is wanted "
		    "here, perhaps with a port, and nothing else");
	return ERR_OK;
}

/* --- smtp --- */

static const struct yaml_field smtp_fields[] = {
	{ .key = "url",
	    .kind = YAML_AS_HANDLER,
	    .required = true,
	    .read = read_url },
	{ .key = "from",
	    .kind = YAML_AS_HANDLER,
	    .required = true,
	    .read = read_from },
	{ .key = "user",
	    .kind = YAML_AS_TEXT,
	    YAML_FIELD_OF(struct notify_smtp, user) },
	{ .key = "password", .kind = YAML_AS_HANDLER, .read = read_password },
	{ .key = "ca", .kind = YAML_AS_HANDLER, .read = read_ca },
	{ .key = "tls",
	    .kind = YAML_AS_BOOL,
	    YAML_FIELD_OF(struct notify_smtp, tls) },
};

static bool
is_loopback(const char *host)
{
	return strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0;
}

static enum err
read_smtp(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	struct notify_config *c = into;
	struct notify_smtp *s = &c->smtp;
	enum err e;

	c->has_smtp = s->tls = true;
	e = yaml_read_map(d, at, smtp_fields,
	    sizeof(smtp_fields) / sizeof(smtp_fields[0]), s);
	if (e != ERR_OK)
		return e;
	if (s->user[0] == '\0' && s->password[0] != '\0')
		return yaml_fail(d, at, "there is a password, and no user");
	if (!s->tls && s->scheme == SMTP_TLS)
		return yaml_fail(d, yaml_get(at, "tls"), "smtps is with TLS");
	if (!s->tls && !is_loopback(s->host))
		return yaml_fail(d, yaml_get(at, "tls"),
		    "without TLS only loopback addresses are allowed");
	return ERR_OK;
}

/* --- addresses --- */

static enum err
read_address(struct yaml_doc *d, const struct yaml_node *at,
    struct notify_config *c)
{
	struct notify_address *a = &c->address[c->n_addresses];
	uint64_t person;

	if (decimal_get(bytes_str(at->key), NOTIFY_PERSON_MAX, &person) !=
		ERR_OK ||
	    person == 0)
		return yaml_fail(d, at,
		    "the number that a person has in the policy stands before "
		    "their address");
	a->person = (uint16_t)person;
	c->n_addresses++;
	return read_mail(d, at, a->mail);
}

static enum err
read_addresses(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	struct notify_config *c = into;
	enum err e;

	if (at->kind != YAML_MAP || at->n == 0)
		return yaml_fail(d, at, "a map of addresses is wanted here");
	if (at->n > NOTIFY_ADDRESSES_MAX)
		return yaml_fail(d, at, "there are too many addresses");
	for (const struct yaml_node *n = at->first; n != NULL; n = n->next)
		if ((e = read_address(d, n, c)) != ERR_OK)
			return e;
	return ERR_OK;
}

/* --- the whole --- */

static const struct yaml_field fields[] = {
	{ .key = "socket",
	    .kind = YAML_AS_HANDLER,
	    .required = true,
	    .read = read_socket },
	{ .key = "smtp", .kind = YAML_AS_HANDLER, .read = read_smtp },
	{ .key = "addresses", .kind = YAML_AS_HANDLER, .read = read_addresses },
	{ .key = "hook", .kind = YAML_AS_HANDLER, .read = read_hook },
};

/* A password that is not named lies among systemd's credentials. */
static enum err
default_password(struct yaml_doc *d, const char *credentials,
    struct notify_smtp *s)
{
	const struct yaml_node *at = yaml_get(yaml_root(d), "smtp");
	int n;

	if (s->user[0] == '\0' || s->password[0] != '\0')
		return ERR_OK;
	if (credentials == NULL)
		return yaml_fail(d, yaml_get(at, "user"),
		    "there is no password for this user, and systemd passed "
		    "no credentials");
	n = snprintf(s->password, sizeof(s->password), "%s/smtp-password",
	    credentials);
	if (n < 0 || (size_t)n >= sizeof(s->password))
		return yaml_fail(d, at,
		    "the path of systemd's credentials is too long");
	return ERR_OK;
}

static enum err
check_whole(struct yaml_doc *d, const struct notify_config *c)
{
	const struct yaml_node *root = yaml_root(d);

	if (c->has_smtp == (c->hook[0] != '\0'))
		return yaml_fail(d, root, "either smtp or hook is wanted");
	if (c->has_smtp && c->n_addresses == 0)
		return yaml_fail(d, yaml_get(root, "smtp"),
		    "smtp is there, and no addresses");
	if (!c->has_smtp && c->n_addresses > 0)
		return yaml_fail(d, yaml_get(root, "addresses"),
		    "a hook is given numbers, and knows addresses itself");
	return ERR_OK;
}

static enum err
read_whole(struct yaml_doc *d, const char *credentials, struct notify_config *c)
{
	enum err e;

	e = yaml_read_map(d, yaml_root(d), fields,
	    sizeof(fields) / sizeof(fields[0]), c);
	if (e == ERR_OK)
		e = check_whole(d, c);
	if (e == ERR_OK)
		e = default_password(d, credentials, &c->smtp);
	return e;
}

enum err
notify_config_parse(struct bytes yaml, const char *file,
    const char *credentials, struct notify_config **ret,
    struct yaml_error *ret_error)
{
	struct notify_config *c = calloc(1, sizeof(*c));
	CLEAN_YAML struct yaml_doc *d = NULL;
	enum err e = ERR_NOMEM;

	if (c != NULL)
		e = yaml_parse(yaml, file, &d, ret_error);
	if (e == ERR_OK && (e = read_whole(d, credentials, c)) != ERR_OK)
		*ret_error = *yaml_error_of(d);
	if (e != ERR_OK) {
		free(c);
		return e;
	}
	*ret = c;
	return ERR_OK;
}

const char *
notify_config_mail(const struct notify_config *c, uint16_t person)
{
	for (size_t i = 0; i < c->n_addresses; i++)
		if (c->address[i].person == person)
			return c->address[i].mail;
	return NULL;
}
