#include "policy/wall.h"

#include <stdio.h>

#include "crypto/codec.h"

#define QUARTER 15
#define EAST_MAX (14 * 60) /* minutes that a zone may be ahead of UTC */
#define WEST_MAX (12 * 60)

static bool
two_digits(const uint8_t *p, unsigned max, unsigned *ret)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*ret = (p[0] - '0') * 10u + (p[1] - '0');
	return *ret <= max;
}

enum err
wall_parse(const struct compile_zone *z, const char *zone, struct bytes text,
    int64_t *ret)
{
	unsigned hour, minute;
	int64_t day;

	if (text.n != 16 || text.p[10] != ' ' || text.p[13] != ':' ||
	    day_parse(BYTES(text.p, 10), &day) != ERR_OK || day < 0 ||
	    day > YAML_DAY_MAX || !two_digits(text.p + 11, 23, &hour) ||
	    !two_digits(text.p + 14, 59, &minute))
		return ERR_SYNTAX;
	return z->to_utc(z->ctx, zone, day, hour * 60 + minute, ret);
}

static void
put(char out[static WALL_TEXT_MAX], int64_t minutes, const char *end)
{
	char day[11];
	int64_t of_day = minutes % (24 * 60);

	day_format(day, minutes / (24 * 60));
	(void)snprintf(out, WALL_TEXT_MAX, "%s %02u:%02u%s", day,
	    (unsigned)(of_day / 60) % 24, (unsigned)(of_day % 60), end);
}

/* The offset is not asked of the zone, but found: to_utc is all there is. */
void
wall_format(const struct compile_zone *z, const char *zone, int64_t t,
    char out[static WALL_TEXT_MAX])
{
	int64_t now = t / 60, found;

	for (int east = 0; east <= EAST_MAX + WEST_MAX; east += QUARTER) {
		int offset = east <= EAST_MAX ? east : EAST_MAX - east;
		int64_t wall = now + offset;

		if (wall < 0)
			continue;
		if (z->to_utc(z->ctx, zone, wall / (24 * 60),
			(unsigned)(wall % (24 * 60)), &found) == ERR_OK &&
		    found == now * 60) {
			put(out, wall, "");
			return;
		}
	}
	put(out, now < 0 ? 0 : now, "Z");
}
