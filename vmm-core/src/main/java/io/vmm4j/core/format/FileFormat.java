package io.vmm4j.core.format;

import static io.vmm4j.core.format.Magic.at;
import static io.vmm4j.core.format.Magic.beforeEnd;
import static io.vmm4j.core.format.Magic.hex;
import static io.vmm4j.core.format.Magic.start;

import io.vmm4j.devices.text.ShellWord;
import java.util.List;
import java.util.Optional;

/**
 * Formats that people give in place of a raw disk, a kernel or an initrd, told by their magic numbers. What is in a raw
 * disk is none of them: file systems, partition tables and LUKS have no place here. Each start with a disk makes this table, so
 * it is written without what a young JVM is slow at: lambdas, and strings put together by {@code +}.
 */
public enum FileFormat {
    QCOW(Kind.DISK, "a qcow image of version 1", convert("qcow"), hex(0, "514649fb00000001")),
    QCOW2(Kind.DISK, "a qcow2 image", convert("qcow2"), hex(0, "514649fb")),
    QED(Kind.DISK, "a QED image", convert("qed"), start("QED\0")),
    VMDK(Kind.DISK, "a VMDK image", convert("vmdk"), start("KDMV"), start("COWD"), hex(0, "bebafeca00000000"),
            start("# Disk DescriptorFile"), hex(0, "efbbbf23204469736b2044657363726970746f7246696c65")),
    VDI(Kind.DISK, "a VDI image", convert("vdi"), hex(0x40, "7f10dabe")),
    VHDX(Kind.DISK, "a VHDX image", convert("vhdx"), start("vhdxfile")),
    /** A fixed one is a raw disk with a footer behind it, in old ones of 511 bytes; the others have a copy of it in front. */
    VHD(Kind.DISK, "a VHD image", convert("vpc"), start("conectix"), beforeEnd(512, "conectix"), beforeEnd(511, "conectix")),
    PARALLELS(Kind.DISK, "a Parallels image", convert("parallels"), start("WithoutFreeSpace"), start("WithouFreSpacExt")),
    BOCHS(Kind.DISK, "a Bochs image", convert("bochs"), start("Bochs Virtual HD Image")),
    CLOOP(Kind.DISK, "a cloop image", convert("cloop"), start("#!/bin/sh\n#V2.0 Format\nmodprobe cloop"),
            start("#!/bin/sh\n#V3.0 Format"), start("#!/bin/sh\n#V4.0 Format")),
    DMG(Kind.DISK, "a DMG image", convert("dmg"), beforeEnd(512, "koly\0\0\0\4\0\0\2\0"), start("koly\0\0\0\4\0\0\2\0")),
    SPARSE_DMG(Kind.DISK, "an Apple sparse or encrypted image", "", start("sprs"), start("shdw"), start("encrcdsa"), start("cdsaencr")),
    ANDROID_SPARSE(Kind.DISK, "an Android sparse image", "simg2img %1$s %2$s", hex(0, "3aff26ed")),
    WIM(Kind.DISK, "a Windows imaging file", "", start("MSWIM\0\0\0"), start("WLPWM\0\0\0")),
    EWF(Kind.DISK, "an EWF image", "ewfexport -f raw -t %1$s %1$s", hex(0, "455646090d0aff00"), hex(0, "455646320d0a8100")),
    EWF_LOGICAL(Kind.ARCHIVE, "a logical EWF file", "", hex(0, "4c5646090d0aff00"), hex(0, "4c4546320d0a8100")),
    AFF(Kind.DISK, "an AFF image", "", start("AFF10\r\n\0")),
    VMA(Kind.DISK, "a Proxmox backup (VMA)", "", hex(0, "564d410000000001")),
    PARTCLONE(Kind.DISK, "a Partclone image", "", start("partclone-image")),
    PARTIMAGE(Kind.DISK, "a Partimage volume", "", start("PaRtImAgE-VoLuMe")),
    NTFSCLONE(Kind.DISK, "an ntfsclone image", "ntfsclone --restore-image --overwrite %2$s %1$s", start("\0ntfsclone-image")),
    XFS_METADUMP(Kind.DISK, "an XFS metadata dump", "xfs_mdrestore %1$s %2$s", start("XFSM"), start("XMD2")),
    FSARCHIVER(Kind.ARCHIVE, "an fsarchiver archive", "", start("FsA0")),
    RBD_DIFF(Kind.DISK, "an export of a Ceph image", "", start("rbd diff v")),
    CHD(Kind.DISK, "a CHD image", "chdman extractraw -i %1$s -o %2$s", start("MComprHD")),
    CISO(Kind.DISK, "a compressed ISO image", "", start("CISO"), start("ZISO"), start("IsZ!"), start("DAA\0"), start("ECM\0")),
    WBFS(Kind.DISK, "a WBFS image", "", start("WBFS")),
    VM_STATE(Kind.DISK, "a QEMU machine's state", "", hex(0, "5145564d00000002"), hex(0, "5145564d00000003")),
    UBI(Kind.DISK, "a UBI image", "", start("UBI#\1")),

