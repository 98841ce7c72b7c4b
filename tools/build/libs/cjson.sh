# shellcheck shell=bash
# shellcheck disable=SC2034,SC2086,SC2154,SC2164 # variables go to and come from libs.sh, which also sets -e
# JSON for rehost: one C file.
source=cjson
patches=no

build() {
    cmd $CC $CFLAGS -c cJSON.c -o cJSON.o
    cmd ar rcsD libcjson.a cJSON.o
    cmd install -Dm644 libcjson.a "$prefix/lib/libcjson.a"
    cmd install -Dm644 cJSON.h "$prefix/include/cjson/cJSON.h"
}
