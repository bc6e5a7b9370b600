/*
 * The bare loop beside `speakup seal` and `ftsu open`: ChaCha20-Poly1305 over
 * 64 KiB chunks with one EVP context, the same reads and writes, no format.
 *
 *   bench_evp seal|open IN OUT
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#define CHUNK 65536
#define TAG 16

static ssize_t
read_full(int fd, unsigned char *p, size_t n)
{
	size_t have = 0;
	ssize_t r;

	while (have < n && (r = read(fd, p + have, n - have)) > 0)
		have += (size_t)r;
	return (ssize_t)have;
}

int
main(int argc, char **argv)
{
	static unsigned char in[CHUNK + TAG], out[CHUNK + TAG];
	unsigned char key[32] = { 1 }, nonce[12] = { 0 };
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int seal, from, to, n, len;

	if (argc != 4 || c == NULL)
		return 2;
	seal = strcmp(argv[1], "seal") == 0;
	from = open(argv[2], O_RDONLY);
	to = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (from < 0 || to < 0 ||
	    EVP_CipherInit_ex(c, EVP_chacha20_poly1305(), NULL, key, nonce,
		seal) != 1)
		return 1;
	while ((n = (int)read_full(from, in, CHUNK + (seal ? 0 : TAG))) > 0) {
		int text = seal ? n : n - TAG;

		if (EVP_CipherInit_ex(c, NULL, NULL, NULL, nonce, seal) != 1 ||
		    (!seal &&
			EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG,
			    in + text) != 1) ||
		    EVP_CipherUpdate(c, out, &len, in, text) != 1 ||
		    EVP_CipherFinal_ex(c, out + len, &len) != 1)
			return 1;
		if (seal)
			EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG,
			    out + text);
		if (write(to, out, (size_t)(text + (seal ? TAG : 0))) < 0)
			return 1;
		nonce[10]++;
		nonce[9] = (unsigned char)(nonce[9] + (nonce[10] == 0));
	}
	EVP_CIPHER_CTX_free(c);
	return 0;
}
