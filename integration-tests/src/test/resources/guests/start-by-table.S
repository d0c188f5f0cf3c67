# Starts every CPU that the MP table lists, one by one, by INIT and SIPI through the memory-mapped local APIC, and prints
# the APIC id that each says by CPUID leaf 1.
        .include "guest.inc"
        .globl  _start

        .set    MP_POINTER, 0x9fc00
        .set    ID,       0x20                  # registers of the local APIC
        .set    SVR,      0xf0
        .set    ICR,      0x300
        .set    ICR_HIGH, 0x310

_start:
        call    map_apics
        copy_ap_code
        mov     $LAPIC, %r15d
        movl    $SVR_ENABLED, SVR(%r15)
        mov     ID(%r15), %eax
        shr     $24, %eax
        say     boot, %eax

        mov     MP_POINTER + 4, %ebp            # the table
        movzwl  34(%rbp), %r12d                 # how many entries
        add     $44, %ebp
next:   cmpb    $0, (%rbp)                      # processors come first
        jne     done
        testb   $2, 3(%rbp)                     # the boot CPU runs already
        jnz     skip
        movzbl  1(%rbp), %ebx
        mov     MAIL, %r13d
        shl     $24, %ebx
        mov     $ICR_INIT, %eax
        call    send
        mov     $(ICR_SIPI | AP_VECTOR), %eax
        call    send
1:      pause
        cmp     MAIL, %r13d                     # each counts itself
        je      1b
        say     started, MAIL + 4
skip:   add     $20, %rbp
        dec     %r12d
        jnz     next
done:   mov     MAIL, %eax
        say     count, %eax
        reset

# The command in EAX to the CPU in EBX, bits 31 to 24.
send:   mov     %ebx, ICR_HIGH(%r15)
        mov     %eax, ICR(%r15)
2:      testl   $0x1000, ICR(%r15)              # delivered?
        jnz     2b
        ret

        .code16
ap_begin:
        mov     $1, %eax
        cpuid
        shr     $24, %ebx
        mov     %ebx, MAIL + 4
        lock incl MAIL
        hlt
        jmp     . - 1
ap_end:
