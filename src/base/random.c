#include "base/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *out, size_t size)
{
    char *next = out;
    while (size > 0) {
        ssize_t got = getrandom(next, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            perror("fairlead: the kernel gives no random bytes");
            abort();
        }
        next += got;
        size -= (size_t)got;
    }
}

void random_token(char *out, size_t digits)
{
    static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (size_t i = 0; i < digits;) {
        unsigned char byte;
        random_bytes(&byte, 1);
        if (byte < 62 * 4) /* drop the rest so that every digit is equally likely */
            out[i++] = alphabet[byte % 62];
    }
    out[digits] = '\0';
}
