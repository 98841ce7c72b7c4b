/* A source's URI taken apart. Settings of ours stand behind `#`, which is never sent to a server:
 *     https://root@esx1/folder/web/web-flat.vmdk?dcPath=dc&dsName=ds#password-file=/root/pw&fingerprint=SHA256:… */
#ifndef REHOST_SOURCE_URI_H
#define REHOST_SOURCE_URI_H

#include "../base/error.h"

enum scheme { SCHEME_FILE, SCHEME_HTTP, SCHEME_HTTPS, SCHEME_SSH, SCHEME_ISCSI, SCHEME_NFS, SCHEME_SMB, SCHEME_COUNT };
enum setting { SETTING_FORMAT, SETTING_PASSWORD_FILE, SETTING_FINGERPRINT, SETTING_CAINFO, SETTING_KNOWN_HOSTS, SETTING_IDENTITY, SETTING_COUNT };

struct source_uri {
    enum scheme scheme;
    char *user;  /* decoded, or NULL */
    char *host;  /* without brackets; NULL for a file */
    char *port;  /* NULL: the scheme's own */
    char *path;  /* decoded, without a query */
    char *query; /* as it was given, with its "?"; only of http and https; or NULL */
    char *raw_path; /* as it was given */
    char *settings[SETTING_COUNT]; /* decoded; NULL: not given */
};

int source_uri_parse(const char *text, struct source_uri *uri, struct error *err);
void source_uri_free(struct source_uri *uri);

static inline void cleanup_free_source_uri(struct source_uri *uri)
{
    source_uri_free(uri);
}
#define cleanup_source_uri __attribute__((cleanup(cleanup_free_source_uri)))

#endif
