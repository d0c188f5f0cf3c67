# Sends the CPU with the highest APIC id, which does not fit 8 bits, a device's interrupt and another CPU's. It answers
# with its id. All CPUs are in x2APIC mode from the start, as such a machine's firmware leaves them.
        .include "guest.inc"
        .globl  _start

        .set    SERIAL, 0x44
        .set    IPI, 0x45
        .set    FROM_SERIAL, MAIL + 4
        .set    FROM_CPU, MAIL + 8
        .set    WINDOW, 0x10
        .set    ENTRY_4, 0x18                   # two registers
        .set    IER, COM1 + 1
        .set    IER_THRE, 2
        .set    MCR, COM1 + 4
        .set    MCR_OUT2, 8

_start:
        call    map_apics
        set_msr X2_SVR, SVR_ENABLED             # a general protection fault but in x2APIC mode
        mov     $0x40000001, %eax
        cpuid
        shr     $15, %eax                       # KVM_FEATURE_MSI_EXT_DEST_ID
        and     $1, %eax
        say     extended, %eax
        mov     $0xb, %eax
        mov     $1, %ecx
        cpuid
        dec     %ebx                            # the highest id: one socket
        start_others
1:      pause
        cmp     MAIL, %ebx
        ja      1b

        mov     $IOAPIC, %ebp
        mov     %ebx, %eax
        shl     $24, %eax                       # bits 7 to 0 in 31 to 24
        mov     %ebx, %ecx
        shr     $8, %ecx
        shl     $17, %ecx                       # bits 14 to 8 in 23 to 17
        or      %ecx, %eax
        movl    $(ENTRY_4 + 1), (%rbp)
        mov     %eax, WINDOW(%rbp)
        movl    $ENTRY_4, (%rbp)
        movl    $SERIAL, WINDOW(%rbp)
        mov     $MCR, %edx
        mov     $MCR_OUT2, %al
        out     %al, %dx
        mov     $IER, %edx
        mov     $IER_THRE, %al
        out     %al, %dx
2:      pause
        cmpl    $0, FROM_SERIAL
        je      2b
        mov     $IER, %edx
        xor     %eax, %eax
        out     %al, %dx
        say     from-serial, FROM_SERIAL

        mov     $X2_ICR, %ecx
        mov     $(ICR_FIXED | IPI), %eax
        mov     %ebx, %edx
        wrmsr
3:      pause
        cmpl    $0, FROM_CPU
        je      3b
        say     from-cpu, FROM_CPU
        reset

        .code16
ap_begin:
        mov     $0x4000, %sp                    # one of them is interrupted at all
        set_msr X2_SVR, SVR_ENABLED
        movw    $(on_serial - ap_begin), 4 * SERIAL
        mov     %cs, 4 * SERIAL + 2
        movw    $(on_ipi - ap_begin), 4 * IPI
        mov     %cs, 4 * IPI + 2
        lock incl MAIL
        sti
1:      hlt
        jmp     1b
on_serial:
        mov     $X2_ID, %ecx
        rdmsr
        mov     %eax, FROM_SERIAL
        set_msr X2_EOI, 0
        iret
on_ipi:
        mov     $X2_ID, %ecx
        rdmsr
        mov     %eax, FROM_CPU
        set_msr X2_EOI, 0
        iret
ap_end:
