# Model-specific registers as the machine leaves them on two CPUs, general protection faults where there is none, and no
# performance counters.
        .include "guest.inc"
        .globl  _start

        .set    MISC_ENABLE, 0x1a0
        .set    PAT, 0x277
        .set    MTRR_DEF_TYPE, 0x2ff
        .set    NO_SUCH_MSR, 0x12345
        .set    GENERAL_PROTECTION, 13
        .set    OF_OTHER, MAIL + 0x10           # the other CPU's, in the same order, 8 bytes each

# say_msr NAME, INDEX
.macro say_msr name, index
        mov     $\index, %ecx
        rdmsr
        say     \name-high, %edx
        say     \name-low, %eax
.endm

.macro say_other name, at
        mov     \at, %eax
        mov     \at + 4, %edx
        say     other-\name-high, %edx
        say     other-\name-low, %eax
.endm

# faults NAME, INSTRUCTION: runs an instruction of two bytes and says whether it faulted.
.macro faults name, instruction:vararg
        xor     %r14d, %r14d
        \instruction
        say     \name, %r14d
.endm

_start:
        gate    GENERAL_PROTECTION, on_fault
        call    load_idt
        say_msr apic-base, APIC_BASE
        say_msr misc-enable, MISC_ENABLE
        say_msr mtrr, MTRR_DEF_TYPE
        say_msr pat, PAT

        mov     $NO_SUCH_MSR, %ecx
        faults  read-fault, rdmsr
        faults  write-fault, wrmsr
        mov     $APIC_BASE, %ecx
        faults  no-fault, rdmsr

        mov     $0xa, %eax
        xor     %ecx, %ecx
        cpuid
        or      %ebx, %eax
        or      %ecx, %eax
        or      %edx, %eax
        say     counters, %eax
        xor     %ecx, %ecx
        faults  rdpmc-fault, rdpmc

        call    enable_x2apic
        start_others
        await   MAIL, 1
        say_other apic-base, OF_OTHER
        say_other misc-enable, OF_OTHER + 8
        say_other mtrr, OF_OTHER + 16
        say_other pat, OF_OTHER + 24
        reset

# Goes on behind the instruction, with 1 in R14.
on_fault:
        mov     $1, %r14d
        addq    $2, 8(%rsp)
        add     $8, %rsp
        iretq

        .code16
.macro keep index, at
        mov     $\index, %ecx
        rdmsr
        mov     %eax, \at
        mov     %edx, \at + 4
.endm
ap_begin:
        keep    APIC_BASE, OF_OTHER
        keep    MISC_ENABLE, OF_OTHER + 8
        keep    MTRR_DEF_TYPE, OF_OTHER + 16
        keep    PAT, OF_OTHER + 24
        lock incl MAIL
        hlt
        jmp     . - 1
ap_end:
