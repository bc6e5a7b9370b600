#include "crypto/secret.h"

#include <sys/mman.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

struct secret {
	uint8_t *map; /* guard page, pages, guard page */
	size_t map_len;
	uint8_t *p; /* ends where the second guard begins */
	size_t n;
	size_t room; /* the length at first, wiped in the end */
};

static size_t
page_size(void)
{
	long n = sysconf(_SC_PAGESIZE);

	return n > 0 ? (size_t)n : 4096;
}

/* Maps the pages; MAP_FAILED leaves nothing behind. */
static enum err
map_guarded(struct secret *s, size_t n)
{
	size_t page = page_size();
	size_t inner = (n / page + 1) * page;

	s->map_len = inner + 2 * page;
	s->map = mmap(NULL, s->map_len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);
	if (s->map == MAP_FAILED)
		return ERR_NOMEM;
	if (mprotect(s->map + page, inner, PROT_READ | PROT_WRITE) != 0) {
		munmap(s->map, s->map_len);
		return ERR_NOMEM;
	}
	/* past RLIMIT_MEMLOCK it is still guarded, undumped and wiped */
	(void)mlock(s->map + page, inner);
	(void)madvise(s->map + page, inner, MADV_DONTDUMP);
	s->p = s->map + page + inner - n;
	return ERR_OK;
}

enum err
secret_new(size_t n, struct secret **ret)
{
	struct secret *s;
	enum err err;

	if (n > SIZE_MAX / 4)
		return ERR_LIMIT;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ERR_NOMEM;
	err = map_guarded(s, n);
	if (err != ERR_OK) {
		free(s);
		return err;
	}
	s->n = s->room = n;
	*ret = s;
	return ERR_OK;
}

enum err
secret_copy(struct bytes from, struct secret **ret)
{
	struct secret *s;
	enum err err = secret_new(from.n, &s);

	if (err != ERR_OK)
		return err;
	if (from.n > 0)
		memcpy(s->p, from.p, from.n);
	*ret = s;
	return ERR_OK;
}

uint8_t *
secret_bytes(struct secret *s)
{
	return s->p;
}

size_t
secret_len(const struct secret *s)
{
	return s->n;
}

void
secret_truncate(struct secret *s, size_t n)
{
	if (n >= s->n)
		return;
	bytes_wipe(s->p + n, s->n - n);
	s->n = n;
}

struct secret *
secret_free(struct secret *s)
{
	if (s == NULL)
		return NULL;
	bytes_wipe(s->p, s->room);
	munmap(s->map, s->map_len);
	free(s);
	return NULL;
}

void
secret_freep(struct secret **s)
{
	*s = secret_free(*s);
}

/* --- what libraries give back --- */

void
wiping_free(void *p)
{
	bytes_wipe(p, malloc_usable_size(p));
	free(p);
}

/* Never in place: realloc could move what it leaves unwiped. */
void *
wiping_realloc(void *p, size_t n)
{
	size_t had = malloc_usable_size(p);
	void *more = NULL;

	if (n > 0 && n <= had)
		return p;
	if (n > 0 && (more = malloc(n)) == NULL)
		return NULL;
	if (p != NULL && more != NULL)
		memcpy(more, p, had);
	wiping_free(p);
	return more;
}

static void *
take(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return malloc(n);
}

static void *
take_more(void *p, size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return wiping_realloc(p, n);
}

static void
give_back(void *p, const char *file, int line)
{
	(void)file, (void)line;
	wiping_free(p);
}

enum err
secret_wipe_freed(void)
{
	return CRYPTO_set_mem_functions(take, take_more, give_back) == 1
	    ? ERR_OK
	    : ERR_CRYPTO;
}
