/* A job file, as any server could send it; and the same text as a kernel's command line. */
#include "fuzz.h"
#include "job/job.h"

static void check(int parsed, struct job *job, const struct error *err)
{
    must(parsed == 0 || *err->message);
    must(!job->ip || job_check_ip(job->ip, NULL) == 0);
    job_free(job);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = fuzz_text(data, size);
    struct job of_file = {0}, of_line = {0};
    struct error err = {0};
    check(job_parse_file(text, size, "job", &of_file, &err), &of_file, &err);
    err = (struct error){0};
    check(job_parse_command_line(text, &of_line, &err), &of_line, &err);
    return 0;
}
