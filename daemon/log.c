#include "daemon/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG_LINE_MAX 1024

static const char *const names[EV_N] = {
	[EV_READY] = "ready",
	[EV_RELOAD] = "reload",
	[EV_DRAIN] = "drain",
	[EV_END] = "end",
	[EV_NO_LANDLOCK] = "no-landlock",
	[EV_POLICY_TAKEN] = "policy-taken",
	[EV_POLICY_REFUSED] = "policy-refused",
	[EV_POLICY_AGES] = "policy-ages",
	[EV_CERTIFICATE_ENDED] = "certificate-ended",
	[EV_FRONT_ENDED] = "front-ended",
	[EV_FRONT_STARTED] = "front-started",
	[EV_FRONT_HANGS] = "front-hangs",
	[EV_VAULT_ENDED] = "vault-ended",
	[EV_PEER_BROKE_RULES] = "peer-broke-rules",
	[EV_PEER_LOST] = "peer-lost",
	[EV_NO_DESCRIPTORS] = "no-descriptors",
	[EV_STORE_FAILED] = "store-failed",
	[EV_STORE_FULL] = "store-full",
	[EV_RUNG_NOBODY] = "rung-nobody",
	[EV_RUNG_LOST] = "rung-lost",
	[EV_CASE_POSTPONED] = "case-postponed",
	[EV_OVER_CONNECTIONS] = "over-connections",
	[EV_OVER_BYTES] = "over-bytes",
	[EV_LATE_HANDSHAKE] = "late-handshake",
	[EV_LATE_HEADER] = "late-header",
	[EV_LATE_BODY] = "late-body",
	[EV_LATE_ANSWER] = "late-answer",
	[EV_BAD_TLS] = "bad-tls",
	[EV_BAD_REQUEST] = "bad-request",
	[EV_ANSWERED_BUSY] = "answered-busy",
	[EV_ANSWERED_DOWN] = "answered-down",
	[EV_ANSWERED_FULL] = "answered-full",
};

/* The one global besides the signal flag: the sink. */
static struct {
	const char *role;
	int fd;
	uint64_t total[EV_N];
} sink = { .role = "", .fd = -1 };

/* One write, so that lines of several processes do not mix. A log that cannot
 * be written is no reason to stop. */
static void
write_line(const char *line, size_t n)
{
	if (sink.fd >= 0 && write(sink.fd, line, n) < 0)
		return;
}

void
log_open(const char *role, int fd)
{
	sink.role = role;
	sink.fd = fd;
	memset(sink.total, 0, sizeof(sink.total));
}

void
log_count(enum log_event ev)
{
	sink.total[ev]++;
}

void
log_now(enum log_event ev, int64_t value)
{
	char line[LOG_LINE_MAX];
	int n;

	n = snprintf(line, sizeof(line), "speakupd %s: %s %lld\n", sink.role,
	    names[ev], (long long)value);
	if (n > 0 && (size_t)n < sizeof(line))
		write_line(line, (size_t)n);
}

void
log_flush(void)
{
	struct buf line = BUF_INIT(LOG_LINE_MAX);
	bool any = false;

	buf_printf(&line, "speakupd %s: totals:", sink.role);
	for (int ev = 0; ev < EV_N; ev++) {
		if (sink.total[ev] == 0)
			continue;
		buf_printf(&line, " %s=%llu", names[ev],
		    (unsigned long long)sink.total[ev]);
		sink.total[ev] = 0;
		any = true;
	}
	buf_put_str(&line, "\n");
	if (any && line.err == ERR_OK)
		write_line((const char *)line.p, line.n);
	buf_free(&line);
}
