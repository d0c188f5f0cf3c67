# Says "a" on COM1, starts all other CPUs, says "b" when the last of them runs, and halts, as the others do.
        .include "guest.inc"
        .globl  _start
_start:
        mov     $COM1, %edx
        mov     $'a', %al
        out     %al, %dx
        call    enable_x2apic
        mov     $0xb, %eax                      # leaf 0xB, level of cores: EBX is the threads in the socket
        mov     $1, %ecx
        cpuid
        dec     %ebx
        start_others
1:      pause
        cmp     MAIL, %ebx
        ja      1b
        mov     $COM1, %edx
        mov     $'b', %al
        out     %al, %dx
2:      hlt
        jmp     2b

        .code16
ap_begin:
        lock incl MAIL
1:      hlt
        jmp     1b
ap_end:
