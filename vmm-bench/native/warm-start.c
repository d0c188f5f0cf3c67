/*
 * The peer of warm-start: makes the machine that vmm makes and enters it until its first byte on COM1. One machine for each line on
 * standard input; prints "nanoseconds to the byte, nanoseconds of the close" for each.
 *
 * usage: warm-start KERNEL MIB      (an ELF file, entered in 32-bit protected mode as PVH has it)
 */
#include "machine.h"

#define COM1 0x3f8

static void one_machine(void)
{
	int64_t start = now();
	struct machine m = make_machine();
	while (run_to_port(&m) != COM1)
		;
	int64_t byte = now();
	munmap(m.run, host.run_size);
	close(m.vcpu);
	close(m.vm);
	munmap(m.memory, host.memory_size);
	printf("%ld %ld\n", byte - start, now() - byte);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char line[16];
	if (argc != 3) {
		fprintf(stderr, "usage: warm-start KERNEL MIB\n");
		return 2;
	}
	open_host(argv[1], argv[2]);
	while (fgets(line, sizeof line, stdin))
		one_machine();
	return 0;
}
