/*
 * Reads or writes a block device for some seconds and prints what it managed. A static program for the guest's initramfs.
 *
 *   disk-io DEVICE read|write|randread|randwrite BLOCK-BYTES SECONDS THREADS
 *
 * Prints: operations a second, MiB a second. Past the guest's page cache, so that every operation is a request of the
 * device; as many are in flight as there are threads. What it writes to the device is lost.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>
#include <time.h>
#include <unistd.h>

struct worker {
    pthread_t thread;
    uint64_t random;
    uint64_t operations;
};

static int fd, writing, at_random;
static size_t block;
static uint64_t blocks, next_block;
static double end;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what)
{
    fprintf(stderr, "disk-io: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* xorshift64 */
static uint64_t random_of(struct worker *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random;
}

static void *work(void *argument)
{
    struct worker *w = argument;
    void *buffer;

    if (posix_memalign(&buffer, 4096, block))
        die("memory");
    memset(buffer, 0x5a, block);
    while (now() < end) {
        uint64_t number = at_random ? random_of(w) : __atomic_fetch_add(&next_block, 1, __ATOMIC_RELAXED);
        off_t offset = number % blocks * block;
        ssize_t n = writing ? pwrite(fd, buffer, block, offset) : pread(fd, buffer, block, offset);

        if (n != (ssize_t) block)
            die(writing ? "write" : "read");
        w->operations++;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    uint64_t size, operations = 0;
    double begin, seconds;
    int threads;

    if (argc != 6) {
        fprintf(stderr, "disk-io DEVICE read|write|randread|randwrite BLOCK-BYTES SECONDS THREADS\n");
        return 2;
    }
    at_random = !strncmp(argv[2], "rand", 4);
    writing = strstr(argv[2], "write") != NULL;
    block = strtoul(argv[3], NULL, 0);
    seconds = atof(argv[4]);
    threads = atoi(argv[5]);
    fd = open(argv[1], (writing ? O_RDWR : O_RDONLY) | O_DIRECT);
    if (fd < 0 || ioctl(fd, BLKGETSIZE64, &size))
        die(argv[1]);
    blocks = size / block;

    struct worker workers[threads];

    begin = now();
    end = begin + seconds;
    for (int i = 0; i < threads; i++) {
        workers[i].random = 0x9e3779b97f4a7c15u * (i + 1);
        workers[i].operations = 0;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
            die("thread");
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        operations += workers[i].operations;
    }
    seconds = now() - begin;
    printf("%.0f %.1f\n", operations / seconds, operations * block / seconds / (1 << 20));
    return 0;
}
