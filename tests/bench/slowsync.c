/* An interposed fdatasync that takes 10 ms longer: LD_PRELOAD it. */
#include <dlfcn.h>
#include <time.h>
#include <unistd.h>

__attribute__((visibility("default"))) int
fdatasync(int fd)
{
	static int (*real)(int);
	struct timespec t = { .tv_nsec = 10 * 1000 * 1000 };

	if (real == NULL)
		real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
	nanosleep(&t, NULL);
	return real(fd);
}
