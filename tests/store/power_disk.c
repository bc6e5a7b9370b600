#include "tests/store/power_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/store/kit.h"

#define DATA_NAME "/data.mdb"

/* --- what is noted --- */

enum kind {
	KIND_WRITE,
	KIND_WRITE_THROUGH, /* durable when it returns (O_DSYNC), it alone */
	KIND_SIZE,
	KIND_RENAME,
	KIND_SYNC,
	KIND_SYNC_NAMES, /* of the directory in which it was renamed */
	KIND_MARK,
};

struct note {
	enum kind kind;
	uint32_t mark;
	size_t at, n; /* n: of KIND_SIZE, the size at least */
	uint8_t *p;
};

static struct {
	struct note *note;
	size_t n, max;
	bool records;
	char parent[4096]; /* in which something was renamed */
} disk;

static void *
must(void *p)
{
	if (p == NULL) {
		fprintf(stderr, "power_disk: no memory\n");
		abort();
	}
	return p;
}

static struct note *
note_new(enum kind kind)
{
	struct note *at;

	if (disk.n == disk.max) {
		disk.max = disk.max == 0 ? 1024 : disk.max * 2;
		disk.note =
		    must(realloc(disk.note, disk.max * sizeof(*disk.note)));
	}
	at = &disk.note[disk.n++];
	*at = (struct note){ .kind = kind };
	return at;
}

static size_t
path_of(int fd, char out[static 4096])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, out, 4095);
	out[n < 0 ? 0 : n] = '\0';
	return n < 0 ? 0 : (size_t)n;
}

/* By its name, so that a rename of its directory does not lose it. */
static bool
is_recorded(int fd)
{
	const size_t tail = sizeof(DATA_NAME) - 1;
	char path[4096];
	size_t n;

	if (!disk.records)
		return false;
	n = path_of(fd, path);
	return n > tail && memcmp(path + n - tail, DATA_NAME, tail) == 0;
}

static void
note_rename(const char *to)
{
	const char *name = strrchr(to, '/');

	if (name == NULL)
		return;
	note_new(KIND_RENAME);
	snprintf(disk.parent, sizeof(disk.parent), "%.*s", (int)(name - to),
	    to);
}

static bool
is_parent(int fd)
{
	char path[4096];

	return disk.records && path_of(fd, path) > 0 &&
	    strcmp(path, disk.parent) == 0;
}

