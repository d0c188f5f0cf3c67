package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.BootSourceBody;
import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** {@code /boot-source}, with its files open. */
final class BootSource implements AutoCloseable {

    /** The kernel's arguments when none are given. */
    static final String DEFAULT_ARGS = "reboot=k panic=1 nomodule 8250.nr_uarts=0 i8042.noaux i8042.nomux i8042.dumbkbd swiotlb=noforce";

    private static final int ARGS_MAX = 2048;
    private static final String INIT_ARGS = " -- ";

    private final BootSourceBody body;
    /** {@code null} of a machine that was loaded, which has booted long since. */
    private final Fd kernel;
    private final Fd initrd;

    private BootSource(BootSourceBody body, Fd kernel, Fd initrd) {
        this.body = body;
        this.kernel = kernel;
        this.initrd = initrd;
    }

    /** Opens the files that {@code body} names. */
    static BootSource open(BootSourceBody body) throws ApiException {
        Fd kernel = open(body.kernelImagePath(), "The kernel file cannot be opened: ");
        Fd initrd = null;
        try {
            if (body.initrdPath() != null) {
                initrd = open(body.initrdPath(), "The initrd file cannot be opened due to invalid path or invalid permissions. ");
            }
            if (size(body.bootArgs() == null ? DEFAULT_ARGS : body.bootArgs()) > ARGS_MAX) {
                throw new ApiException("Boot source error: The kernel command line is invalid: Invalid cmdline capacity provided.");
            }
            return new BootSource(body, kernel, initrd);
        } catch (ApiException e) {
            kernel.close();
            if (initrd != null) {
                initrd.close();
            }
            throw e;
        }
    }

    /**
     * What a machine has booted from that was loaded.
     *
     * @param initrdPath or {@code null}
     * @param arguments  all of the kernel's
     * @param more       those of them that {@link #arguments} puts behind what was asked for
     */
    static BootSource loaded(String kernelPath, String initrdPath, String arguments, String more) {
        int separator = separator(arguments);
        String own = arguments.substring(0, separator < 0 ? arguments.length() : separator);
        String init = separator < 0 ? "" : arguments.substring(separator);
        String asked = own.equals(more) ? init.strip() : (own.endsWith(" " + more) ? own.substring(0, own.length() - more.length() - 1) : own) + init;
        return new BootSource(new BootSourceBody(kernelPath, initrdPath, asked.equals(DEFAULT_ARGS) ? null : asked), null, null);
    }

    /** Without waiting for the other end of a pipe. */
    private static Fd open(String path, String what) throws ApiException {
        try {
            return Fd.open(OsError.path(path), Fd.O_RDONLY | Fd.O_NONBLOCK);
        } catch (IOException e) {
            throw new ApiException("Boot source error: " + what + OsError.text(e), e);
        }
    }

    /** Bytes with the end mark; blanks around the kernel's part and init's do not count. */
    private static int size(String args) {
        int separator = separator(args);
        String init = separator < 0 ? "" : args.substring(separator + INIT_ARGS.length()).strip();
        int kernel = bytes(args.substring(0, separator < 0 ? args.length() : separator).strip()) + 1;
        return init.isEmpty() ? kernel : kernel + INIT_ARGS.length() + bytes(init);
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    /** Where the part for init begins, outside quotes; -1 without one. */
    private static int separator(String args) {
        boolean quoted = false;
        for (int i = 0; i < args.length(); i++) {
            if (args.charAt(i) == '"') {
                quoted = !quoted;
            } else if (!quoted && args.startsWith(INIT_ARGS, i)) {
                return i;
            }
        }
        return -1;
    }

    /** The kernel's arguments with {@code more} behind them, before what is for init. */
    String arguments(String more) {
        String args = body.bootArgs() == null ? DEFAULT_ARGS : body.bootArgs();
        int separator = separator(args);
        String own = args.substring(0, separator < 0 ? args.length() : separator).strip();
        String init = separator < 0 ? "" : args.substring(separator).stripTrailing();
        return (own.isEmpty() ? more : own + " " + more) + init;
    }

    BootSourceBody body() {
        return body;
    }

    Fd kernel() {
        return kernel;
    }

    /** {@code null} without one. */
    Fd initrd() {
        return initrd;
    }

    @Override
    public void close() {
        if (kernel != null) {
            kernel.close();
        }
        if (initrd != null) {
            initrd.close();
        }
    }
}
