# The local APIC's timer in its three modes, each interrupt taken through the IDT out of a halt.
        .include "guest.inc"
        .globl  _start

        .set    TIMER, 0x40
        .set    PERIODIC, 0x20000
        .set    DEADLINE, 0x40000
        .set    DIVIDE_BY_1, 0xb
        .set    TSC_DEADLINE, 0x6e0
        .set    TICKS, 1000000

_start:
        gate    TIMER, on_timer
        call    load_idt
        call    enable_x2apic
        set_msr X2_TIMER_DIVIDE, DIVIDE_BY_1

        set_msr X2_LVT_TIMER, TIMER
        set_msr X2_TIMER_INITIAL, TICKS
        call    halt_until_tick
        mov     $X2_TIMER_CURRENT, %ecx
        rdmsr
        say     left, %eax
        say     one-shot, MAIL

        set_msr X2_LVT_TIMER, (PERIODIC | TIMER)
        set_msr X2_TIMER_INITIAL, TICKS
        call    halt_until_tick
        call    halt_until_tick
        call    halt_until_tick
        set_msr X2_TIMER_INITIAL, 0
        say     periodic, MAIL

        movl    $0, MAIL
        set_msr X2_LVT_TIMER, (DEADLINE | TIMER)
        rdtsc
        add     $TICKS, %eax
        adc     $0, %edx
        mov     %eax, %esi
        mov     %edx, %edi
        mov     $TSC_DEADLINE, %ecx
        wrmsr
        call    halt_until_tick
        rdtsc
        sub     %esi, %eax
        sbb     %edi, %edx
        say     late-high, %edx                 # all ones when it came early
        say     late-low, %eax
        mov     $TSC_DEADLINE, %ecx
        rdmsr
        or      %edx, %eax
        say     armed, %eax
        reset

# Interrupts come between STI and CLI only.
halt_until_tick:
        mov     MAIL, %ebx
        inc     %ebx
1:      sti
        hlt
        cli
        cmp     %ebx, MAIL
        jb      1b
        ret

on_timer:
        push    %rax
        push    %rcx
        push    %rdx
        incl    MAIL
        set_msr X2_EOI, 0
        pop     %rdx
        pop     %rcx
        pop     %rax
        iretq
