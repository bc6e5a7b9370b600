#include "client/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "crypto/env.h"

#define HELP_COLUMN 26

static void
print_option(const struct option *o)
{
	char left[80];
	int n = snprintf(left, sizeof(left), "  %c%c%s --%s%s%s",
	    o->letter != 0 ? '-' : ' ', o->letter != 0 ? o->letter : ' ',
	    o->letter != 0 ? "," : " ", o->name, o->value != NULL ? " " : "",
	    o->value != NULL ? o->value : "");

	if (n >= HELP_COLUMN)
		printf("%s\n%*s%s\n", left, HELP_COLUMN, "", o->help);
	else
		printf("%-*s%s\n", HELP_COLUMN, left, o->help);
}

static void
print_command_help(const struct program *p, const struct command *c)
{
	printf("usage: %s %s [options]%s%s\n\n%s\n\n", p->name, c->name,
	    c->args[0] != '\0' ? " " : "", c->args, c->help);
	for (size_t i = 0; i < p->n_options; i++) {
		if ((p->options[i].commands & c->bit) != 0)
			print_option(&p->options[i]);
	}
	printf("%-*s%s\n", HELP_COLUMN, "      --help", "Say this.");
}

static void
print_help(const struct program *p)
{
	printf("%s: %s\n\n", p->name, p->help);
	for (size_t i = 0; i < p->n_commands; i++) {
		const struct command *c = &p->commands[i];

		if (c->name == NULL)
			printf("%s%s\n", i > 0 ? "\n" : "", c->help);
		else
			printf("  %-16s %s\n", c->name, c->help);
	}
	printf("\nMore about one of them: %s COMMAND --help\n", p->name);
}

/* How many words of argv the command's name takes; 0: it is another. */
static int
command_matches(const struct command *c, int argc, char **argv)
{
	const char *space;
	size_t n;

	if (c->name == NULL)
		return 0;
	space = strchr(c->name, ' ');
	if (space == NULL)
		return argc > 1 && strcmp(argv[1], c->name) == 0 ? 1 : 0;
	n = (size_t)(space - c->name);
	return argc > 2 && strlen(argv[1]) == n &&
		strncmp(argv[1], c->name, n) == 0 &&
		strcmp(argv[2], space + 1) == 0
	    ? 2
	    : 0;
}

static const struct command *
command_find(const struct program *p, int argc, char **argv, int *ret_words)
{
	for (size_t i = 0; i < p->n_commands; i++) {
		int words = command_matches(&p->commands[i], argc, argv);

		if (words > 0) {
			*ret_words = words;
			return &p->commands[i];
		}
	}
	return NULL;
}

static const struct option *
option_find(const struct program *p, const struct command *c, const char *name,
    size_t n, char letter)
{
	for (size_t i = 0; i < p->n_options; i++) {
		const struct option *o = &p->options[i];

		if ((o->commands & c->bit) == 0)
			continue;
		if (letter != 0 ? o->letter == letter
				: strlen(o->name) == n &&
			    strncmp(o->name, name, n) == 0)
			return o;
	}
	return NULL;
}

static bool
set_number(uint64_t *into, const char *value)
{
	uint64_t v = 0;

	if (*value == '\0')
		return false;
	for (; *value != '\0'; value++) {
		if (*value < '0' || *value > '9')
			return false;
		v = v * 10 + (uint64_t)(*value - '0');
		if (v > OPTION_NUMBER_MAX)
			return false;
	}
	*into = v;
	return true;
}

static bool
option_set(const struct option *o, void *values, const char *value)
{
	void *into = (char *)values + o->offset;
	struct option_list *list = into;

	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)into = true;
		return true;
	case OPTION_TEXT:
		*(const char **)into = value;
		return true;
	case OPTION_LIST:
		if (list->n == OPTION_LIST_MAX)
			return false;
		list->at[list->n++] = value;
		return true;
	case OPTION_NUMBER:
		return set_number(into, value);
	}
	return false;
}

struct parse {
	const struct program *p;
	const struct command *command;
	int argc, at;
	char **argv;
	void *values;
};

static bool
complain(const struct parse *s, const char *what, const char *arg)
{
	fprintf(stderr, "%s %s: %s: %s\nTry: %s %s --help\n", s->p->name,
	    s->command->name, what, arg, s->p->name, s->command->name);
	return false;
}

/* One argument that begins with a dash, and its value. */
static bool
parse_option(struct parse *s)
{
	char *arg = s->argv[s->at];
	const char *value = NULL;
	const struct option *o;

	if (arg[1] == '-') {
		size_t n = strcspn(arg + 2, "=");

		o = option_find(s->p, s->command, arg + 2, n, 0);
		value = arg[2 + n] == '=' ? arg + 3 + n : NULL;
	} else {
		o = option_find(s->p, s->command, NULL, 0, arg[1]);
		value = arg[2] != '\0' ? arg + 2 : NULL;
	}
	if (o == NULL)
		return complain(s, "there is no such option", arg);
	if (o->kind == OPTION_FLAG && value != NULL)
		return complain(s, "this option takes no value", arg);
	if (o->kind != OPTION_FLAG && value == NULL) {
		if (++s->at == s->argc)
			return complain(s, "this option needs a value", arg);
		value = s->argv[s->at];
	}
	if (!option_set(o, s->values, value))
		return complain(s, "this value cannot be used", arg);
	return true;
}

static struct parsed
answered(enum exit_code code)
{
	return (struct parsed){ .code = code };
}

static struct parsed
parse_rest(struct parse *s)
{
	struct parsed out = { .command = s->command,
		.args.command = s->command };
	bool options_end = false;

	out.args.at = s->argv + s->at;
	for (; s->at < s->argc; s->at++) {
		char *arg = s->argv[s->at];

		if (!options_end && strcmp(arg, "--") == 0) {
			options_end = true;
		} else if (options_end || arg[0] != '-' || arg[1] == '\0') {
			out.args.at[out.args.n++] = arg;
		} else if (strcmp(arg, "--help") == 0) {
			print_command_help(s->p, s->command);
			return answered(EXIT_DONE);
		} else if (!parse_option(s)) {
			return answered(EXIT_USAGE);
		}
	}
	if (out.args.n < s->command->min || out.args.n > s->command->max) {
		(void)complain(s, "expected",
		    s->command->args[0] != '\0' ? s->command->args
						: "no arguments");
		return answered(EXIT_USAGE);
	}
	return out;
}

struct parsed
options_parse(const struct program *p, int argc, char **argv, void *values)
{
	struct parse s = {
		.p = p, .argc = argc, .argv = argv, .values = values
	};
	int words = 0;

	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("%s %s\n", p->name, SPEAKUP_VERSION);
		return answered(EXIT_DONE);
	}
	s.command = command_find(p, argc, argv, &words);
	if (s.command == NULL) {
		bool asked = argc > 1 && strcmp(argv[1], "--help") == 0;

		if (argc > 1 && !asked)
			fprintf(stderr, "%s: there is no command: %s\n\n",
			    p->name, argv[1]);
		print_help(p);
		return answered(asked ? EXIT_DONE : EXIT_USAGE);
	}
	s.at = 1 + words;
	return parse_rest(&s);
}

/* What was printed may be the only copy of a receipt. */
static enum exit_code
flush_output(const struct program *p, enum exit_code code)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return code;
	fprintf(stderr, "%s: not all of the output could be written.\n",
	    p->name);
	return code == EXIT_DONE ? EXIT_FAILED : code;
}

enum exit_code
options_main(const struct program *p, int argc, char **argv, void *values)
{
	/* what is in memory here belongs on no disk */
	const struct rlimit no_core = { 0, 0 };
	struct parsed parsed;

	(void)setrlimit(RLIMIT_CORE, &no_core);
	if (crypto_start() != ERR_OK) {
		fprintf(stderr, "%s: there is not enough memory.\n", p->name);
		return EXIT_FAILED;
	}
	parsed = options_parse(p, argc, argv, values);
	if (parsed.command != NULL)
		parsed.code = parsed.command->run(values, &parsed.args);
	return flush_output(p, parsed.code);
}
