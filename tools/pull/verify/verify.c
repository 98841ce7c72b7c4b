/* See verify.h.
 *
 *     read back → sum of the group of chunks → as received? → the SHA-256 goes on
 *                                                └ no, or not known: compare with the source, write again what differs */
#include "verify.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../../base/bytes.h"
#include "../../base/cleanup.h"
#include "../../base/text.h"
#include "../../nbd/lost.h"
#include "../lone.h"
#include "readback.h"

#define TELL_EVERY_MS 250
#define ZEROES_BYTES 65536u

struct pass {
    const struct verify *verify;
    struct pull_result *result;
    pull_told *told;
    void *context;
    int64_t started_ms, told_ms;
    EVP_MD_CTX *sha, *sha_before; /* of all up to `hashed`; and as it was before this group */
    uint64_t hashed, hashed_before;
    uint64_t group, sum;          /* where it is, and of what was read back of it */
    struct extents lost;          /* places that the source cannot read now */
};

int verify_prepare(struct journal *journal, bool other_map, struct error *err)
{
    unsigned char key[DIGEST_KEY_BYTES];
    struct digests *digests = &journal->digests;
    if (digests->group_count && !other_map)
        return 0;
    if (!digests->group_count) {
        if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)
            return error_errno(err, "make a key for the digests");
        digests_open(digests, journal_chunk_count(journal), key);
    }
    for (uint64_t chunk = 0; chunk < journal_chunk_count(journal); chunk++)
        if (journal->settled[chunk / 64] >> (chunk % 64) & 1)
            digests_forget(digests, chunk / digests->chunks_per_group);
    return 0;
}

static void hash(struct pass *pass, const void *bytes, size_t length)
{
    if (EVP_DigestUpdate(pass->sha, bytes, length) != 1)
        abort(); /* it fails for want of memory alone */
    pass->hashed += length;
}

/* What is not in use was not copied, and counts as zeroes. */
static void hash_zeroes_until(struct pass *pass, uint64_t offset)
{
    static const unsigned char zeroes[ZEROES_BYTES];
    while (pass->hashed < offset)
        hash(pass, zeroes, (size_t)least(sizeof zeroes, offset - pass->hashed));
}

static void hash_at(struct pass *pass, uint64_t offset, const void *bytes, size_t length)
{
    hash_zeroes_until(pass, offset);
    hash(pass, bytes, length);
}

static void tell_trouble(void *context, const char *trouble)
{
    struct pass *pass = context;
    struct pull_progress progress = pass->result->progress;
    if (!pass->told)
        return;
    pass->told_ms = clock_ms();
    progress.verifying = true;
    progress.verified_bytes = pass->hashed;
    progress.seconds = (double)(pass->told_ms - pass->started_ms) / 1000;
    progress.trouble = trouble;
    pass->told(pass->context, &progress);
}

static void tell(struct pass *pass)
{
    if (clock_ms() - pass->told_ms >= TELL_EVERY_MS)
        tell_trouble(pass, NULL);
}

static uint64_t group_bytes(const struct verify *verify)
{
    return verify->journal->digests.chunks_per_group * verify->journal->chunk_bytes;
}

/* What comes again of the source. */
struct again {
    unsigned char *bytes;
    uint64_t start, end;
    struct extents *lost; /* as for nbd_read_at */
};

static enum nbd_result read_again(struct nbd *nbd, void *context, struct error *err)
{
    const struct again *again = context;
    return nbd_read_at(nbd, again->bytes, again->start, (size_t)(again->end - again->start), again->lost, err);
}

/* As it has to be on the target: what was lost is zero there. */
static int fetch(struct pass *pass, unsigned char *bytes, uint64_t start, uint64_t end, struct error *err)
{
    const struct verify *verify = pass->verify;
    const struct extents *lost = &verify->journal->lost;
    struct again again = {bytes, start, end, verify->zero_unreadable ? &pass->lost : NULL};
    const struct lone lone = {verify->nbd, verify->source, verify->opened, verify->patience_seconds, verify->journal->source_bytes,
                              &verify->journal->identity, tell_trouble, pass};
    if (lone_do(&lone, read_again, &again, err) != NBD_OK)
        return error_prefix(err, "fetch again what differs");
    for (size_t i = extents_find(lost, start); i < lost->count && lost->items[i].start < end; i++) {
        uint64_t from = most(lost->items[i].start, start), to = least(lost->items[i].end, end);
        memset(bytes + (from - start), 0, (size_t)(to - from));
    }
    return 0;
}

static struct extent difference(const unsigned char *a, const unsigned char *b, uint64_t start, uint64_t end)
{
    uint64_t first = 0, last = end - start;
    while (first < last && a[first] == b[first])
        first++;
    while (last > first && a[last - 1] == b[last - 1])
        last--;
    return (struct extent){start + first, start + last};
}

static int mend(struct pass *pass, const unsigned char *right, unsigned char *buffer, uint64_t start, uint64_t end, struct error *err)
{
    struct target *target = pass->verify->target;
    size_t length = (size_t)(end - start);
    const unsigned char *seen = target_read_around(target, buffer, start, length, err);
    struct extent differs = seen ? difference(seen, right, start, end) : (struct extent){start, start};
    if (!seen || differs.start == differs.end)
        return seen ? 0 : -1;
    lost_add(&pass->result->mended, differs.start, differs.end);
    if (pass->result->mended.count > LOST_RANGES_MAX)
        return target_refuse(target, differs.start, err);
    if (target_write(target, right, start, length, err) < 0 || target_flush(target, err) < 0)
        return -1;
    seen = target_read_around(target, buffer, start, length, err);
    if (!seen)
        return -1;
    differs = difference(seen, right, start, end);
    return differs.start == differs.end ? 0 : target_refuse(target, differs.start, err);
}

