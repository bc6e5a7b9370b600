#include "notify/send.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notify/hook.h"
#include "notify/mail.h"

#define CONNECT_SECONDS 15L
#define URL_MAX 600

struct sender {
	const struct notify_config *config;
	CURL *curl; /* NULL: there is a hook */
	struct buf mail;
	size_t at; /* bytes of it that libcurl has */
};

const char *
send_result_text(enum send_result r)
{
	static const char *const texts[SEND_RESULTS] = {
		[SEND_DONE] = "sent",
		[SEND_NO_ADDRESS] = "no address is known",
		[SEND_UNREACHABLE] = "the mail server cannot be reached",
		[SEND_UNTRUSTED] = ("the mail server cannot be trusted: its "
				    "certificate, or it has no TLS"),
		[SEND_LOGIN] = "the mail server refuses user and password",
		[SEND_UNWELCOME] = "the mail server does not know us",
		[SEND_REFUSED] = "the mail server refuses it",
		[SEND_TIMEOUT] = "it takes too long",
		[SEND_HOOK] = "the hook fails",
		[SEND_BROKEN] = "the connection breaks off",
	};

	return texts[r];
}

/* --- libcurl --- */

static size_t
give(char *out, size_t size, size_t n, void *ctx)
{
	struct sender *s = ctx;
	const size_t left = s->mail.n - s->at;
	const size_t take = left < size * n ? left : size * n;

	memcpy(out, s->mail.p + s->at, take);
	s->at += take;
	return take;
}

/* "smtp://HOST:PORT/NAME": NAME is said in EHLO instead of our host's. */
static void
url_put(const struct notify_smtp *c, char out[static URL_MAX])
{
	(void)snprintf(out, URL_MAX, "%s://%s:%u/%s",
	    c->scheme == SMTP_TLS ? "smtps" : "smtp", c->host,
	    (unsigned)c->port, strchr(c->from, '@') + 1);
}

#define SET(option, value) (curl_easy_setopt(c, option, value) == CURLE_OK)

static bool
set_server(CURL *c, const struct notify_smtp *smtp, const char *password)
{
	char url[URL_MAX], from[NOTIFY_MAIL_MAX + 3];

	url_put(smtp, url);
	(void)snprintf(from, sizeof(from), "<%s>", smtp->from);
	if (smtp->user[0] != '\0' &&
	    !(SET(CURLOPT_USERNAME, smtp->user) &&
		SET(CURLOPT_PASSWORD, password)))
		return false;
	return SET(CURLOPT_URL, url) && SET(CURLOPT_MAIL_FROM, from) &&
	    SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps") &&
	    SET(CURLOPT_PROXY, "") &&
	    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
}

static bool
set_tls(CURL *c, const struct notify_smtp *smtp)
{
	return SET(CURLOPT_USE_SSL,
		   (long)(smtp->tls ? CURLUSESSL_ALL : CURLUSESSL_NONE)) &&
	    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	    SET(CURLOPT_SSL_VERIFYPEER, 1L) &&
	    SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
	    (smtp->ca[0] == '\0' ||
		(SET(CURLOPT_CAINFO, smtp->ca) && SET(CURLOPT_CAPATH, NULL)));
}

/* A connection is not kept: each would tell how long nothing waited. */
static bool
set_rest(CURL *c, struct sender *s)
{
	return SET(CURLOPT_UPLOAD, 1L) && SET(CURLOPT_READFUNCTION, give) &&
	    SET(CURLOPT_READDATA, s) && SET(CURLOPT_FORBID_REUSE, 1L) &&
	    SET(CURLOPT_NOSIGNAL, 1L) &&
	    SET(CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) &&
	    SET(CURLOPT_TIMEOUT, (long)SEND_SECONDS);
}

static enum err
open_curl(struct sender *s, const char *password)
{
	const struct notify_smtp *smtp = &s->config->smtp;

	(void)unsetenv("SSLKEYLOGFILE");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (s->curl = curl_easy_init()) == NULL)
		return ERR_NOMEM;
	if (!set_server(s->curl, smtp, password) || !set_tls(s->curl, smtp) ||
	    !set_rest(s->curl, s))
		return ERR_UNSUPPORTED;
	return ERR_OK;
}

/* The few that an operator would act on; libcurl has many more. */
static enum send_result
result_of(CURLcode code)
{
	static const struct {
		CURLcode code;
		enum send_result result;
	} known[] = {
		{ CURLE_OK, SEND_DONE },
		{ CURLE_COULDNT_CONNECT, SEND_UNREACHABLE },
		{ CURLE_COULDNT_RESOLVE_HOST, SEND_UNREACHABLE },
		{ CURLE_USE_SSL_FAILED, SEND_UNTRUSTED },
		{ CURLE_SSL_CONNECT_ERROR, SEND_UNTRUSTED },
		{ CURLE_PEER_FAILED_VERIFICATION, SEND_UNTRUSTED },
		{ CURLE_SSL_CACERT_BADFILE, SEND_UNTRUSTED },
		{ CURLE_LOGIN_DENIED, SEND_LOGIN },
		{ CURLE_SEND_ERROR, SEND_REFUSED },
		{ CURLE_WEIRD_SERVER_REPLY, SEND_REFUSED },
		{ CURLE_REMOTE_ACCESS_DENIED, SEND_UNWELCOME },
		{ CURLE_OPERATION_TIMEDOUT, SEND_TIMEOUT },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].code == code)
			return known[i].result;
	return SEND_BROKEN;
}

static enum send_result
perform(CURL *c, const char *mail)
{
	char to[NOTIFY_MAIL_MAX + 3];
	struct curl_slist *list;
	enum send_result r = SEND_BROKEN;

	(void)snprintf(to, sizeof(to), "<%s>", mail);
	if ((list = curl_slist_append(NULL, to)) == NULL)
		return r;
	if (SET(CURLOPT_MAIL_RCPT, list))
		r = result_of(curl_easy_perform(c));
	(void)SET(CURLOPT_MAIL_RCPT, NULL);
	curl_slist_free_all(list);
	return r;
}

/* --- either way --- */

enum err
sender_new(const struct notify_config *config, const char *password,
    struct sender **ret)
{
	struct sender *s = calloc(1, sizeof(*s));
	enum err e = ERR_OK;

	if (s == NULL)
		return ERR_NOMEM;
	s->config = config;
	s->mail.max = MAIL_MAX;
	if (config->has_smtp)
		e = open_curl(s, password);
	if (e != ERR_OK) {
		sender_free(s);
		return e;
	}
	*ret = s;
	return ERR_OK;
}

struct sender *
sender_free(struct sender *s)
{
	if (s == NULL)
		return NULL;
	if (s->curl != NULL)
		curl_easy_cleanup(s->curl);
	buf_free(&s->mail);
	free(s);
	return NULL;
}

enum send_result
sender_send(struct sender *s, uint16_t person, int64_t now)
{
	const char *mail;

	if (s->curl == NULL)
		return hook_run(s->config->hook, person, SEND_SECONDS)
		    ? SEND_DONE
		    : SEND_HOOK;
	if ((mail = notify_config_mail(s->config, person)) == NULL)
		return SEND_NO_ADDRESS;
	buf_reset(&s->mail);
	mail_put(s->config->smtp.from, now, &s->mail);
	if (s->mail.err != ERR_OK)
		return SEND_BROKEN;
	s->at = 0;
	return perform(s->curl, mail);
}
