/* A host's address in digits, for programs and file systems that do not look up names, or must not do so again. */
#include <netdb.h>
#include <sys/socket.h>

#include "../base/text.h"
#include "transport.h"

char *transport_address(const struct source_uri *uri, struct error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    char address[NI_MAXHOST];
    int failure = getaddrinfo(uri->host, NULL, &hints, &found);
    if (failure == 0) {
        failure = getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST);
        freeaddrinfo(found);
    }
    if (failure == 0)
        return checked_copy(address);
    error_set(err, "look up %s: %s", uri->host, gai_strerror(failure));
    return NULL;
}
