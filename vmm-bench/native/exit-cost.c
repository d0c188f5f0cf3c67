/*
 * The peer of exit-cost: the guest writes to a port for ever, and each write comes out to this loop, which counts it. For each line on
 * standard input, a number of writes, prints the nanoseconds that they took.
 *
 * usage: exit-cost KERNEL PORT      (an ELF file, entered in 32-bit protected mode as PVH has it)
 */
#include "machine.h"

static uint64_t written;

/* What a device does: takes the value in. */
static void serve(const struct machine *m)
{
	written += *((const uint8_t *)m->run + m->run->io.data_offset);
}

static int64_t writes(const struct machine *m, uint16_t port, long count)
{
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		if (run_to_port(m) != port || m->run->io.direction != KVM_EXIT_IO_OUT) {
			fprintf(stderr, "exit-cost: an access to port 0x%x\n", m->run->io.port);
			exit(1);
		}
		serve(m);
	}
	return now() - start;
}

int main(int argc, char **argv)
{
	char line[32];
	if (argc != 3) {
		fprintf(stderr, "usage: exit-cost KERNEL PORT\n");
		return 2;
	}
	open_host(argv[1], "128");
	struct machine m = make_machine();
	uint16_t port = strtoul(argv[2], NULL, 0);
	while (fgets(line, sizeof line, stdin)) {
		printf("%ld\n", writes(&m, port, strtol(line, NULL, 10)));
		fflush(stdout);
	}
	return written == 0;
}
