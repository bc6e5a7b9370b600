#include "client/json.h"

#include "client/file.h"

enum exit_code
json_print(const struct term *t, json_t *j)
{
	bool ok = j != NULL &&
	    json_dumpf(j, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) == 0;

	json_decref(j);
	puts("");
	return ok ? EXIT_DONE : fail_err(t, ERR_NOMEM, "JSON");
}
