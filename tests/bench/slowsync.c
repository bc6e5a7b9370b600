/* An interposed fdatasync that takes 10 ms longer: LD_PRELOAD it. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__attribute__((visibility("default"))) int
fdatasync(int fd)
{
	struct timespec t = { .tv_nsec = 10 * 1000 * 1000 };

	nanosleep(&t, NULL);
	return (int)syscall(SYS_fdatasync, fd);
}
