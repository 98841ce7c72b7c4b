# shellcheck shell=bash
# shellcheck disable=SC2034,SC2086,SC2154,SC2164 # variables go to and come from libs.sh, which also sets -e
# YAML for rehost, to read netplan's files: plain C files.
source=libyaml
patches=no

build() {
    local major minor micro file
    IFS=. read -r major minor micro <<<"${version%%-*}"
    for file in api dumper emitter loader parser reader scanner writer; do
        cmd $CC $CFLAGS -Iinclude -DYAML_VERSION_STRING="\"$major.$minor.$micro\"" -DYAML_VERSION_MAJOR="$major" \
            -DYAML_VERSION_MINOR="$minor" -DYAML_VERSION_PATCH="$micro" -c "src/$file.c" -o "$file.o"
    done
    cmd ar rcsD libyaml.a ./*.o
    cmd install -Dm644 libyaml.a "$prefix/lib/libyaml.a"
    cmd install -Dm644 include/yaml.h "$prefix/include/yaml.h"
}
