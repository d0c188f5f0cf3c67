# Two CPUs that interrupt each other in turn, a hundred times.
        .include "guest.inc"
        .globl  _start

        .set    ROUNDS, 100
        .set    TO_OTHER, 0x41
        .set    TO_FIRST, 0x42
        .set    RECEIVED_BY_OTHER, MAIL + 4
        .set    RECEIVED_BY_FIRST, MAIL + 8

_start:
        gate    TO_FIRST, to_first
        call    load_idt
        call    enable_x2apic
        start_others
        await   MAIL, 1                         # takes interrupts
        sti
        xor     %ebx, %ebx
next:   mov     $X2_ICR, %ecx
        mov     $(ICR_FIXED | TO_OTHER), %eax
        mov     $1, %edx
        wrmsr
        inc     %ebx
1:      pause
        cmp     RECEIVED_BY_FIRST, %ebx
        jne     1b
        cmp     $ROUNDS, %ebx
        jb      next
        cli
        say     other, RECEIVED_BY_OTHER
        say     first, RECEIVED_BY_FIRST
        reset

to_first:
        push    %rax
        push    %rcx
        push    %rdx
        lock incl RECEIVED_BY_FIRST
        set_msr X2_EOI, 0
        pop     %rdx
        pop     %rcx
        pop     %rax
        iretq

        .code16
ap_begin:
        mov     $0x4000, %sp
        mov     $APIC_BASE, %ecx
        rdmsr
        or      $0x400, %eax
        wrmsr
        set_msr X2_SVR, SVR_ENABLED
        movw    $(to_other - ap_begin), 4 * TO_OTHER
        mov     %cs, 4 * TO_OTHER + 2
        lock incl MAIL
        sti
1:      hlt
        jmp     1b
to_other:
        lock incl RECEIVED_BY_OTHER
        set_msr X2_EOI, 0
        set_msr X2_ICR, (ICR_FIXED | TO_FIRST)  # CPU 0
        iret
ap_end:
