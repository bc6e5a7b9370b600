#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/exit.h"

/*
 * Command lines, by table. A program has commands ("report", "policy sign") and
 * options; each option says which commands take it. --help and --version are
 * everybody's. Options may stand before and after other arguments; "--" ends
 * them.
 */

#define OPTION_LIST_MAX 64

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_TEXT,   /* const char * */
	OPTION_LIST,   /* struct option_list; may be repeated */
	OPTION_NUMBER, /* uint64_t, at most OPTION_NUMBER_MAX */
};
#define OPTION_NUMBER_MAX 1000000

struct option_list {
	size_t n;
	const char *at[OPTION_LIST_MAX];
};

struct option {
	uint64_t commands; /* which: bits of struct command */
	const char *name;
	char letter; /* 0: none */
	enum option_kind kind;
	const char *value; /* what --help calls it; NULL for a flag */
	size_t offset;	   /* in the program's struct of values */
	const char *help;
};

struct args {
	size_t n;
	char **at;
	const struct command *command; /* that was given */
};

struct command {
	uint64_t bit;
	/* one word, or two with a space between; NULL: no command, and `help`
	 * is a line above those that follow */
	const char *name;
	const char *args; /* for --help: "CASE", "[FILE]"; may be "" */
	size_t min, max;  /* number of them */
	const char *help;
	enum exit_code (*run)(const void *values, const struct args *args);
};

struct program {
	const char *name;
	const char *help;
	const struct command *commands;
	size_t n_commands;
	const struct option *options;
	size_t n_options;
};

struct parsed {
	const struct command *command; /* NULL: answered already */
	struct args args;
	enum exit_code code; /* where command is NULL */
};

/*
 * Fills `values` (zeroed by the caller) and reorders argv so that args are
 * together. Help and complaints are printed here.
 */
struct parsed options_parse(const struct program *p, int argc, char **argv,
    void *values);
/* Parses and runs. */
enum exit_code options_main(const struct program *p, int argc, char **argv,
    void *values);
