# The time stamp counter: how often it went back from one CPU to the other in a thousand looks, how far it goes in 10 ms
# of the interval timer, and what CPUID and kvmclock say of its frequency.
        .include "guest.inc"
        .globl  _start

        .set    LOOKS, 1000
        .set    TURN, MAIL + 4                  # whose turn it is to look, 0 or 1
        .set    LAST, MAIL + 8                  # what was seen last, 64 bits
        .set    BACK, MAIL + 16                 # how often less was seen after that
        .set    CLOCK, MAIL + 0x800             # struct pvclock_vcpu_time_info
        .set    MSR_KVM_SYSTEM_TIME_NEW, 0x4b564d01
        .set    PIT_10_MS, 11932
        .set    TRIES, 8

# Looks at the counter, not earlier than now (CPUID serializes), and counts if it is behind what was seen before. Code
# for 16 and 64 bits.
.macro look
        xor     %eax, %eax
        cpuid
        rdtsc
        mov     %eax, %esi
        mov     %edx, %edi
        sub     LAST, %eax
        sbb     LAST + 4, %edx
        jns     7f
        incl    BACK
7:      mov     %esi, LAST
        mov     %edi, LAST + 4
.endm

_start:
        call    enable_x2apic
        start_others
        mov     $LOOKS, %r12d
1:      look
        movl    $1, TURN
        await   TURN, 0
        dec     %r12d
        jnz     1b
        say     back, BACK

# Counter 2 of the interval timer, whose output bit 5 of port 0x61 shows. The shortest of some tries is the truth: the
# others were held up.
        mov     $-1, %ebp
        mov     $TRIES, %ebx
2:      in      $0x61, %al
        and     $0xfc, %al
        or      $1, %al
        out     %al, $0x61
        mov     $0xb0, %al                      # counter 2, mode 0
        out     %al, $0x43
        mov     $(PIT_10_MS & 0xff), %al
        out     %al, $0x42
        mov     $(PIT_10_MS >> 8), %al
        out     %al, $0x42
        rdtsc
        mov     %eax, %esi
3:      in      $0x61, %al
        test    $0x20, %al
        jz      3b
        rdtsc
        sub     %esi, %eax
        cmp     %ebp, %eax
        jae     4f
        mov     %eax, %ebp
4:      dec     %ebx
        jnz     2b
        say     tsc-in-10-ms, %ebp

        set_msr MSR_KVM_SYSTEM_TIME_NEW, (CLOCK + 1)
        mov     CLOCK + 24, %eax
        say     kvmclock-mul, %eax
        movsbl  CLOCK + 28, %eax
        say     kvmclock-shift, %eax

        xor     %eax, %eax
        cpuid
        say     max-leaf, %eax
        mov     $0x15, %eax
        xor     %ecx, %ecx
        cpuid
        mov     %eax, %r8d
        mov     %ebx, %r9d
        mov     %ecx, %r10d
        say     leaf-15-eax, %r8d
        say     leaf-15-ebx, %r9d
        say     leaf-15-ecx, %r10d
        mov     $0x40000000, %eax
        cpuid
        say     max-kvm-leaf, %eax
        mov     $0x40000010, %eax
        cpuid
        say     leaf-40000010-eax, %eax
        reset

        .code16
ap_begin:
        cmpl    $1, TURN
        jne     ap_begin
        look
        movl    $0, TURN
        jmp     ap_begin
ap_end:
