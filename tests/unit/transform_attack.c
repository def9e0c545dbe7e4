/*
 * A worker whose engine was broken: it stands in the sandbox as the real one does, and then runs what the "code" names,
 * an attack in C. One that is survived answers "survived".
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "transform/frame.h"
#include "transform/worker_sandbox.h"

static uint32_t run;
static bool answered;
static pid_t parent;

static void read_all(void *out, size_t size)
{
    for (size_t got = 0; got < size;) {
        ssize_t count = read(FRAME_FD, (char *)out + got, size - got);
        if (count <= 0)
            _exit(0);
        got += (size_t)count;
    }
}

static void put(const void *data, size_t size)
{
    answered = true;
    if (write(FRAME_FD, data, size) != (ssize_t)size)
        _exit(0);
}

static void answer(enum frame_outcome outcome, const char *text)
{
    struct frame_reply reply = {.magic = FRAME_MAGIC, .run = run, .outcome = outcome,
                                .sizes = {0, (uint32_t)strlen(text), 0}};
    put(&reply, sizeof reply);
    put(text, strlen(text));
}

/* ---- attacks on the system ------------------------------------------------------------------------------ */

static char page[1];

static void attack_open(void) { (void)!open("/etc/passwd", O_RDONLY); }
static void attack_openat2(void) { syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", NULL, 0); }
static void attack_unlink(void) { unlink("/tmp/fairlead-nothing"); }
static void attack_socket(void) { (void)!socket(AF_INET, SOCK_STREAM, 0); }
static void attack_sendmsg(void) { (void)!send(FRAME_FD, "x", 1, 0); }
static void attack_dup(void) { (void)!dup(FRAME_FD); }
static void attack_write_elsewhere(void) { (void)!write(1, "x", 1); }
static void attack_read_elsewhere(void) { (void)!read(0, page, 1); }
static void attack_fork(void) { fork(); }
static void attack_clone3(void) { syscall(SYS_clone3, NULL, 0); }
static void attack_exec(void) { execl("/nothing/here", "here", (char *)NULL); }
static void attack_ptrace(void) { ptrace(PTRACE_TRACEME, 0, NULL, NULL); }
static void attack_kill_parent(void) { syscall(SYS_kill, parent, 0); }
static void attack_signal_itself(void) { raise(SIGSTOP); }
static void attack_vm_read(void) { syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0); }
static void attack_executable_map(void)
{
    (void)!mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void attack_executable_page(void)
{
    mprotect((void *)((uintptr_t)page & ~(uintptr_t)4095), 4096, PROT_READ | PROT_EXEC);
}
static void attack_file_map(void) { (void)!mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, FRAME_FD, 0); }
static void attack_unshare(void) { syscall(SYS_unshare, 0x10000000); }
static void attack_filter(void) { syscall(SYS_seccomp, 0, 0, NULL); }
static void attack_bpf(void) { syscall(SYS_bpf, 0, NULL, 0); }
static void attack_io_uring(void) { syscall(SYS_io_uring_setup, 8, NULL); }
static void attack_userfault(void) { syscall(SYS_userfaultfd, 0); }
static void attack_limits(void) { syscall(SYS_prlimit64, 0, 0, NULL, NULL); }
static void attack_sleep(void) { sleep(1000); }
static void attack_other_abi(void)
{
#if defined(__x86_64__)
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory"); /* getpid of 32-bit programs */
    (void)result;
#else
    syscall(SYS_getppid);
#endif
}

/* ---- attacks on the pool -------------------------------------------------------------------------------- */

