#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notify/relay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)                  \
	do {                     \
		if (!(x))        \
			abort(); \
	} while (0)

/* A line that is taken is the one way to write its number. */
static void
check_line(struct bytes line)
{
	char text[16];
	uint16_t person = 0;

	if (relay_line(line, &person) != ERR_OK)
		return;
	(void)snprintf(text, sizeof(text), "%u", (unsigned)person);
	MUST(person >= 1 && person <= NOTIFY_PERSON_MAX);
	MUST(bytes_equal(line, bytes_str(text)));
}

/* What goes into a command to the mail server is one word. */
static void
check_mail(const char *mail)
{
	MUST(mail[0] != '\0' && mail[0] != '-');
	MUST(strchr(mail, '@') != NULL);
	MUST(strpbrk(mail, " \t\r\n<>\"\\,;:()[]") == NULL);
}

static void
check_config(const struct notify_config *c)
{
	MUST(c->socket[0] == '/');
	MUST(c->has_smtp != (c->hook[0] == '/'));
	MUST(c->has_smtp == (c->n_addresses > 0));
	for (size_t i = 0; i < c->n_addresses; i++) {
		check_mail(c->address[i].mail);
		MUST(notify_config_mail(c, c->address[i].person) != NULL);
	}
	if (!c->has_smtp)
		return;
	check_mail(c->smtp.from);
	MUST(c->smtp.port != 0);
	MUST(strpbrk(c->smtp.host, " \t\r\n/@?#%\\") == NULL);
	MUST((c->smtp.user[0] == '\0') == (c->smtp.password[0] == '\0'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml_error error = { 0 };
	struct notify_config *c = NULL;

	check_line(BYTES(data, size));
	if (notify_config_parse(BYTES(data, size), "f", "/run/c", &c, &error) ==
	    ERR_OK) {
		check_config(c);
		free(c);
	} else {
		MUST(c == NULL);
	}
	return 0;
}
