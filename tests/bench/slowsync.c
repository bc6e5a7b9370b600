/* An interposed fdatasync that takes 10 ms longer, or SLOWSYNC_MS: LD_PRELOAD
 * it. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__attribute__((visibility("default"))) int
fdatasync(int fd)
{
	const char *ms = getenv("SLOWSYNC_MS");
	struct timespec t = { .tv_nsec =
				  (ms != NULL ? strtol(ms, NULL, 10) : 10) *
		    1000 * 1000 };

	nanosleep(&t, NULL);
	return (int)syscall(SYS_fdatasync, fd);
}
