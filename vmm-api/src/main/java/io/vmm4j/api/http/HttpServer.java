package io.vmm4j.api.http;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves up to {@value #CONNECTIONS_MAX} clients of a listening socket on one thread, which is made when the server is;
 * requests are handled on it, one after the other. Whatever a client does or leaves undone, the others are served.
 */
public final class HttpServer implements Closeable {

    /** What handles requests. */
    @FunctionalInterface
    public interface Handler {
        /** Handles {@code request} on the server's thread. Never {@code null}; what it throws ends the server. */
        ApiResponse handle(ApiRequest request);
    }

    /** Clients beyond this are told to come back later. */
    static final int CONNECTIONS_MAX = 10;
    /** How long a request may take to come in. */
    private static final long REQUEST_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long ACCEPT_RETRY_MILLIS = 100;
    private static final long LOOK_MILLIS = 1_000;

    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);

    private final ServerSocketChannel server;
    private final int payloadLimit;
    private final Handler handler;
    private final Selector selector;
    private final SelectionKey accepting;
    private final ResponseWriter writer = new ResponseWriter();
    private final Thread thread;
    private int connections;
    private boolean isAcceptFailureTold;
    private volatile boolean closing;

    /**
     * @param server       listening; closed with this
     * @param payloadLimit largest body of a request, in bytes
     * @param handler      called on the server's thread
     * @throws IOException when the host has no selector left
     */
    public HttpServer(ServerSocketChannel server, int payloadLimit, Handler handler) throws IOException {
        this.server = server;
        this.payloadLimit = payloadLimit;
        this.handler = handler;
        this.selector = Selector.open();
        try {
            server.configureBlocking(false);
            this.accepting = server.register(selector, SelectionKey.OP_ACCEPT);
        } catch (IOException e) {
            selector.close();
            throw e;
        }
        this.thread = new Thread("fc_api") {
            @Override
            public void run() {
                serve();
            }
        };
        thread.setDaemon(true);
    }

    /** Begins to serve. Called once. */
    public void start() {
        thread.start();
    }

    private void serve() {
        try {
            while (!closing) {
                serveOnce();
            }
        } catch (ClosedSelectorException e) {
            LOG.trace("the API server ends");
        } finally {
            closeAll();
        }
    }

    private void serveOnce() {
        boolean isAcceptDue = accepting.interestOps() != 0;
        try {
            selector.select(isAcceptDue ? connections == 0 ? 0 : LOOK_MILLIS : ACCEPT_RETRY_MILLIS);
        } catch (IOException e) {
            LOG.error("API Server error on retrieving incoming request: {}", e.getMessage());
            return;
        }
        accepting.interestOps(SelectionKey.OP_ACCEPT);
        Iterator<SelectionKey> ready = selector.selectedKeys().iterator();
        while (ready.hasNext() && !closing) {
            SelectionKey key = ready.next();
            ready.remove();
            if (key == accepting) {
                accept();
            } else {
                serve(key);
            }
        }
        endStalled();
    }

    private void accept() {
        try {
            for (SocketChannel client = server.accept(); client != null; client = server.accept()) {
                admit(client);
                isAcceptFailureTold = false;
            }
        } catch (IOException e) {
            // Such as too many open files: what is lacking does not come back by asking in a loop.
            accepting.interestOps(0);
            if (!isAcceptFailureTold) {
                LOG.error("API Server cannot let a client in: {}", e.getMessage());
            }
            isAcceptFailureTold = true;
        }
    }

    private void admit(SocketChannel client) throws IOException {
        try {
            client.configureBlocking(false);
            if (connections == CONNECTIONS_MAX) {
                client.write(ByteBuffer.wrap(ResponseWriter.FULL));
                client.close();
                return;
            }
            client.register(selector, SelectionKey.OP_READ, new HttpConnection(client, payloadLimit, writer));
            connections++;
        } catch (IOException e) {
            // Gone already.
            client.close();
        }
    }

    private void serve(SelectionKey key) {
        HttpConnection connection = (HttpConnection) key.attachment();
        try {
            if (key.isReadable()) {
                for (ApiRequest request : connection.receive(System.nanoTime())) {
                    connection.answer(handler.handle(request));
                }
            }
            connection.send();
            if (connection.isDone()) {
                drop(key);
            } else {
                key.interestOps(connection.hasOutput() ? SelectionKey.OP_WRITE : SelectionKey.OP_READ);
            }
        } catch (IOException | CancelledKeyException e) {
            LOG.debug("a client has gone: {}", e.getMessage());
            drop(key);
        } catch (RuntimeException e) {
            LOG.error("a connection met a fault of the monitor", e);
            drop(key);
        } catch (OutOfMemoryError e) {
            // Its body is larger than this process has room for, within a limit that the user has raised.
            LOG.error("a connection needs more memory than there is, and is closed: {}", e.getMessage());
            drop(key);
        }
    }

    private void endStalled() {
        long now = System.nanoTime();
        List<SelectionKey> stalled = new ArrayList<>();
        for (SelectionKey key : selector.keys()) {
            if (key.attachment() instanceof HttpConnection connection && key.isValid() && connection.isStalled(now, REQUEST_NANOS)) {
                stalled.add(key);
            }
        }
        for (SelectionKey key : stalled) {
            drop(key);
        }
    }

    private void drop(SelectionKey key) {
        key.cancel();
        connections--;
        try {
            ((HttpConnection) key.attachment()).close();
        } catch (IOException e) {
            LOG.debug("a connection was not closed in order: {}", e.getMessage());
        }
    }

    private void closeAll() {
        try {
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
            selector.close();
            server.close();
        } catch (IOException | ClosedSelectorException e) {
            LOG.debug("the API server was not closed in order: {}", e.getMessage());
        }
    }

    /** Ends the server, after the answer it is working on, and waits for that unless called by a handler. A second call does nothing. */
    @Override
    public void close() {
        closing = true;
        selector.wakeup();
        if (Thread.currentThread() == thread || !thread.isAlive()) {
            if (!thread.isAlive()) {
                closeAll();
            }
            return;
        }
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
