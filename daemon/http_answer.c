#include "daemon/http_answer.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
	unsigned status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 303, "See Other" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
	{ 507, "Insufficient Storage" },
};

const char *
http_reason(unsigned status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return NULL;
}

/* The last field, and the end. */
#define PADDING "X-Padding: %0*d\r\n\r\n"
#define PADDING_LEN (sizeof("X-Padding: \r\n\r\n") - 1)

bool
http_answer_head(const struct http_answer *a, char *out, size_t length)
{
	const char *reason = http_reason(a->status);
	size_t left;
	int n;

	if (reason == NULL)
		return false;
	n = snprintf(out, length,
	    "HTTP/1.1 %u %s\r\n"
	    "%s%s%s"
	    "Content-Length: %" PRIu64 "\r\n"
	    "Cache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "%s%s",
	    a->status, reason, a->type != NULL ? "Content-Type: " : "",
	    a->type != NULL ? a->type : "", a->type != NULL ? "\r\n" : "",
	    a->content_length, a->closes ? "Connection: close\r\n" : "",
	    a->fields != NULL ? a->fields : "");
	if (n <= 0 || (size_t)n + PADDING_LEN >= length)
		return false;
	left = length - (size_t)n;
	return snprintf(out + n, left + 1, PADDING, (int)(left - PADDING_LEN),
		   0) == (int)left;
}
