# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2164 # variables go to and come from libs.sh, which also sets -e
# TLS for rehost: the client's side of TLS 1.2 and 1.3, X.509, PSK. What neither uses is left out: it is a third of the program.
source=openssl
# Debian's patches are applied: a stable release's security fixes come as patches.
patches=yes

left_out=(
    # What loads code at run time, and programs, services and protocols around TLS.
    no-shared no-dso no-engine no-module no-legacy no-tests no-apps no-docs no-afalgeng no-async no-ui-console
    no-ssl3 no-tls1 no-tls1_1 no-dtls no-quic no-srtp no-srp no-comp no-nextprotoneg no-ct no-cmp no-cms no-ts no-rfc3779
    # Algorithms that no server of today insists on.
    no-aria no-bf no-blake2 no-camellia no-cast no-des no-dsa no-ec2m no-gost no-idea no-md4 no-mdc2 no-ocb no-rc2 no-rc4
    no-rmd160 no-scrypt no-argon2 no-seed no-siphash no-siv no-sm2 no-sm3 no-sm4 no-whirlpool no-ml-dsa no-slh-dsa
    no-deprecated
)

# The compiler's path and flags end in the library, hence neither $CC nor $CFLAGS, which name a folder of this one build;
# the time would, too. The sections let the linker drop what the program does not use.
build() {
    local cc=(env PATH="${CC%/*}:$PATH" SOURCE_DATE_EPOCH=1 CC=cc CFLAGS='-O2 -fno-strict-aliasing -ffunction-sections -fdata-sections')
    cmd "${cc[@]}" ./Configure linux-x86_64 --prefix=/usr --libdir=lib --openssldir=/etc/ssl "${left_out[@]}"
    cmd "${cc[@]}" make -j"$(nproc)" build_libs
    cmd install -Dm644 -t "$prefix/lib" libssl.a libcrypto.a
    cmd install -Dm644 -t "$prefix/include/openssl" include/openssl/*.h
}
