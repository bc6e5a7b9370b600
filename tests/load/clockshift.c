/*
 * For LD_PRELOAD: a calendar that runs faster than the clock on the wall, so
 * that quarters of an hour pass, and rungs come, while a load runs.
 *
 *   SPEAKUP_CLOCK="REAL THEN SPEED"
 *
 * At REAL (seconds since 1970) it is THEN, and time passes SPEED times as fast.
 * Only what says the date is changed: CLOCK_REALTIME and time(2).
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The library is loaded before anything asks. */
typedef int get_time(clockid_t, struct timespec *);

static get_time *
real_clock(void)
{
	static get_time *kept;

	if (kept == NULL)
		*(void **)&kept = dlsym(RTLD_NEXT, "clock_gettime");
	return kept;
}

static long long
shifted(long long now)
{
	static long long real, then, speed;

	if (speed == 0) {
		const char *s = getenv("SPEAKUP_CLOCK");

		if (s == NULL ||
		    sscanf(s, "%lld %lld %lld", &real, &then, &speed) != 3)
			abort();
	}
	return then + (now - real) * speed;
}

__attribute__((visibility("default"))) int
clock_gettime(clockid_t id, struct timespec *t)
{
	int r = real_clock()(id, t);

	if (r == 0 && id == CLOCK_REALTIME)
		t->tv_sec = (time_t)shifted(t->tv_sec);
	return r;
}

__attribute__((visibility("default"))) time_t
time(time_t *ret)
{
	struct timespec t;

	if (clock_gettime(CLOCK_REALTIME, &t) != 0)
		return (time_t)-1;
	if (ret != NULL)
		*ret = t.tv_sec;
	return t.tv_sec;
}
