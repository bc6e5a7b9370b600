#include "client/ctl.h"

#include "crypto/label.h"

enum exit_code
ctl_web_sign(const void *values, const struct args *args)
{
	return ctl_sign_file(values, args->at[0], NOTE_WEB);
}
