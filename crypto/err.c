#include "crypto/err.h"

const char *
err_name(enum err e)
{
	switch (e) {
	case ERR_OK:
		return "ok";
	case ERR_NOMEM:
		return "out of memory";
	case ERR_LIMIT:
		return "larger than a limit";
	case ERR_SYNTAX:
		return "syntax error";
	case ERR_CRYPTO:
		return "libcrypto failed";
	case ERR_UNSUPPORTED:
		return "not supported by this OpenSSL";
	case ERR_BAD_SIG:
		return "bad signature";
	case ERR_NOT_FOUND:
		return "not found";
	case ERR_EXISTS:
		return "exists already";
	case ERR_CONFLICT:
		return "conflict";
	case ERR_DENIED:
		return "denied";
	case ERR_EXPIRED:
		return "expired";
	case ERR_FULL:
		return "no space";
	case ERR_IO:
		return "input or output failed";
	case ERR_CORRUPT:
		return "corrupt";
	case ERR_VERSION:
		return "made by a newer version";
	}
	return "unknown error";
}
