package io.vmm4j.it;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The host's end of two TCP transfers: takes all that comes on one port, gives pseudo-random bytes on another. */
final class TcpPeer implements AutoCloseable {

    static final int RECEIVE_PORT = 5001;
    static final int SEND_PORT = 5002;

    private static final long PATIENCE_SECONDS = 20;
    private static final int PIECE = 1 << 18;

    /** What went over one connection. */
    record Transfer(long bytes, String md5) {
    }

    private final ServerSocket receiving;
    private final ServerSocket sending;
    private final CompletableFuture<Transfer> received;
    private final CompletableFuture<Transfer> sent;

    /** Serves one connection each way, the second with {@code bytesToSend}, on {@code address}. */
    TcpPeer(String address, long bytesToSend) throws IOException {
        receiving = new ServerSocket(RECEIVE_PORT, 1, InetAddress.getByName(address));
        sending = new ServerSocket(SEND_PORT, 1, InetAddress.getByName(address));
        received = start(() -> receive(receiving));
        sent = start(() -> send(sending, bytesToSend));
    }

    private interface Work {
        Transfer run() throws IOException;
    }

    private static CompletableFuture<Transfer> start(Work work) {
        CompletableFuture<Transfer> result = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                result.complete(work.run());
            } catch (IOException | RuntimeException e) {
                result.completeExceptionally(e);
            }
        }, "tcp-peer");
        thread.setDaemon(true);
        thread.start();
        return result;
    }

    private static Transfer receive(ServerSocket server) throws IOException {
        MessageDigest digest = md5();
        long total = 0;
        try (Socket socket = server.accept(); InputStream in = socket.getInputStream()) {
            byte[] piece = new byte[PIECE];
            for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
                digest.update(piece, 0, n);
                total += n;
            }
        }
        return new Transfer(total, HexFormat.of().formatHex(digest.digest()));
    }

    private static Transfer send(ServerSocket server, long bytes) throws IOException {
        MessageDigest digest = md5();
        Random random = new Random(42);
        byte[] piece = new byte[PIECE];
        try (Socket socket = server.accept(); OutputStream out = socket.getOutputStream()) {
            for (long left = bytes; left > 0; left -= piece.length) {
                random.nextBytes(piece);
                digest.update(piece);
                out.write(piece);
            }
        }
        return new Transfer(bytes, HexFormat.of().formatHex(digest.digest()));
    }

    private static MessageDigest md5() {
        try {
            return MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What came, once the guest has closed. */
    Transfer received() {
        return received.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }

    /** What was given, once it was. */
    Transfer sent() {
        return sent.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() throws IOException {
        receiving.close();
        sending.close();
    }
}
