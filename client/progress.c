#include "client/term.h"

#include <inttypes.h>
#include <unistd.h>

#include "client/moment.h"

#define BAR 30
#define REDRAW_MS 100

static void
draw(struct progress *p)
{
	uint64_t total = p->total > 0 ? p->total : 1;
	uint64_t done = p->done < total ? p->done : total;
	int bar = (int)(done * BAR / total);

	fprintf(stderr, "\r%s [%.*s%.*s] %3" PRIu64 " %% of %" PRIu64 " %s",
	    p->label, bar, "##############################", BAR - bar,
	    "                              ", done * 100 / total,
	    p->unit != NULL ? total : (total + 1023) / 1024,
	    p->unit != NULL ? p->unit : "KiB");
	(void)fflush(stderr);
	p->drawn = moment_now();
}

void
progress_start_of(struct progress *p, const char *label, uint64_t total,
    const char *unit)
{
	*p = (struct progress){ .total = total, .unit = unit };
	if (total == 0 || isatty(STDERR_FILENO) != 1)
		return;
	p->label = label;
	draw(p);
}

void
progress_start(struct progress *p, const char *label, uint64_t total)
{
	progress_start_of(p, label, total, NULL);
}

void
progress_add(struct progress *p, uint64_t n)
{
	p->done += n;
	if (p->label != NULL && moment_now() - p->drawn >= REDRAW_MS)
		draw(p);
}

void
progress_hide(struct progress *p)
{
	if (p->label == NULL)
		return;
	fputs("\r\033[K", stderr);
	(void)fflush(stderr);
	p->drawn = 0;
}

void
progress_end(struct progress *p)
{
	if (p->label == NULL)
		return;
	draw(p);
	fputs("\n", stderr);
	p->label = NULL;
}
