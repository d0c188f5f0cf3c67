# Writes and reads back the first and the last eight bytes of RAM below and above the hole, of which the zero page's memory
# map tells, and says where they are.
        .include "guest.inc"
        .globl  _start

        .set    E820_ENTRIES, 0x1e8             # in the zero page, where RSI points
        .set    E820_TABLE, 0x2d0
        .set    E820_RAM, 1
        .set    GIBS, 13
        .set    DIRECTORIES, 0x400000
        .set    LINK, 0x03                      # present, writable
        .set    HUGE, 0x83                      # and a page of 2 MiB

_start:
        mov     $(DIRECTORIES + LINK), %eax     # the page directory pointers of [1 GiB, 14 GiB)
        mov     $0xa008, %edi
1:      mov     %rax, (%rdi)
        add     $0x1000, %eax
        add     $8, %edi
        cmp     $(0xa008 + 8 * GIBS), %edi
        jb      1b
        mov     $(0x40000000 + HUGE), %eax      # and their directories
        mov     $DIRECTORIES, %edi
2:      mov     %rax, (%rdi)
        add     $0x200000, %rax
        add     $8, %edi
        cmp     $(DIRECTORIES + 0x1000 * GIBS), %edi
        jb      2b

        movzbl  E820_ENTRIES(%rsi), %r12d
        lea     E820_TABLE(%rsi), %r13
next:   cmpl    $E820_RAM, 16(%r13)
        jne     skip
        mov     (%r13), %rbx                    # first byte
        mov     8(%r13), %rbp                   # length
        cmp     $0x100000, %rbx                 # the first MiB is in use
        jb      skip
        lea     (%rbx, %rbp), %r14              # behind the last
        mov     %rbx, %rax
        shr     $32, %rax
        say     from-high, %eax
        say     from-low, %ebx
        mov     %r14, %rax
        shr     $32, %rax
        say     to-high, %eax
        say     to-low, %r14d
        mov     $0x1122334455667788, %rax
        mov     %rax, -8(%r14)
        cmp     %rax, -8(%r14)
        jne     bad
        mov     %rax, 0x200000(%rbx)            # beyond this program
        cmp     %rax, 0x200000(%rbx)
        jne     bad
        say     good, $1
skip:   add     $20, %r13
        dec     %r12d
        jnz     next
bad:    reset
