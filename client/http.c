#include "client/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/hold.h"

#define CONNECT_SECONDS 30L
#define SLOW_BYTES 256L /* a second, over SLOW_SECONDS: broken */
#define SLOW_SECONDS 60L
#define TOTAL_SECONDS 900L

struct http {
	CURL *curl;
	struct curl_slist *fields;
	const char *server;
	unsigned sent; /* the exchange's request, times */
};

const char *
http_result_text(enum http_result r)
{
	switch (r) {
	case HTTP_ANSWERED:
		return "It answered.";
	case HTTP_NO_CONNECT:
		return "The server cannot be reached.";
	case HTTP_BAD_SERVER:
		return "This may not be the right server: its certificate "
		       "cannot be trusted.";
	case HTTP_NO_TLS:
		return "No secure connection came about: it broke off, or the "
		       "other side does not speak TLS 1.3.";
	case HTTP_BROKEN_OFF:
		return "The connection broke off.";
	case HTTP_TOO_SLOW:
		return "The server took too long to answer.";
	case HTTP_TOO_LARGE:
		return "The answer is larger than any that belongs here.";
	case HTTP_INTERRUPTED:
		return "It was interrupted.";
	case HTTP_BAD_CONFIG:
		return "The server's address, the proxy or the certificate "
		       "file cannot be used.";
	case HTTP_NO_MEMORY:
		return "There is not enough memory.";
	}
	return "";
}

/* "https://", a host, perhaps a port, perhaps one "/" at the end. */
static bool
server_ok(const char *url)
{
	size_t n;

	if (strncmp(url, "https://", 8) != 0)
		return false;
	n = strcspn(url + 8, "/?#@\\ ");
	return n > 0 && (url[8 + n] == '\0' || strcmp(url + 8 + n, "/") == 0);
}

/* socks5h and http proxies look names up themselves: none leaves here. */
static bool
proxy_ok(const char *proxy)
{
	return proxy == NULL || strncmp(proxy, "socks5h://", 10) == 0 ||
	    strncmp(proxy, "http://", 7) == 0;
}

#define SET(option, value) (curl_easy_setopt(c, option, value) == CURLE_OK)

static bool
set_transport(CURL *c, const struct http_config *config)
{
	return SET(CURLOPT_PROTOCOLS_STR, "https") &&
	    SET(CURLOPT_PROXY, config->proxy != NULL ? config->proxy : "") &&
	    SET(CURLOPT_NOPROXY, "") &&
	    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3) &&
	    SET(CURLOPT_SSL_VERIFYPEER, 1L) &&
	    SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
	    SET(CURLOPT_SSL_SESSIONID_CACHE, 0L) &&
	    SET(CURLOPT_SSL_ENABLE_ALPN, 0L) &&
	    (config->ca_file == NULL ||
		(SET(CURLOPT_CAINFO, config->ca_file) &&
		    SET(CURLOPT_CAPATH, NULL))) &&
	    (config->pin == NULL || SET(CURLOPT_PINNEDPUBLICKEY, config->pin));
}

/* libcurl asks about once a second, also when nothing moves. */
static int
on_progress(void *ctx, curl_off_t down, curl_off_t downloaded, curl_off_t up,
    curl_off_t uploaded)
{
	(void)ctx, (void)down, (void)downloaded, (void)up, (void)uploaded;
	return hold_is_over();
}

/* libcurl sends a request again by itself where a connection that was kept ends
 * before a byte of the answer has come. */
static int
on_request(void *ctx, char *to, char *from, int to_port, int from_port)
{
	struct http *h = ctx;

	(void)to, (void)from, (void)to_port, (void)from_port;
	h->sent++;
	return CURL_PREREQFUNC_OK;
}

static bool
set_limits(struct http *h)
{
	CURL *c = h->curl;

	return SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_NOSIGNAL, 1L) &&
	    SET(CURLOPT_NOPROGRESS, 0L) &&
	    SET(CURLOPT_XFERINFOFUNCTION, on_progress) &&
	    SET(CURLOPT_PREREQFUNCTION, on_request) &&
	    SET(CURLOPT_PREREQDATA, h) &&
	    SET(CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) &&
	    SET(CURLOPT_TIMEOUT, TOTAL_SECONDS) &&
	    SET(CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES) &&
	    SET(CURLOPT_LOW_SPEED_TIME, SLOW_SECONDS) &&
	    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
	    SET(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
}

/* Fields that libcurl would send by itself are taken out. */
static bool
set_fields(struct http *h)
{
	static const char *const fields[] = { "User-Agent:", "Accept:",
		"Expect:", "Content-Type: application/octet-stream" };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct curl_slist *more =
		    curl_slist_append(h->fields, fields[i]);

		if (more == NULL)
			return false;
		h->fields = more;
	}
	return true;
}

