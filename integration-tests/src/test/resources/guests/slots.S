# A guest that is told of devices in slots, and treats the first as a key on COM1 has it: h(onest), the default; d(eaf): takes
# no news; s(ilent): takes news and does nothing; n(o driver): answers and drives nothing; l(iar): says that it has given a
# device back and drives on; e(ager): gives it back unasked; w(ild): writes to the registers what comes along; o(wing): gives back
# the device in slot 0, as it was asked to before; r(eset): resets the machine.
        .include "guest.inc"
        .globl  _start

        .set    LSR, COM1 + 5
        .set    NEXT, 0x640
        .set    SLOT, 0x644
        .set    SOURCE, 0x648
        .set    ANSWER, 0x64c
        .set    COME, 1
        .set    GIVE_BACK, 3
        .set    WINDOW, 0xc0001000              # slot 0 of a machine without other devices
        .set    DRIVER_FEATURES, 0x20
        .set    DRIVER_FEATURES_SEL, 0x24
        .set    STATUS, 0x70

# register PORT, VALUE
.macro register port, value
        mov     $\port, %edx
        mov     \value, %eax
        out     %eax, %dx
.endm

_start:
        movq    $0x201003, 0xa018               # the fourth GiB, by a page directory of its own
        mov     $(0xc0000000 + 0x9b), %eax      # uncached
        mov     %rax, 0x201000
        mov     $'h', %r15d
        say     ready, %r15d

next:   pause
        mov     $LSR, %edx
        in      %dx, %al
        test    $1, %al
        jz      1f
        mov     $COM1, %edx
        in      %dx, %al
        movzx   %al, %r15d
        say     mode, %r15d
1:      cmp     $'d', %r15d
        je      next
        cmp     $'e', %r15d
        je      eager
        cmp     $'w', %r15d
        je      wild
        cmp     $'o', %r15d
        je      owing
        cmp     $'r', %r15d
        je      end
        mov     $NEXT, %edx
        in      %dx, %eax
        test    %eax, %eax
        jz      next
        mov     %eax, %ebx
        say     news, %ebx
        cmp     $'s', %r15d
        je      next
        movzx   %bx, %ecx                       # the slot
        shr     $16, %ebx                       # the news
        mov     $WINDOW, %edi
        shl     $12, %ecx
        add     %ecx, %edi
        shr     $12, %ecx
        cmp     $'n', %r15d
        je      reply
        cmp     $COME, %ebx
        jne     2f
        call    drive
        jmp     reply
2:      cmp     $'l', %r15d
        je      reply
        movl    $0, STATUS(%rdi)
reply:  register SLOT, %ecx
        register SOURCE, %ebx
        register ANSWER, $0
        jmp     next

owing:  mov     $WINDOW, %edi
        movl    $0, STATUS(%rdi)
        register SLOT, $0
        register SOURCE, $GIVE_BACK
        register ANSWER, $0
        mov     $'d', %r15d
        jmp     next

eager:  register SLOT, $0
        register SOURCE, $GIVE_BACK
        register ANSWER, $0
        jmp     next

end:    reset

wild:   mov     $NEXT, %edx
        in      %dx, %eax
        rdtsc
        mov     %eax, %ebx
        and     $3, %eax
        register SLOT, %eax
        mov     %ebx, %eax
        shr     $2, %eax
        and     $3, %eax
        register SOURCE, %eax
        register ANSWER, %ebx
        jmp     next

# Takes the device of the window at RDI into use, without a queue.
drive:  movl    $0, STATUS(%rdi)
        movl    $1, STATUS(%rdi)
        movl    $3, STATUS(%rdi)
        movl    $1, DRIVER_FEATURES_SEL(%rdi)
        movl    $1, DRIVER_FEATURES(%rdi)       # VERSION_1
        movl    $11, STATUS(%rdi)
        movl    $15, STATUS(%rdi)
        ret
