#include "policy/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/codec.h"

#define ZONES "/usr/share/zoneinfo"

/* An unknown TZ silently means UTC, so the file is asked for first. */
static bool
zone_exists(const char *zone)
{
	char path[sizeof(ZONES) + 80];
	int n;

	if (zone[0] == '\0' || zone[0] == '/' || strstr(zone, "..") != NULL)
		return false;
	n = snprintf(path, sizeof(path), ZONES "/%s", zone);
	return n > 0 && (size_t)n < sizeof(path) && access(path, R_OK) == 0;
}

static enum err
set_zone(const char *zone)
{
	int failed = zone != NULL ? setenv("TZ", zone, 1) : unsetenv("TZ");

	if (failed != 0)
		return ERR_NOMEM;
	tzset();
	return ERR_OK;
}

static enum err
wall_to_utc(int64_t day, unsigned minute, int64_t *ret)
{
	time_t noon = (time_t)day * DAY_SECONDS + DAY_SECONDS / 2;
	struct tm tm;

	/* the civil date of the day, then that wall clock on it */
	if (gmtime_r(&noon, &tm) == NULL)
		return ERR_LIMIT;
	tm.tm_hour = (int)(minute / 60);
	tm.tm_min = (int)(minute % 60);
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	*ret = (int64_t)mktime(&tm);
	return ERR_OK;
}

static enum err
system_to_utc(void *ctx, const char *zone, int64_t day, unsigned minute,
    int64_t *ret)
{
	const char *tz = getenv("TZ");
	char *before = NULL;
	enum err e;

	(void)ctx;
	if (!zone_exists(zone))
		return ERR_NOT_FOUND;
	if (tz != NULL && (before = strdup(tz)) == NULL)
		return ERR_NOMEM;
	e = set_zone(zone);
	if (e == ERR_OK)
		e = wall_to_utc(day, minute, ret);
	if (set_zone(before) != ERR_OK && e == ERR_OK)
		e = ERR_NOMEM;
	free(before);
	return e;
}

const struct compile_zone zone_system = { .to_utc = system_to_utc };