static void
note_write(int fd, const void *p, size_t n, off_t at)
{
	bool through = (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
	struct note *note = note_new(through ? KIND_WRITE_THROUGH : KIND_WRITE);

	note->p = must(malloc(n));
	memcpy(note->p, p, n);
	note->at = (size_t)at;
	note->n = n;
}

/* --- the calls, under the names that the linker knows --- */

#define EXPORT __attribute__((visibility("default")))

EXPORT ssize_t power_pwrite(int, const void *, size_t, off_t) __asm__("pwrite");
EXPORT ssize_t power_pwritev(int, const struct iovec *, int,
    off_t) __asm__("pwritev");
EXPORT ssize_t power_writev(int, const struct iovec *, int) __asm__("writev");
EXPORT ssize_t power_write(int, const void *, size_t) __asm__("write");
EXPORT int power_fdatasync(int) __asm__("fdatasync");
EXPORT int power_fsync(int) __asm__("fsync");
EXPORT int power_ftruncate(int, off_t) __asm__("ftruncate");
EXPORT int power_fallocate(int, int, off_t, off_t) __asm__("fallocate");
EXPORT int power_fallocate64(int, int, off_t, off_t) __asm__("fallocate64");
EXPORT int power_rename(const char *, const char *) __asm__("rename");

ssize_t
power_pwrite(int fd, const void *p, size_t n, off_t at)
{
	ssize_t done = syscall(SYS_pwrite64, fd, p, n, at);

	if (done > 0 && is_recorded(fd))
		note_write(fd, p, (size_t)done, at);
	return done;
}

ssize_t
power_pwritev(int fd, const struct iovec *v, int n, off_t at)
{
	ssize_t all = 0, done = 0;

	for (int i = 0; i < n && done >= 0; i++, all += done) {
		done = power_pwrite(fd, v[i].iov_base, v[i].iov_len, at + all);
		if (done != (ssize_t)v[i].iov_len)
			break;
	}
	return done < 0 && all == 0 ? -1 : all;
}

ssize_t
power_writev(int fd, const struct iovec *v, int n)
{
	off_t at;
	ssize_t done;

	if (!is_recorded(fd))
		return syscall(SYS_writev, fd, v, n);
	at = lseek(fd, 0, SEEK_CUR);
	done = power_pwritev(fd, v, n, at);
	if (done > 0)
		(void)lseek(fd, at + done, SEEK_SET);
	return done;
}

ssize_t
power_write(int fd, const void *p, size_t n)
{
	off_t at;
	ssize_t done;

	if (!is_recorded(fd))
		return syscall(SYS_write, fd, p, n);
	at = lseek(fd, 0, SEEK_CUR);
	done = power_pwrite(fd, p, n, at);
	if (done > 0)
		(void)lseek(fd, at + done, SEEK_SET);
	return done;
}

int
power_fdatasync(int fd)
{
	int rc = (int)syscall(SYS_fdatasync, fd);

	if (rc == 0 && is_recorded(fd))
		note_new(KIND_SYNC);
	return rc;
}

int
power_fsync(int fd)
{
	int rc = (int)syscall(SYS_fsync, fd);

	if (rc == 0 && is_recorded(fd))
		note_new(KIND_SYNC);
	else if (rc == 0 && is_parent(fd))
		note_new(KIND_SYNC_NAMES);
	return rc;
}

int
power_ftruncate(int fd, off_t n)
{
	int rc = (int)syscall(SYS_ftruncate, fd, n);

	if (rc == 0 && is_recorded(fd))
		note_new(KIND_SIZE)->n = (size_t)n;
	return rc;
}

int
power_fallocate(int fd, int mode, off_t at, off_t n)
{
	int rc = (int)syscall(SYS_fallocate, fd, mode, at, n);

	if (rc == 0 && is_recorded(fd))
		note_new(KIND_SIZE)->n = (size_t)(at + n);
	return rc;
}

int
power_fallocate64(int fd, int mode, off_t at, off_t n)
{
	return power_fallocate(fd, mode, at, n);
}

int
power_rename(const char *from, const char *to)
{
	int rc = (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);

	if (rc == 0 && disk.records)
		note_rename(to);
	return rc;
}

/* --- recording --- */

void
disk_record(void)
{
	disk.records = true;
}

void
disk_stop(void)
{
	disk.records = false;
}

void
disk_mark(uint32_t number)
{
	note_new(KIND_MARK)->mark = number;
}

size_t
disk_moments(void)
{
	return disk.n;
}

uint32_t
disk_marked(size_t i)
{
	while (i-- > 0)
		if (disk.note[i].kind == KIND_MARK)
			return disk.note[i].mark;
	return 0;
}

/* --- what is left --- */

/* What is durable before the note `next`; the others before it, which are
 * not, are pending. */
static struct {
	struct disk_image durable, cut;
	size_t next, durable_max, cut_max;
	size_t *pending, n_pending;
} left;

static uint64_t
draw(uint64_t *luck)
{
	uint64_t x;

	kit_fill((uint8_t *)&x, sizeof(x), ++*luck);
	return x;
}

static void
make_room(struct disk_image *image, size_t *max, size_t n)
{
	if (n <= image->data)
		return;
	if (n > *max) {
		*max = n * 2;
		image->p = must(realloc(image->p, *max));
	}
	memset(image->p + image->data, 0, n - image->data);
	image->data = n;
	if (image->size < n)
		image->size = n;
}

/* luck NULL: all sectors. */
static void
apply_write(struct disk_image *image, size_t *max, const struct note *w,
    uint64_t *luck)
{
	size_t step;

	for (size_t k = 0; k < w->n; k += step) {
		step = DISK_SECTOR - (w->at + k) % DISK_SECTOR;
		if (step > w->n - k)
			step = w->n - k;
		if (luck != NULL && draw(luck) % 2 != 0)
			continue;
		make_room(image, max, w->at + k + step);
		memcpy(image->p + w->at + k, w->p + k, step);
	}
}

static void
apply(struct disk_image *image, size_t *max, const struct note *w,
    uint64_t *luck)
{
	switch (w->kind) {
	case KIND_WRITE:
	case KIND_WRITE_THROUGH:
		apply_write(image, max, w, luck);
		break;
	case KIND_SIZE:
		if (image->size < w->n)
			image->size = w->n;
		break;
	case KIND_RENAME:
		image->is_named = true;
		break;
	case KIND_SYNC:
	case KIND_SYNC_NAMES:
	case KIND_MARK:
		break;
	}
}

static bool
overlaps(const struct note *a, const struct note *b)
{
	return a->p != NULL && b->p != NULL && a->at < b->at + b->n &&
	    b->at < a->at + a->n;
}

/* Whether the note w, now complete, makes the pending one durable. */
static bool
is_settled(const struct note *w, const struct note *pending)
{
	switch (w->kind) {
	case KIND_SYNC:
		return pending->kind != KIND_RENAME;
	case KIND_SYNC_NAMES:
		return pending->kind == KIND_RENAME;
	case KIND_WRITE_THROUGH:
		return overlaps(w, pending) || w == pending;
	case KIND_WRITE:
	case KIND_SIZE:
	case KIND_RENAME:
	case KIND_MARK:
		break;
	}
	return false;
}

static void
complete(size_t i)
{
	const struct note *w = &disk.note[i];
	size_t kept = 0;

	if (w->kind <= KIND_RENAME)
		left.pending[left.n_pending++] = i;
	for (size_t k = 0; k < left.n_pending; k++) {
		const struct note *p = &disk.note[left.pending[k]];

		if (is_settled(w, p))
			apply(&left.durable, &left.durable_max, p, NULL);
		else
			left.pending[kept++] = left.pending[k];
	}
	left.n_pending = kept;
}

void
disk_rewind(void)
{
	free(left.durable.p);
	free(left.cut.p);
	free(left.pending);
	memset(&left, 0, sizeof(left));
	left.pending = must(calloc(disk.n + 1, sizeof(*left.pending)));
}

void
disk_forget(void)
{
	for (size_t i = 0; i < disk.n; i++)
		free(disk.note[i].p);
	free(disk.note);
	memset(&disk, 0, sizeof(disk));
	disk_rewind();
	free(left.pending);
	left.pending = NULL;
}

static void
shuffle(size_t *at, size_t n, uint64_t *luck)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = draw(luck) % i, swapped = at[i - 1];

		at[i - 1] = at[k];
		at[k] = swapped;
	}
}