enum http_result
http_open(const struct http_config *config, struct http **ret)
{
	struct http *h;

	if (!server_ok(config->server) || !proxy_ok(config->proxy))
		return HTTP_BAD_CONFIG;
	(void)unsetenv("SSLKEYLOGFILE");
	h = calloc(1, sizeof(*h));
	if (h == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(h);
		return HTTP_NO_MEMORY;
	}
	h->server = config->server;
	h->curl = curl_easy_init();
	if (h->curl == NULL || !set_fields(h)) {
		(void)http_close(h);
		return HTTP_NO_MEMORY;
	}
	if (!set_transport(h->curl, config) || !set_limits(h)) {
		(void)http_close(h);
		return HTTP_BAD_CONFIG;
	}
	*ret = h;
	return HTTP_ANSWERED;
}

enum http_result
http_patience(struct http *h, unsigned seconds)
{
	return curl_easy_setopt(h->curl, CURLOPT_LOW_SPEED_TIME,
		   (long)seconds) == CURLE_OK
	    ? HTTP_ANSWERED
	    : HTTP_NO_MEMORY;
}

void
http_last(struct http *h, bool is_last)
{
	(void)curl_easy_setopt(h->curl, CURLOPT_FORBID_REUSE, (long)is_last);
}

enum http_result
http_decode(struct http *h)
{
	return curl_easy_setopt(h->curl, CURLOPT_ACCEPT_ENCODING, "gzip") ==
		CURLE_OK
	    ? HTTP_ANSWERED
	    : HTTP_NO_MEMORY;
}

struct http *
http_close(struct http *h)
{
	if (h == NULL)
		return NULL;
	curl_easy_cleanup(h->curl);
	curl_slist_free_all(h->fields);
	free(h);
	return NULL;
}

bool
http_was_sent_twice(const struct http *h)
{
	return h->sent > 1;
}

/* --- one exchange --- */

static size_t
on_write(char *in, size_t size, size_t n, void *ctx)
{
	struct buf *answer = ctx;

	buf_put(answer, in, size * n);
	return answer->err == ERR_OK ? size * n : 0;
}

static enum http_result
judge(CURLcode code, const struct buf *answer)
{
	switch ((int)code) {
	case CURLE_OK:
		return HTTP_ANSWERED;
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_PROXY:
		return HTTP_NO_CONNECT;
	case CURLE_SSL_CONNECT_ERROR:
		return HTTP_NO_TLS;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_SSL_ISSUER_ERROR:
		return HTTP_BAD_SERVER;
	case CURLE_ABORTED_BY_CALLBACK:
		return HTTP_INTERRUPTED;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_TOO_SLOW;
	case CURLE_WRITE_ERROR:
		return answer->err == ERR_NOMEM ? HTTP_NO_MEMORY
						: HTTP_TOO_LARGE;
	case CURLE_OUT_OF_MEMORY:
		return HTTP_NO_MEMORY;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_SSL_CACERT_BADFILE:
		return HTTP_BAD_CONFIG;
	default:
		return HTTP_BROKEN_OFF;
	}
}

static bool
set_request(struct http *h, const char *path, struct bytes body,
    struct buf *answer)
{
	CURL *c = h->curl;
	char url[1024];
	size_t n = 8 + strcspn(h->server + 8, "/");
	int len = snprintf(url, sizeof(url), "%.*s%s", (int)n, h->server, path);

	if (len < 0 || (size_t)len >= sizeof(url) || !SET(CURLOPT_URL, url) ||
	    !SET(CURLOPT_HTTPHEADER, h->fields) ||
	    !SET(CURLOPT_WRITEFUNCTION, on_write) ||
	    !SET(CURLOPT_WRITEDATA, answer))
		return false;
	if (body.n == 0)
		return SET(CURLOPT_HTTPGET, 1L);
	return SET(CURLOPT_POST, 1L) && SET(CURLOPT_POSTFIELDS, body.p) &&
	    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
}

enum http_result
http_exchange(struct http *h, const char *path, struct bytes body,
    struct buf *answer, unsigned *ret_status)
{
	long status = 0;
	enum http_result r;

	h->sent = 0;
	if (!set_request(h, path, body, answer))
		return HTTP_BAD_CONFIG;
	r = judge(curl_easy_perform(h->curl), answer);
	if (r != HTTP_ANSWERED)
		return r;
	if (curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status) !=
		CURLE_OK ||
	    status < 100 || status > 999)
		return HTTP_BROKEN_OFF;
	*ret_status = (unsigned)status;
	return HTTP_ANSWERED;
}
