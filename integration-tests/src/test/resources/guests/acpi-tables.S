# Finds the ACPI tables as a kernel does, by the root pointer that the zero page names, and prints all of them.
        .include "guest.inc"
        .globl  _start

        .set    ACPI_RSDP_ADDR, 0x70            # in the zero page, where RSI points
        .set    RSDP_XSDT, 24
        .set    TABLE_LENGTH, 4
        .set    XSDT_ENTRIES, 36
        .set    FADT_X_DSDT, 140
        .set    FACP, 0x50434146

_start:
        mov     ACPI_RSDP_ADDR(%rsi), %rax
        mov     RSDP_XSDT(%rax), %rbx
        mov     %rbx, %rbp
        call    dump
        mov     TABLE_LENGTH(%rbx), %r12d
        add     %rbx, %r12                      # behind the last entry
        add     $XSDT_ENTRIES, %rbx
next:   mov     (%rbx), %rbp
        call    dump
        cmpl    $FACP, (%rbp)
        jne     1f
        mov     FADT_X_DSDT(%rbp), %rbp
        call    dump
1:      add     $8, %rbx
        cmp     %r12, %rbx
        jb      next
        reset

# Prints "table=", and the table at RBP, two digits a byte.
dump:   mov     $COM1, %edx
        lea     name(%rip), %rsi
        mov     $(name_end - name), %ecx
        rep outsb
        mov     TABLE_LENGTH(%rbp), %ecx
        mov     %rbp, %rdi
2:      mov     (%rdi), %al
        shr     $4, %al
        call    digit
        mov     (%rdi), %al
        and     $15, %al
        call    digit
        inc     %rdi
        dec     %ecx
        jnz     2b
        mov     $'\n', %al
        out     %al, %dx
        ret

digit:  cmp     $9, %al
        jbe     3f
        add     $('a' - '0' - 10), %al
3:      add     $'0', %al
        out     %al, %dx
        ret

        .section .rodata
name:   .ascii  "table="
name_end:
