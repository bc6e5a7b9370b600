#include <stdlib.h>
#include <string.h>

#include "crypto/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* parse(words(x)) == x for what parses, and for any 16 bytes. */
static void
check_round(const uint8_t receipt[static RECEIPT_LEN])
{
	char text[RECEIPT_TEXT_MAX];
	uint8_t back[RECEIPT_LEN];

	if (receipt_words(receipt, text) != ERR_OK ||
	    receipt_parse(bytes_str(text), back, NULL) != ERR_OK ||
	    memcmp(back, receipt, RECEIPT_LEN) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t receipt[RECEIPT_LEN];
	unsigned bad = 0;

	if (receipt_parse(BYTES(data, size), receipt, &bad) == ERR_OK)
		check_round(receipt);
	else if (bad > RECEIPT_WORDS)
		abort();
	if (size >= RECEIPT_LEN)
		check_round(data);
	return 0;
}