    GZIP(Kind.COMPRESSED, "a gzip file", "gzip -dc %1$s > %2$s", hex(0, "1f8b08")),
    XZ(Kind.COMPRESSED, "an xz file", "xz -dc %1$s > %2$s", hex(0, "fd377a585a00")),
    ZSTD(Kind.COMPRESSED, "a zstd file", "zstd -dc %1$s > %2$s", hex(0, "28b52ffd")),
    BZIP2(Kind.COMPRESSED, "a bzip2 file", "bzip2 -dc %1$s > %2$s", bzip2("1"), bzip2("2"), bzip2("3"), bzip2("4"), bzip2("5"), bzip2("6"),
            bzip2("7"), bzip2("8"), bzip2("9"), hex(0, "425a6839177245385090")),
    LZ4(Kind.COMPRESSED, "an lz4 file", "lz4 -dc %1$s > %2$s", hex(0, "04224d18")),
    /** As {@code lz4 -l} and kernels have it. */
    LZ4_LEGACY(Kind.COMPRESSED, "an lz4 file", "lz4 -dc %1$s > %2$s", hex(0, "02214c18")),
    /** Without a magic number: dictionaries of xz's presets, of a file whose size is at its end. */
    LZMA(Kind.COMPRESSED, "an lzma file", "xz -dc %1$s > %2$s", lzma("0400"), lzma("1000"), lzma("2000"), lzma("4000"), lzma("8000"),
            lzma("0001"), lzma("0002"), lzma("0004")),
    LZOP(Kind.COMPRESSED, "an lzop file", "lzop -dc %1$s > %2$s", hex(0, "894c5a4f000d0a1a0a")),
    LZIP(Kind.COMPRESSED, "an lzip file", "lzip -dc %1$s > %2$s", start("LZIP\1")),
    LRZIP(Kind.COMPRESSED, "an lrzip file", "lrzip -d -o %2$s %1$s", start("LRZI\0")),
    SNAPPY(Kind.COMPRESSED, "a snappy file", "", hex(0, "ff060000734e61507059")),
    LZFSE(Kind.COMPRESSED, "an lzfse file", "lzfse -decode -i %1$s -o %2$s", start("bvx-"), start("bvx1"), start("bvx2"), start("bvxn")),
    COMPRESS(Kind.COMPRESSED, "a compressed file", "gzip -dc %1$s > %2$s", hex(0, "1f9d90")),

    ZIP(Kind.ARCHIVE, "a zip archive", "unzip -p %1$s > %2$s", start("PK\3\4"), start("PK\5\6"), start("PK\7\10PK\3\4"), start("PK00PK\3\4")),
    SEVEN_ZIP(Kind.ARCHIVE, "a 7z archive", "7z e %1$s", hex(0, "377abcaf271c")),
    RAR(Kind.ARCHIVE, "a rar archive", "unrar e %1$s", hex(0, "526172211a07")),
    /** An OVA is one, too. */
    TAR(Kind.ARCHIVE, "a tar archive", "tar -xf %1$s", at(257, "ustar\0"), at(257, "ustar ")),
    CPIO(Kind.ARCHIVE, "a cpio archive", "cpio -id < %1$s"),
    XAR(Kind.ARCHIVE, "a xar archive", "xar -xf %1$s", hex(0, "78617221001c")),
    AR(Kind.ARCHIVE, "an ar archive", "ar x %1$s", start("!<arch>\n")),
    RPM(Kind.ARCHIVE, "an RPM package", "rpm2cpio %1$s | cpio -id", hex(0, "edabeedb")),
    ARJ(Kind.ARCHIVE, "an arj archive", "arj x %1$s"),
    LHA(Kind.ARCHIVE, "an lha archive", "lha x %1$s"),
    ACE(Kind.ARCHIVE, "an ace archive", "unace x %1$s", at(7, "**ACE**")),
    DUMP(Kind.ARCHIVE, "a dump of a file system", "restore -rf %1$s"),
    XFS_DUMP(Kind.ARCHIVE, "a dump of an XFS file system", "xfsrestore -f %1$s .", start("xFSdump0")),
    BTRFS_SEND(Kind.ARCHIVE, "a btrfs send stream", "", start("btrfs-stream\0")),
    ZFS_SEND(Kind.ARCHIVE, "a zfs send stream", "", hex(8, "accbbaf502000000"), hex(8, "00000002f5bacbac")),
    ANDROID_OTA(Kind.ARCHIVE, "an Android update", "", start("CrAU")),
    CAB(Kind.ARCHIVE, "a cabinet archive", "cabextract %1$s", start("MSCF\0\0\0\0")),

    ELF(Kind.PROGRAM, "an ELF program", "", hex(0, "7f454c46010101"), hex(0, "7f454c46010201"), hex(0, "7f454c46020101"), hex(0, "7f454c46020201")),
    BZIMAGE(Kind.PROGRAM, "a Linux kernel (bzImage)", "", at(0x202, "HdrS")),
    ARM64_IMAGE(Kind.PROGRAM, "a Linux kernel for arm64", "", hex(0x38, "41524d64")),
    RISCV_IMAGE(Kind.PROGRAM, "a Linux kernel for RISC-V", "", at(0x38, "RSC\5")),
    EFI_ZBOOT(Kind.PROGRAM, "a compressed EFI kernel (zboot)", "", start("MZ\0\0zimg")),
    U_BOOT_IMAGE(Kind.PROGRAM, "a U-Boot image", "", hex(0, "27051956")),
    DEVICE_TREE(Kind.PROGRAM, "a device tree or FIT image", "", hex(0, "d00dfeed")),
    ANDROID_BOOT(Kind.PROGRAM, "an Android boot image", "", start("ANDROID!"), start("VNDRBOOT")),
    PE(Kind.PROGRAM, "a Windows or EFI program", "");

    /** What formats are for. */
    public enum Kind {
        /** A disk, but not byte by byte as a guest has it. */
        DISK,
        /** Some other file, made smaller. */
        COMPRESSED,
        /** Several files. */
        ARCHIVE,
        /** Something to run. */
        PROGRAM
    }

    /** As many of a file's first bytes as are looked at. */
    public static final int HEAD_BYTES = 1024;
    /** As many of a file's last bytes as are looked at. */
    public static final int TAIL_BYTES = 512;

    private final Kind kind;
    private final String description;
    private final String command;
    private final List<Magic> magics;

    FileFormat(Kind kind, String description, String command, Magic... magics) {
        this.kind = kind;
        this.description = description;
        this.command = command;
        this.magics = List.of(magics);
    }

    private static String convert(String name) {
        return "qemu-img convert -f ".concat(name).concat(" -O raw %1$s %2$s");
    }

    private static Magic bzip2(String level) {
        return start("BZh".concat(level).concat("1AY&SY"));
    }

    private static Magic lzma(String dictionary) {
        return hex(0, "5d0000".concat(dictionary).concat("ffffffffffffffff"));
    }

    /**
     * Tells what a file is. Formats without magics of their own above are told by {@link Unmarked}.
     *
     * @param head its first {@link #HEAD_BYTES} bytes, or all of a smaller file
     * @param tail its last {@link #TAIL_BYTES} bytes, or all of a smaller file
     * @return empty when it is none of these formats
     */
    public static Optional<FileFormat> of(byte[] head, byte[] tail) {
        for (FileFormat format : values()) {
            for (Magic magic : format.magics) {
                if (magic.isIn(head, tail)) {
                    return Optional.of(format);
                }
            }
        }
        return Optional.ofNullable(Unmarked.of(head));
    }

    /** What it is for. */
    public Kind kind() {
        return kind;
    }

    /** Its name with an article: "a gzip file". */
    public String description() {
        return description;
    }

    /** The command that makes what was meant of {@code file}, beside it where it is one file; empty when none is known. */
    public Optional<String> command(String file) {
        // A name like an option's would be taken for one.
        String name = file.startsWith("-") ? "./" + file : file;
        return command.isEmpty() ? Optional.empty() : Optional.of(command.formatted(ShellWord.of(name), ShellWord.of(name + ".raw")));
    }

    /** Whether Linux unpacks an initrd of this format, if it is built to. */
    public boolean isForLinuxInitrd() {
        return switch (this) {
            case GZIP, BZIP2, LZMA, XZ, LZOP, LZ4_LEGACY, ZSTD, CPIO -> true;
            default -> false;
        };
    }
}