static int compare_range(struct pass *pass, unsigned char *right, unsigned char *buffer, uint64_t start, uint64_t end, struct error *err)
{
    for (uint64_t at = start, next; at < end; at = next) {
        next = least(end, align_down(at, READBACK_STEP) + READBACK_STEP);
        if (fetch(pass, right, at, next, err) < 0 || mend(pass, right, buffer, at, next, err) < 0)
            return -1;
        hash_at(pass, at, right, (size_t)(next - at));
        pass->result->fetched_again_bytes += next - at;
        tell(pass);
    }
    return 0;
}

/* What of the group is in use is fetched and compared byte by byte. */
static int compare_group(struct pass *pass, struct error *err)
{
    const struct verify *verify = pass->verify;
    cleanup_free unsigned char *right = aligned_alloc_checked(READBACK_STEP), *buffer = aligned_alloc_checked(READBACK_STEP + TARGET_AROUND_BYTES);
    uint64_t start = most(pass->group * group_bytes(verify), HEAD_BYTES), end = least((pass->group + 1) * group_bytes(verify), verify->ends->tail_start);
    if (EVP_MD_CTX_copy_ex(pass->sha, pass->sha_before) != 1)
        abort();
    pass->hashed = pass->hashed_before;
    for (size_t i = extents_find(verify->in_use, start); i < verify->in_use->count && verify->in_use->items[i].start < end; i++)
        if (compare_range(pass, right, buffer, most(verify->in_use->items[i].start, start), least(verify->in_use->items[i].end, end), err) < 0)
            return -1;
    return 0;
}

static int end_group(struct pass *pass, struct error *err)
{
    const struct digests *digests = &pass->verify->journal->digests;
    if (digests_known(digests, pass->group) && pass->sum == digests->sums[pass->group])
        return 0;
    return compare_group(pass, err);
}

static void begin_group(struct pass *pass, uint64_t group)
{
    pass->group = group;
    pass->sum = 0;
    if (EVP_MD_CTX_copy_ex(pass->sha_before, pass->sha) != 1)
        abort();
    pass->hashed_before = pass->hashed;
}

static int take_step(struct pass *pass, const struct readback_step *step, struct error *err)
{
    const struct verify *verify = pass->verify;
    for (uint64_t group = step->start / group_bytes(verify); pass->group < group;) {
        if (end_group(pass, err) < 0)
            return -1;
        begin_group(pass, pass->group + 1);
    }
    (void)digests_sum_in(&verify->journal->digests, verify->in_use, step->start, step->bytes, (size_t)(step->end - step->start), &pass->sum);
    hash_at(pass, step->start, step->bytes, (size_t)(step->end - step->start));
    tell(pass);
    return 0;
}

static int verify_body(struct pass *pass, struct error *err)
{
    const struct verify *verify = pass->verify;
    const struct readback_step *step;
    struct readback readback;
    if (readback_start(&readback, verify->target, verify->in_use, HEAD_BYTES, verify->ends->tail_start, err) < 0)
        return -1;
    begin_group(pass, 0);
    int status;
    while ((status = readback_next(&readback, &step, err)) > 0)
        if ((status = take_step(pass, step, err)) < 0)
            break;
    readback_stop(&readback);
    for (uint64_t count = verify->journal->digests.group_count; status == 0 && pass->group < count; begin_group(pass, pass->group + 1))
        status = end_group(pass, err);
    return status;
}

static void say_digest(struct pass *pass)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    const struct ends *ends = pass->verify->ends;
    hash_at(pass, ends->tail_start, ends->tail, (size_t)(ends->source_bytes - ends->tail_start));
    if (EVP_DigestFinal_ex(pass->sha, digest, &length) != 1)
        abort();
    for (unsigned i = 0; i < PULL_SHA256_BYTES; i++)
        snprintf(pass->result->sha256 + 2 * i, 3, "%02x", digest[i]);
}

int verify_run(const struct verify *verify, pull_told *told, void *context, struct pull_result *result, struct error *err)
{
    struct pass pass = {.verify = verify, .result = result, .told = told, .context = context, .started_ms = clock_ms(),
                        .sha = EVP_MD_CTX_new(), .sha_before = EVP_MD_CTX_new()};
    if (!pass.sha || !pass.sha_before || EVP_DigestInit_ex(pass.sha, EVP_sha256(), NULL) != 1)
        abort();
    int status = target_flush(verify->target, err);
    if (status == 0) {
        hash(&pass, verify->ends->head, HEAD_BYTES);
        status = verify_body(&pass, err);
    }
    if (status == 0)
        say_digest(&pass);
    result->progress.verified_bytes = pass.hashed;
    result->verify_seconds = (double)(clock_ms() - pass.started_ms) / 1000;
    EVP_MD_CTX_free(pass.sha);
    EVP_MD_CTX_free(pass.sha_before);
    extents_free(&pass.lost);
    return status < 0 ? error_prefix(err, "verify %s", verify->target->path) : 0;
}
