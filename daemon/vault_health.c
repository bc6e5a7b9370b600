#include "daemon/vault_health.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/codec.h"
#include "crypto/lines.h"
#include "daemon/log.h"

#define HEALTH_MAX 512

static void
write_file(const struct health *h)
{
	CLEAN_BUF struct buf text = BUF_INIT(HEALTH_MAX);

	lines_put_number(&text, "health", 1);
	lines_put_number(&text, "day", (uint64_t)time(NULL) / DAY_SECONDS);
	lines_put_number(&text, "nobody", h->last.nobody);
	lines_put_number(&text, "lost", h->last.lost);
	lines_put_number(&text, "postponed", h->last.postponed);
	/* It never gets shorter but by a restart, which begins it anew. */
	if (text.err != ERR_OK ||
	    pwrite(h->fd, text.p, text.n, 0) != (ssize_t)text.n)
		return;
	(void)!ftruncate(h->fd, (off_t)text.n);
}

static void
say(enum log_event ev, uint64_t before, uint64_t now)
{
	if (now > before)
		log_now(ev, (int64_t)now);
}

void
health_open(struct health *h, const char *state)
{
	char path[HANDOVER_PATH_MAX + 8];

	memset(h, 0, sizeof(*h));
	(void)snprintf(path, sizeof(path), "%s/health", state);
	h->fd = open(path,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (h->fd >= 0)
		write_file(h);
}

void
health_beat(struct health *h, const struct vault *v)
{
	struct vault_health now;

	vault_health(v, &now);
	say(EV_RUNG_NOBODY, h->last.nobody, now.nobody);
	say(EV_RUNG_LOST, h->last.lost, now.lost);
	say(EV_CASE_POSTPONED, h->last.postponed, now.postponed);
	h->last = now;
	if (h->fd >= 0)
		write_file(h);
}

void
health_close(struct health *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}
