/* pool_worker.c - one worker process as the front sees it.
 *
 * The child gets its end of a socketpair as descriptor 3 and nothing else of ours (all descriptors
 * are close-on-exec), an empty signal mask, and a process group of its own, so that a Ctrl-C meant
 * for the front does not reach it. The front's end is non-blocking with a buffer each way. */
#include "base/log.h"
#include "base/mem.h"
#include "work/pool_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_FD 3
#define READ_CHUNK 65536

static int spawn_attributes(posix_spawnattr_t *attr) {
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    int rc = posix_spawnattr_init(attr);
    rc = rc ? rc : posix_spawnattr_setsigmask(attr, &none);
    rc = rc ? rc : posix_spawnattr_setsigdefault(attr, &defaults);
    rc = rc ? rc : posix_spawnattr_setpgroup(attr, 0);
    return rc ? rc
              : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                   POSIX_SPAWN_SETPGROUP);
}

static int spawn_child(const struct work_pool *p, int group, int child_fd, pid_t *pid) {
    extern char **environ;
    const struct work_group_options *o = &p->groups[group]->options;
    char threads[16], memory[16], spill[16], nice[16];
    snprintf(threads, sizeof threads, "%d", o->threads);
    snprintf(memory, sizeof memory, "%d", o->memory_mb);
    snprintf(spill, sizeof spill, "%d", o->spill_mb);
    snprintf(nice, sizeof nice, "%d", o->nice);
    char fd[] = "3", a0[] = "worker", a1[] = "--fd", a2[] = "--data", a3[] = "--threads",
         a4[] = "--memory-mb", a5[] = "--spill-mb", a6[] = "--nice", name[] = "tarn";
    char *argv[] = {name, a0,     a1, fd,    a2, p->data_dir, a3,  threads,
                    a4,   memory, a5, spill, a6, nice,        NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc) {
        return rc;
    }
    rc = posix_spawn_file_actions_adddup2(&actions, child_fd, CHILD_FD);
    rc = rc ? rc : spawn_attributes(&attr);
    if (!rc) {
        rc = posix_spawn(pid, p->exe_path, &actions, &attr, argv, environ);
        posix_spawnattr_destroy(&attr);
    }
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

static int watch(struct work_pool *p, int fd, uint32_t events, uint64_t tag) {
    struct epoll_event ev = {.events = events, .data.u64 = tag};
    return epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

int worker_start(struct work_pool *p, struct worker_slot *w, int group, struct err *e) {
    int pair[2];
    pid_t pid = 0;
    uint64_t index = (uint64_t)(w - p->workers);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
        return err_set_errno(e, ERR_UNAVAILABLE, errno, "No socket for a worker");
    }
    int rc = spawn_child(p, group, pair[1], &pid);
    close(pair[1]);
    if (rc) {
        close(pair[0]);
        return err_set_errno(e, ERR_UNAVAILABLE, rc, "No worker process could be started");
    }
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    int flags = fcntl(pair[0], F_GETFL);
    if (pidfd < 0 || fcntl(pair[0], F_SETFL, flags | O_NONBLOCK) ||
        watch(p, pair[0], EPOLLIN, index * 2) || watch(p, pidfd, EPOLLIN, index * 2 + 1)) {
        rc = err_set_errno(e, ERR_UNAVAILABLE, errno, "A worker process could not be watched");
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        close(pair[0]);
        if (pidfd >= 0) {
            close(pidfd);
        }
        return rc;
    }
    *w = (struct worker_slot){.used = true,
                              .group = group,
                              .version = p->groups[group]->version,
                              .pid = pid,
                              .pidfd = pidfd,
                              .fd = pair[0],
                              .idle_since_us = pool_now_us(p)};
    p->started_total++;
    return 0;
}

static void watch_room(struct work_pool *p, struct worker_slot *w, bool on) {
    struct epoll_event ev = {.events = EPOLLIN | (on ? EPOLLOUT : 0),
                             .data.u64 = (uint64_t)(w - p->workers) * 2};
    if (epoll_ctl(p->epoll_fd, EPOLL_CTL_MOD, w->fd, &ev)) {
        worker_kill(w); /* it could never be spoken to again */
    }
}

void worker_flush(struct work_pool *p, struct worker_slot *w) {
    while (w->fd >= 0 && w->out_sent < w->out.len) {
        ssize_t n = send(w->fd, w->out.ptr + w->out_sent, w->out.len - w->out_sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            watch_room(p, w, true);
            return;
        }
        if (n < 0) {
            return; /* it died: its pidfd will say so */
        }
        w->out_sent += (size_t)n;
    }
    if (w->out_sent) {
        buf_reset(&w->out);
        w->out_sent = 0;
        if (w->fd >= 0) {
            watch_room(p, w, false);
        }
    }
}

void worker_send(struct work_pool *p, struct worker_slot *w, struct bytes json_text) {
    pool_frame(&w->out, json_text);
    if (!buf_ok(&w->out)) {
        worker_kill(w);
        return;
    }
    worker_flush(p, w);
}

void worker_give(struct work_pool *p, struct worker_slot *w, struct job *j) {
    assert(w->state == WORKER_IDLE && !w->job);
    w->state = WORKER_BUSY;
    w->job = j;
    buf_add(&w->out, buf_bytes(&j->message));
    if (!buf_ok(&w->out)) {
        worker_kill(w);
        return;
    }
    worker_flush(p, w);
}

/* Hands over whole messages and keeps the rest. */
static void take_messages(struct work_pool *p, struct worker_slot *w) {
    size_t at = 0;
    while (w->in.len - at >= 4) {
        const uint8_t *h = (const uint8_t *)w->in.ptr + at;
        size_t len = (size_t)h[0] | (size_t)h[1] << 8 | (size_t)h[2] << 16 | (size_t)h[3] << 24;
        if (len > TASK_MESSAGE_MAX) {
            log_write(LOG_ERROR, "work", "worker %d sent nonsense", (int)w->pid);
            worker_kill(w);
            return;
        }
        if (w->in.len - at - 4 < len) {
            break;
        }
        pool_on_message(p, w, bytes_of(w->in.ptr + at + 4, len));
        at += 4 + len;
    }
    memmove(w->in.ptr, w->in.ptr + at, w->in.len - at);
    w->in.len -= at;
}

void worker_read(struct work_pool *p, struct worker_slot *w) {
    while (w->fd >= 0) {
        char *room = buf_reserve(&w->in, READ_CHUNK);
        if (!room) {
            worker_kill(w);
            return;
        }
        ssize_t n = read(w->fd, room, READ_CHUNK);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n == 0) { /* it leaves or died; stop listening, the pidfd says the rest */
            epoll_ctl(p->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
            close(w->fd);
            w->fd = -1;
        }
        if (n <= 0) {
            break;
        }
        w->in.len += (size_t)n;
    }
    if (w->in.len) {
        take_messages(p, w);
    }
}

void worker_kill(struct worker_slot *w) {
    w->state = WORKER_DYING;
    kill(w->pid, SIGKILL);
}

void worker_dismiss(struct work_pool *p, struct worker_slot *w) {
    assert(w->state == WORKER_IDLE);
    w->state = WORKER_LEAVING;
    if (w->fd >= 0) {
        epoll_ctl(p->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
        close(w->fd);
        w->fd = -1;
    }
}

/* What a killed worker left of its spill files. */
static void remove_spill(const struct work_pool *p, pid_t pid) {
    char dir[4096], path[4400];
    snprintf(dir, sizeof dir, "%s/tmp/spill-%d", p->data_dir, (int)pid);
    DIR *d = opendir(dir);
    for (struct dirent *entry; d && (entry = readdir(d));) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
            unlink(path);
        }
    }
    if (d) {
        closedir(d);
        rmdir(dir);
    }
}

int worker_reap(struct work_pool *p, struct worker_slot *w) {
    int status = 0;
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR) {
    }
    epoll_ctl(p->epoll_fd, EPOLL_CTL_DEL, w->pidfd, NULL);
    close(w->pidfd);
    if (w->fd >= 0) {
        epoll_ctl(p->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
        close(w->fd);
    }
    remove_spill(p, w->pid);
    buf_clear(&w->in);
    buf_clear(&w->out);
    *w = (struct worker_slot){.used = false, .fd = -1};
    return status;
}
