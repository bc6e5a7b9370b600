#include "tests/faults/alloc.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* What is really there: the C library's, or the sanitizer's. */
#if defined(__SANITIZE_ADDRESS__)
#define REAL(name) __interceptor_##name
#define real_memalign __interceptor_memalign
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define REAL(name) __interceptor_##name
#define real_memalign __interceptor_memalign
#endif
#endif
#ifndef REAL
#define REAL(name) __libc_##name
#define real_memalign __libc_memalign
#endif

void *REAL(malloc)(size_t);
void *REAL(calloc)(size_t, size_t);
void *REAL(realloc)(void *, size_t);
void *real_memalign(size_t, size_t);
void REAL(free)(void *);

enum alloc_fault { ALLOC_ONE, ALLOC_FROM };

static struct {
	unsigned long seen, at;
	enum alloc_fault how;
	bool hit;
	unsigned paused;
	long live;
} faults = { .paused = 1, .at = ULONG_MAX };

static bool
fails(void)
{
	unsigned long k;

	if (faults.paused > 0)
		return false;
	k = faults.seen++;
	if (k < faults.at || (faults.how == ALLOC_ONE && k != faults.at))
		return false;
	faults.hit = true;
	errno = ENOMEM;
	return true;
}

static void *
taken(void *p)
{
	if (p != NULL)
		__atomic_fetch_add(&faults.live, 1, __ATOMIC_RELAXED);
	return p;
}

/* --- in the place of the C library's --- */

#define EXPORT __attribute__((visibility("default")))

EXPORT void *
malloc(size_t n)
{
	return fails() ? NULL : taken(REAL(malloc)(n));
}

EXPORT void *
calloc(size_t n, size_t size)
{
	return fails() ? NULL : taken(REAL(calloc)(n, size));
}

EXPORT void *
realloc(void *p, size_t n)
{
	void *q;

	if (p == NULL)
		return malloc(n);
	if (n == 0) {
		free(p);
		return NULL;
	}
	if (fails())
		return NULL;
	q = REAL(realloc)(p, n);
	return q;
}

EXPORT void *
reallocarray(void *p, size_t n, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(n, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, all);
}

EXPORT void *
aligned_alloc(size_t align, size_t n)
{
	return fails() ? NULL : taken(real_memalign(align, n));
}

EXPORT int
posix_memalign(void **ret, size_t align, size_t n)
{
	void *p = aligned_alloc(align, n);

	if (p == NULL)
		return ENOMEM;
	*ret = p;
	return 0;
}

EXPORT void
free(void *p)
{
	if (p != NULL)
		__atomic_fetch_sub(&faults.live, 1, __ATOMIC_RELAXED);
	REAL(free)(p);
}

void
alloc_pause(void)
{
	faults.paused++;
}

void
alloc_resume(void)
{
	faults.paused--;
}

void
alloc_reset(void)
{
	faults.paused = 1;
	faults.at = ULONG_MAX;
}

bool
alloc_has_failed(void)
{
	return faults.hit;
}

/* --- each in turn --- */

/* Times that the same fault must leave more behind to be called a leak:
 * libraries keep some things that they make, once. */
#define LEAK_TIMES 24

static long
live_now(void)
{
	return __atomic_load_n(&faults.live, __ATOMIC_RELAXED);
}

static unsigned long
run_once(alloc_act *act, void *ctx, unsigned long k, enum alloc_fault how)
{
	faults.at = k;
	faults.how = how;
	faults.seen = 0;
	faults.hit = false;
	act(ctx);
	faults.at = ULONG_MAX;
	return faults.seen;
}

static void
check_leak(const char *name, alloc_act *act, void *ctx, unsigned long k,
    enum alloc_fault how)
{
	for (unsigned i = 0; i < LEAK_TIMES; i++) {
		long before = live_now();

		(void)run_once(act, ctx, k, how);
		if (live_now() <= before)
			return;
	}
	fail_msg("%s: leaks when allocation %lu fails%s", name, k,
	    how == ALLOC_ONE ? "" : ", and all behind it");
}

unsigned long
alloc_each(const char *name, alloc_act *act, void *ctx, unsigned long stride)
{
	unsigned long k, n = 0, step = stride == 0 ? 1 : stride;
	long live;

	/* What is made once is made. */
	for (unsigned i = 0; i < 3; i++)
		(void)run_once(act, ctx, ULONG_MAX, ALLOC_ONE);
	for (unsigned how = 0; how < 2; how++) {
		for (k = 0;; k += step) {
			live = live_now();
			n = run_once(act, ctx, k, (enum alloc_fault)how);
			if (!alloc_has_failed())
				break;
			if (live_now() > live)
				check_leak(name, act, ctx, k,
				    (enum alloc_fault)how);
		}
	}
	print_message("%s: %lu allocations\n", name, n);
	return n;
}
