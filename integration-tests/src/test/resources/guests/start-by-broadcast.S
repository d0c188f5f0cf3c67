# Starts all CPUs but the first at once in x2APIC mode, by INIT and SIPI to all but self, waits for as many as CPUID says
# there are in the socket, and prints the APIC ids that they have in two ways.
        .include "guest.inc"
        .globl  _start
_start:
        call    enable_x2apic
        mov     $0xb, %eax                      # leaf 0xB, level of cores: EBX is the threads in the socket
        mov     $1, %ecx
        cpuid
        dec     %ebx
        say     others, %ebx
        start_others
1:      pause
        cmp     MAIL, %ebx
        ja      1b

        xor     %ebx, %ebx
2:      mov     ID_TABLE(, %rbx, 4), %ebp
        test    %ebp, %ebp
        jz      3f
        say     id, %ebx
        cmp     %ebx, %ebp
        je      3f
        say     leaf, %ebp
3:      inc     %ebx
        cmp     $0x400, %ebx
        jb      2b
        reset

        .code16
ap_begin:
        mov     $APIC_BASE, %ecx
        rdmsr
        or      $0x400, %eax
        wrmsr
        mov     $X2_ID, %ecx
        rdmsr
        mov     %eax, %esi
        mov     $0xb, %eax
        xor     %ecx, %ecx
        cpuid
        mov     %edx, ID_TABLE(, %esi, 4)
        lock incl MAIL
1:      hlt
        jmp     1b
ap_end:
