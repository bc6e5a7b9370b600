/*
 * Runs a harness over every file of a corpus directory, and over a bounded
 * number of deterministic mutations of each, without a fuzzing engine.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX (1024 * 1024)
#ifndef MUTATIONS
#define MUTATIONS 64
#endif

static uint64_t
next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* Changes, drops or repeats a few bytes. */
static size_t
mutate(uint8_t *p, size_t n, uint64_t *state)
{
	size_t at;

	if (n == 0)
		return 0;
	at = (size_t)(next_random(state) % n);
	switch (next_random(state) % 4) {
	case 0:
		p[at] ^= (uint8_t)(1u << next_random(state) % 8);
		return n;
	case 1:
		p[at] = (uint8_t)next_random(state);
		return n;
	case 2:
		memmove(p + at, p + at + 1, n - at - 1);
		return n - 1;
	default:
		return at;
	}
}

static void
run_mutations(const uint8_t *data, size_t n)
{
	uint64_t state = 1;

	for (int i = 0; i < MUTATIONS; i++) {
		/* exact size, so that sanitizers see an overread */
		uint8_t *copy = malloc(n + 1);
		size_t len = n;

		if (copy == NULL)
			abort();
		memcpy(copy, data, n);
		for (uint64_t k = next_random(&state) % 3 + 1; k > 0; k--)
			len = mutate(copy, len, &state);
		LLVMFuzzerTestOneInput(copy, len);
		free(copy);
	}
}

static void
run_file(const char *dir, const char *name)
{
	static uint8_t data[INPUT_MAX];
	char path[4096];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (f == NULL) {
		perror(path);
		exit(1);
	}
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, n);
	run_mutations(data, n);
}

int
main(int argc, char **argv)
{
	DIR *dir;
	struct dirent *e;
	unsigned n = 0;

	if (argc != 2 || (dir = opendir(argv[1])) == NULL) {
		fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
		return 2;
	}
	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		run_file(argv[1], e->d_name);
		n++;
	}
	closedir(dir);
	printf("%u inputs\n", n);
	return n == 0 ? 1 : 0; /* an empty corpus shows nothing */
}
