# Device interrupts through the I/O APIC: the first serial port's "transmitter empty" on input 4, and the interval timer
# on input 0, where this machine has it.
        .include "guest.inc"
        .globl  _start

        .set    SERIAL, 0x44
        .set    PIT, 0x45
        .set    WINDOW, 0x10
        .set    VERSION, 1
        .set    REDIRECTION, 0x10               # two registers an input
        .set    IER, COM1 + 1
        .set    IIR, COM1 + 2
        .set    IER_THRE, 2
        .set    MCR, COM1 + 4
        .set    MCR_OUT2, 8

# redirect INPUT, LOW: to local APIC 0.
.macro redirect input, low
        movl    $(REDIRECTION + 2 * \input + 1), (%rbp)
        movl    $0, WINDOW(%rbp)
        movl    $(REDIRECTION + 2 * \input), (%rbp)
        movl    $\low, WINDOW(%rbp)
.endm

_start:
        gate    SERIAL, on_serial
        gate    PIT, on_pit
        call    load_idt
        call    mask_pics
        call    map_apics
        call    enable_x2apic
        mov     $IOAPIC, %ebp
        movl    $VERSION, (%rbp)
        mov     WINDOW(%rbp), %eax
        say     version, %eax
        movl    $REDIRECTION, (%rbp)
        mov     WINDOW(%rbp), %eax
        say     entry, %eax                     # masked after reset

        redirect 4, SERIAL
        mov     $MCR, %edx
        mov     $MCR_OUT2, %al                  # lets its interrupts out
        out     %al, %dx
        mov     $IER, %edx
        mov     $IER_THRE, %al
        out     %al, %dx
        sti
        await   MAIL, 1
        cli
        say     iir, MAIL + 4

        redirect 0, PIT
        mov     $0x30, %al                      # counter 0, mode 0: one interrupt at the end
        out     %al, $0x43
        mov     $0x00, %al
        out     %al, $0x40
        mov     $0x10, %al
        out     %al, $0x40
        sti
        await   MAIL + 8, 1
        cli
        say     pit, MAIL + 8
        reset

on_serial:
        push    %rax
        push    %rcx
        push    %rdx
        mov     $IIR, %edx
        in      %dx, %al
        mov     %al, MAIL + 4
        mov     $IER, %edx
        xor     %eax, %eax
        out     %al, %dx
        incl    MAIL
        jmp     end_interrupt
on_pit:
        push    %rax
        push    %rcx
        push    %rdx
        incl    MAIL + 8
end_interrupt:
        set_msr X2_EOI, 0
        pop     %rdx
        pop     %rcx
        pop     %rax
        iretq
