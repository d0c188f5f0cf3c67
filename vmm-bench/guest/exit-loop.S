# Writes to a port for ever. Entered in 32-bit protected mode, as the PVH note has it.
        .section .note.pvh, "a", @note
        .balign 4
        .long   4, 4, 18                        # XEN_ELFNOTE_PHYS32_ENTRY
        .asciz  "Xen"
        .long   _start

        .text
        .code32
        .globl  _start
_start:
        mov     $0x700, %edx
        mov     $1, %al
1:      out     %al, %dx
        jmp     1b