static void attack_exit(void) { _exit(0); }
static void attack_crash(void) { __builtin_trap(); }
static void attack_silence(void) { read_all(page, 1); }
static void attack_garbage(void)
{
    for (;;)
        put("this is no frame at all, however long it goes on", 48);
}
static void attack_endless_part(void)
{
    struct frame_reply reply = {.magic = FRAME_MAGIC, .run = run, .outcome = FRAME_DONE,
                                .sizes = {0, UINT32_MAX, UINT32_MAX}};
    put(&reply, sizeof reply);
}
static void attack_half(void)
{
    struct frame_reply reply = {.magic = FRAME_MAGIC, .run = run, .outcome = FRAME_DONE, .sizes = {0, 1000, 0}};
    put(&reply, sizeof reply);
    put("{", 1);
    attack_silence();
}
static void attack_lines(void)
{
    struct frame_reply reply = {.magic = FRAME_MAGIC, .run = run, .outcome = FRAME_DONE, .sizes = {5, 0, 0}};
    put(&reply, sizeof reply);
    put("\1\377\377\377\377", 5);
}
static void attack_level(void)
{
    struct frame_reply reply = {.magic = FRAME_MAGIC, .run = run, .outcome = FRAME_DONE, .sizes = {5, 0, 0}};
    put(&reply, sizeof reply);
    put("\377\0\0\0\0", 5);
}
static void attack_old_answer(void)
{
    run--;
    answer(FRAME_THREW, "of another run");
}
static void attack_outcome(void) { answer((enum frame_outcome)77, ""); }
static void attack_no_json(void) { answer(FRAME_DONE, "{\"headers\":"); }
static void attack_numbers(void)
{
    answer(FRAME_DONE, "{\"headers\":{\"content-type\":1},\"path\":\"/\",\"query\":\"\"}");
}
static void attack_line_break(void)
{
    answer(FRAME_DONE, "{\"headers\":{\"content-type\":\"a\\r\\nb: c\"},\"path\":\"/\",\"query\":\"\"}");
}
static void attack_path(void)
{
    answer(FRAME_DONE, "{\"headers\":{\"content-type\":\"a\"},\"path\":\"/ HTTP/1.1\\r\\n\",\"query\":\"\"}");
}

static const struct {
    const char *name;
    void (*run)(void);
} ATTACKS[] = {
    {"open", attack_open}, {"openat2", attack_openat2}, {"unlink", attack_unlink}, {"socket", attack_socket},
    {"sendmsg", attack_sendmsg}, {"dup", attack_dup}, {"write elsewhere", attack_write_elsewhere},
    {"read elsewhere", attack_read_elsewhere}, {"fork", attack_fork}, {"clone3", attack_clone3}, {"exec", attack_exec},
    {"ptrace", attack_ptrace}, {"kill parent", attack_kill_parent}, {"signal itself", attack_signal_itself},
    {"vm read", attack_vm_read}, {"executable map", attack_executable_map}, {"executable page", attack_executable_page},
    {"file map", attack_file_map}, {"unshare", attack_unshare}, {"filter", attack_filter}, {"bpf", attack_bpf},
    {"io_uring", attack_io_uring}, {"userfault", attack_userfault}, {"limits", attack_limits}, {"sleep", attack_sleep},
    {"other abi", attack_other_abi}, {"exit", attack_exit}, {"crash", attack_crash}, {"silence", attack_silence},
    {"garbage", attack_garbage}, {"endless part", attack_endless_part}, {"half", attack_half}, {"lines", attack_lines},
    {"level", attack_level}, {"old answer", attack_old_answer}, {"outcome", attack_outcome},
    {"no json", attack_no_json}, {"numbers", attack_numbers},
    {"line break", attack_line_break}, {"path", attack_path},
};

int main(int count, char **arguments)
{
    parent = getppid();
    const char *problem = count > 1 ? sandbox_enter((size_t)strtoul(arguments[1], NULL, 10)) : "no arguments";
    answer(problem == NULL ? FRAME_READY : FRAME_UNFIT, problem == NULL ? "" : problem);
    while (problem == NULL) {
        static char bytes[65536];
        struct frame_request request;
        size_t size = 0;
        read_all(&request, sizeof request);
        run = request.run;
        answered = false;
        for (size_t i = 0; i < FRAME_REQUEST_PARTS; i++)
            size += request.sizes[i];
        if (size > sizeof bytes)
            _exit(1);
        read_all(bytes, size);
        for (size_t i = 0; i < sizeof ATTACKS / sizeof ATTACKS[0]; i++) {
            if (strlen(ATTACKS[i].name) == request.sizes[FRAME_CODE] &&
                memcmp(ATTACKS[i].name, bytes, request.sizes[FRAME_CODE]) == 0)
                ATTACKS[i].run();
        }
        if (!answered)
            answer(FRAME_THREW, "survived");
    }
    return 1;
}
