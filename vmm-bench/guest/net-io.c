/*
 * Bytes through a stream socket between a guest and its host. A static program, for the guest's initramfs and for the host.
 *
 *   net-io serve ADDRESS              on the host: serves whoever connects, until it is killed; prints "ready" when it listens
 *   net-io send|receive ADDRESS MIB   in the guest: prints the MiB a second
 *
 * ADDRESS is tcp:HOST:PORT, vsock:CID:PORT, or, to serve only, unix:PATH. A client says first, in 9 bytes, whether it sends ('s') or
 * receives ('r') and how many bytes; who receives them all answers with one byte, so that the time is that of arrival.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <linux/vm_sockets.h>
#include <time.h>
#include <unistd.h>

#define PIECE (64 << 10)

union address {
    struct sockaddr any;
    struct sockaddr_in tcp;
    struct sockaddr_vm vsock;
    struct sockaddr_un local;
};

static char piece[PIECE];

static void die(const char *what)
{
    fprintf(stderr, "net-io: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static socklen_t parse(const char *text, union address *address)
{
    char host[64];
    unsigned cid, port;

    memset(address, 0, sizeof *address);
    if (sscanf(text, "tcp:%63[0-9.]:%u", host, &port) == 2 && inet_pton(AF_INET, host, &address->tcp.sin_addr) == 1) {
        address->tcp.sin_family = AF_INET;
        address->tcp.sin_port = htons(port);
        return sizeof address->tcp;
    }
    if (sscanf(text, "vsock:%u:%u", &cid, &port) == 2) {
        address->vsock.svm_family = AF_VSOCK;
        address->vsock.svm_cid = cid;
        address->vsock.svm_port = port;
        return sizeof address->vsock;
    }
    if (!strncmp(text, "unix:", 5) && strlen(text + 5) < sizeof address->local.sun_path) {
        address->local.sun_family = AF_UNIX;
        strcpy(address->local.sun_path, text + 5);
        return sizeof address->local;
    }
    fprintf(stderr, "net-io: %s is none of tcp:HOST:PORT, vsock:CID:PORT, unix:PATH\n", text);
    exit(2);
}

static int transfer(int fd, int sending, void *from, uint64_t bytes)
{
    while (bytes > 0) {
        size_t length = bytes < PIECE ? bytes : PIECE;
        ssize_t n = sending ? send(fd, from, length, MSG_NOSIGNAL) : recv(fd, from, length, 0);

        if (n <= 0)
            return -1;
        bytes -= n;
    }
    return 0;
}

static void serve_one(int fd)
{
    char what;
    uint64_t bytes;

    if (!transfer(fd, 0, &what, 1) && recv(fd, &bytes, sizeof bytes, MSG_WAITALL) == sizeof bytes
        && !transfer(fd, what == 'r', piece, bytes)) {
        if (what == 'r')
            transfer(fd, 0, &what, 1);
        else
            transfer(fd, 1, &what, 1);
    }
    close(fd);
}

static void serve(const char *text)
{
    union address address;
    socklen_t length = parse(text, &address);
    int one = 1, listening = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (address.any.sa_family == AF_UNIX)
        unlink(address.local.sun_path);
    if (listening < 0 || setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one)
        || bind(listening, &address.any, length) || listen(listening, 8))
        die(text);
    puts("ready");
    fflush(stdout);
    for (;;) {
        int fd = accept(listening, NULL, NULL);

        if (fd < 0)
            die(text);
        serve_one(fd);
    }
}

static void measure(int sending, const char *text, uint64_t bytes)
{
    union address address;
    socklen_t length = parse(text, &address);
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char head[9] = { sending ? 's' : 'r' };
    double begin;

    if (fd < 0 || connect(fd, &address.any, length))
        die(text);
    memcpy(head + 1, &bytes, sizeof bytes);
    begin = now();
    if (transfer(fd, 1, head, sizeof head) || transfer(fd, sending, piece, bytes) || transfer(fd, !sending, head, 1))
        die(text);
    printf("%.2f\n", bytes / (now() - begin) / (1 << 20));
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "serve")) {
        serve(argv[2]);
    } else if (argc == 4 && (!strcmp(argv[1], "send") || !strcmp(argv[1], "receive")) && atoi(argv[3]) > 0) {
        measure(!strcmp(argv[1], "send"), argv[2], (uint64_t) atoi(argv[3]) << 20);
        return 0;
    }
    fprintf(stderr, "net-io serve ADDRESS | send|receive ADDRESS MIB\n");
    return 2;
}
