/*
 * A machine as vmm makes it, in C: memory, interrupt controllers, interval timer, one vCPU with CPUID, MSRs, FPU, local APIC and
 * registers, and a kernel in place. What the peers of vmm-bench's measurements share. What is constant for a host is asked once.
 */
#include <elf.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HUGE_PAGE (2UL << 20)
#define CPUID_MAX 256
#define TSS_ADDRESS 0xfffbd000UL
#define START_INFO 0x7000

static struct {
	int kvm, run_size;
	size_t memory_size;
	const char *kernel;
	struct { struct kvm_cpuid2 head; struct kvm_cpuid_entry2 entries[CPUID_MAX]; } cpuid;
} host;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static long call(int fd, unsigned long request, const char *name, unsigned long argument)
{
	long result = ioctl(fd, request, argument);
	if (result < 0)
		die(name);
	return result;
}

#define CALL(fd, request, argument) call(fd, request, #request, (unsigned long)(argument))

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

/* Returns the entry point. */
static uint32_t load(char *memory)
{
	int fd = open(host.kernel, O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr head;
	if (fd < 0 || pread(fd, &head, sizeof head, 0) != sizeof head)
		die(host.kernel);
	for (int i = 0; i < head.e_phnum; i++) {
		Elf64_Phdr part;
		if (pread(fd, &part, sizeof part, head.e_phoff + i * sizeof part) != sizeof part)
			die(host.kernel);
		if (part.p_type == PT_LOAD
		    && pread(fd, memory + part.p_paddr, part.p_filesz, part.p_offset) != (ssize_t)part.p_filesz)
			die(host.kernel);
	}
	close(fd);
	return head.e_entry;
}

static char *map_memory(void)
{
	char *room = mmap(NULL, host.memory_size + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED)
		die("mmap");
	char *memory = (char *)(((uintptr_t)room + HUGE_PAGE - 1) & -HUGE_PAGE);
	if (mmap(memory, host.memory_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		die("mmap");
	if (memory > room)
		munmap(room, memory - room);
	munmap(memory + host.memory_size, room + HUGE_PAGE - memory);
	return memory;
}

static void set_processor(int vcpu)
{
	static const struct { struct kvm_msrs head; struct kvm_msr_entry entries[11]; } msrs = {
		.head.nmsrs = 11,
		.entries = {
			{ .index = 0x174 }, { .index = 0x175 }, { .index = 0x176 }, { .index = 0xc0000081 }, { .index = 0xc0000083 },
			{ .index = 0xc0000102 }, { .index = 0xc0000084 }, { .index = 0xc0000082 }, { .index = 0x10 },
			{ .index = 0x1a0, .data = 1 }, { .index = 0x2ff, .data = 0x806 },
		},
	};
	struct kvm_fpu fpu = { .fcw = 0x37f, .mxcsr = 0x1f80 };
	struct kvm_lapic_state lapic;
	CALL(vcpu, KVM_SET_CPUID2, &host.cpuid);
	CALL(vcpu, KVM_SET_MSRS, &msrs);
	CALL(vcpu, KVM_SET_FPU, &fpu);
	CALL(vcpu, KVM_GET_LAPIC, &lapic);
	CALL(vcpu, KVM_SET_LAPIC, &lapic);
}

static void set_entry(int vcpu, uint32_t entry)
{
	struct kvm_segment data = { .limit = 0xffffffff, .selector = 0x10, .type = 3, .present = 1, .db = 1, .s = 1, .g = 1 };
	struct kvm_regs regs = { .rip = entry, .rbx = START_INFO, .rflags = 2 };
	struct kvm_sregs sregs;
	CALL(vcpu, KVM_GET_SREGS, &sregs);
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
	sregs.cs = data;
	sregs.cs.selector = 8;
	sregs.cs.type = 11;
	sregs.cr0 |= 1;
	CALL(vcpu, KVM_SET_SREGS, &sregs);
	CALL(vcpu, KVM_SET_REGS, &regs);
}

static void open_host(const char *kernel, const char *mib)
{
	host.kernel = kernel;
	host.memory_size = strtoul(mib, NULL, 10) << 20;
	host.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (host.kvm < 0)
		die("/dev/kvm");
	host.run_size = CALL(host.kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	host.cpuid.head.nent = CPUID_MAX;
	CALL(host.kvm, KVM_GET_SUPPORTED_CPUID, &host.cpuid);
}

struct machine {
	char *memory;
	int vm, vcpu;
	struct kvm_run *run;
};

static struct machine make_machine(void)
{
	struct machine m = { .memory = map_memory() };
	struct kvm_userspace_memory_region region = { .memory_size = host.memory_size, .userspace_addr = (uintptr_t)m.memory };
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	m.vm = CALL(host.kvm, KVM_CREATE_VM, 0);
	CALL(m.vm, KVM_SET_USER_MEMORY_REGION, &region);
	CALL(m.vm, KVM_SET_TSS_ADDR, TSS_ADDRESS);
	CALL(m.vm, KVM_CREATE_IRQCHIP, 0);
	CALL(m.vm, KVM_CREATE_PIT2, &pit);
	m.vcpu = CALL(m.vm, KVM_CREATE_VCPU, 0);
	m.run = mmap(NULL, host.run_size, PROT_READ | PROT_WRITE, MAP_SHARED, m.vcpu, 0);
	if (m.run == MAP_FAILED)
		die("mmap");
	set_processor(m.vcpu);
	set_entry(m.vcpu, load(m.memory));
	return m;
}

/* Runs the guest until a port access, and returns the port. */
static uint16_t run_to_port(const struct machine *m)
{
	CALL(m->vcpu, KVM_RUN, 0);
	if (m->run->exit_reason != KVM_EXIT_IO) {
		fprintf(stderr, "the guest came to exit %u\n", m->run->exit_reason);
		exit(1);
	}
	return m->run->io.port;
}