/* The k-th of n pending; `chosen` is the one that fares otherwise. */
static void
suffer(const struct note *w, enum disk_fate fate, bool is_last, bool is_chosen,
    uint64_t *luck)
{
	bool stays = true, torn = false;

	switch (fate) {
	case FATE_NOTHING:
		stays = false;
		break;
	case FATE_ALL:
	case FATES:
		break;
	case FATE_LAST:
		stays = is_last;
		break;
	case FATE_BUT_ONE:
		stays = !is_chosen;
		break;
	case FATE_SOME:
	case FATE_SOME_TOO:
		stays = draw(luck) % 2 == 0;
		break;
	case FATE_TORN:
		torn = true;
		break;
	case FATE_ONE_TORN:
		torn = is_chosen;
		break;
	}
	if (stays)
		apply(&left.cut, &left.cut_max, w, torn ? luck : NULL);
}

const struct disk_image *
disk_cut(size_t i, enum disk_fate fate, uint64_t luck)
{
	size_t *order = must(calloc(disk.n + 1, sizeof(*order)));
	size_t n, chosen;

	while (left.next < i)
		complete(left.next++);
	n = left.n_pending;
	memcpy(order, left.pending, n * sizeof(*order));
	if (i < disk.n && disk.note[i].kind <= KIND_RENAME)
		order[n++] = i; /* under way */
	chosen = n == 0 ? 0 : draw(&luck) % n;
	if (fate == FATE_SOME || fate == FATE_SOME_TOO || fate == FATE_TORN)
		shuffle(order, n, &luck);
	left.cut.data = left.cut.size = 0;
	make_room(&left.cut, &left.cut_max, left.durable.data);
	if (left.durable.data > 0)
		memcpy(left.cut.p, left.durable.p, left.durable.data);
	left.cut.size = left.durable.size;
	left.cut.is_named = left.durable.is_named;
	for (size_t k = 0; k < n; k++)
		suffer(&disk.note[order[k]], fate, k == n - 1, k == chosen,
		    &luck);
	free(order);
	return &left.cut;
}
