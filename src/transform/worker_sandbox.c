#include "transform/worker_sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "transform/frame.h"

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the sandbox knows no system calls of this processor"
#endif

/* ---- the filter of system calls -------------------------------------------------------------------- */

/* An argument whose bits under the mask must be exactly these. Arguments are 32 bits wide as far as they matter. */
struct condition {
    bool stands;
    uint32_t argument, mask, value;
};

struct rule {
    uint32_t call;
    struct condition conditions[2];
};

#define ANY_BITS UINT32_MAX
static const struct rule RULES[] = {
    {SYS_read, {{true, 0, ANY_BITS, FRAME_FD}}},
    {SYS_write, {{true, 0, ANY_BITS, FRAME_FD}}},
    {SYS_mmap, {{true, 2, PROT_EXEC, 0}, {true, 3, MAP_ANONYMOUS, MAP_ANONYMOUS}}},
    {SYS_mprotect, {{true, 2, PROT_EXEC, 0}}},
    {SYS_madvise, {{true, 2, ANY_BITS, MADV_DONTNEED}}},
    {.call = SYS_munmap}, {.call = SYS_mremap}, {.call = SYS_brk},
    {.call = SYS_clock_gettime}, {.call = SYS_timer_settime}, {.call = SYS_getrandom},
    {.call = SYS_rt_sigreturn}, {.call = SYS_rt_sigprocmask}, {.call = SYS_restart_syscall},
    {.call = SYS_exit_group},
};

enum { RULE_COUNT = sizeof RULES / sizeof RULES[0], PROGRAM_MOST = 8 + RULE_COUNT * 8 };

struct program {
    struct sock_filter steps[PROGRAM_MOST];
    unsigned short count;
};

static void step(struct program *program, struct sock_filter filter)
{
    program->steps[program->count++] = filter;
}

#define LOAD(offset) (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define RETURN(action) (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action)
#define MASK(bits) (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits)
#define UNLESS_EQUAL_SKIP(value, steps) (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, steps)
#define IF_EQUAL_SKIP(value, steps) (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, steps, 0)

/* The low half of an argument; both processors that are known keep it first. */
static uint32_t offset_of_argument(uint32_t argument)
{
    return (uint32_t)(offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t));
}

static void add_rule(struct program *program, const struct rule *rule)
{
    unsigned short at = program->count;
    step(program, UNLESS_EQUAL_SKIP(rule->call, 0));
    for (size_t i = 0; i < 2 && rule->conditions[i].stands; i++) {
        const struct condition *condition = &rule->conditions[i];
        step(program, LOAD(offset_of_argument(condition->argument)));
        step(program, MASK(condition->mask));
        step(program, IF_EQUAL_SKIP(condition->value, 1));
        step(program, RETURN(SECCOMP_RET_KILL_PROCESS));
    }
    step(program, RETURN(SECCOMP_RET_ALLOW));
    program->steps[at].jf = (unsigned char)(program->count - at - 1);
}

static bool filter_calls(void)
{
    struct program program = {0};
    step(&program, LOAD(offsetof(struct seccomp_data, arch)));
    step(&program, IF_EQUAL_SKIP(OWN_ARCHITECTURE, 1));
    step(&program, RETURN(SECCOMP_RET_KILL_PROCESS));
    step(&program, LOAD(offsetof(struct seccomp_data, nr)));
    for (size_t i = 0; i < RULE_COUNT; i++)
        add_rule(&program, &RULES[i]);
    step(&program, RETURN(SECCOMP_RET_KILL_PROCESS));
    struct sock_fprog filter = {program.count, program.steps};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

/* ---- the rest ------------------------------------------------------------------------------------ */

static bool limit(int resource, rlim_t most)
{
    struct rlimit value = {most, most};
    return setrlimit((__rlimit_resource_t)resource, &value) == 0;
}

/* A worker of a gateway that runs as root does not, unless that root may not even change its user. */
static bool leave_root(void)
{
    enum { NOBODY = 65534 };
    return geteuid() != 0 || (setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
                              setresuid(NOBODY, NOBODY, NOBODY) == 0) || errno == EPERM;
}

const char *sandbox_enter(size_t memory_bytes)
{
    /* Guard pages around the engine's memory take 8 GiB of addresses and no memory; beside it: frames and a copy. */
    const rlim_t addresses = 9ULL << 30, beside = 96ULL << 20;
    /* Many systems refuse namespaces to whoever is not root; the filter of system calls stands without them. */
    const int namespaces = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS;
    if (unshare(namespaces) != 0)
        (void)unshare(CLONE_NEWUSER | namespaces);
    if (!leave_root())
        return "cannot leave root";
    if (!limit(RLIMIT_NPROC, 0) || !limit(RLIMIT_FSIZE, 0) || !limit(RLIMIT_CORE, 0) ||
        !limit(RLIMIT_NOFILE, FRAME_FD + 1) || !limit(RLIMIT_AS, addresses + 2 * memory_bytes) ||
        !limit(RLIMIT_DATA, 2 * memory_bytes + beside))
        return "cannot set the limits of the process";
    if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return "cannot give up privileges";
    return filter_calls() ? NULL : "the kernel takes no filter of system calls";
}
