# Sends a CPU to where a BIOS is entered, in real mode, as a kernel does that restarts a machine by its BIOS.
        .include "guest.inc"
        .globl  _start
_start:
        call    enable_x2apic
        start_others
        say     sent, $1
        jmp     .

        .code16
ap_begin:
        ljmp    $0xf000, $0xfff0
ap_end:
