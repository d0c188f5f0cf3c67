package io.vmm4j.core.vhostuser;

import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.EpollEventLoop.Registration;
import io.vmm4j.devices.virtio.LoopTask;
import io.vmm4j.kvm.libc.Epoll;
import io.vmm4j.kvm.libc.EventFd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Looks what a back end does without being asked. Confined to the loop, or to who makes the device before it runs. */
final class BackEndWatch {

    private static final int GONE = Epoll.EPOLLRDHUP | Epoll.EPOLLHUP | Epoll.EPOLLERR;

    private final EpollEventLoop loop;
    private final Consumer<BackEndRequests> onRequest;
    private final Consumer<String> onEnd;
    private final Consumer<String> onError;
    private final List<Registration> watches = new ArrayList<>();
    private Registration errors = () -> { };
    /** For what has been received while an answer was waited for. */
    private final LoopTask news;
    /** Null while there are none. */
    private BackEndRequests watched;

    /**
     * @param onRequest hears when there is a request
     * @param onEnd     hears that it has gone, in words that go on its name
     * @param onError   hears of errors in queues, likewise
     */
    BackEndWatch(EpollEventLoop loop, Consumer<BackEndRequests> onRequest, Consumer<String> onEnd, Consumer<String> onError) {
        this.loop = loop;
        this.onRequest = onRequest;
        this.onEnd = onEnd;
        this.onError = onError;
        this.news = new LoopTask(loop, this::tellNews);
    }

    /** @param backEnd is there from now on */
    void begin(BackEnd backEnd) throws IOException {
        watches.add(loop.watch(backEnd.fd(), GONE, events -> onEnd.accept("has closed the connection")));
        if (backEnd.requests().isPresent()) {
            BackEndRequests requests = backEnd.requests().get();
            watches.add(loop.watch(requests.fd(), Epoll.EPOLLIN | GONE, events -> onRequest.accept(requests)));
            watched = requests;
            requests.onNews(news::schedule);
        }
    }

    private void tellNews() {
        if (watched != null) {
            onRequest.accept(watched);
        }
    }

    /** @param event is signalled for errors; never read here, where the other side could have that wait */
    void errors(EventFd event) throws IOException {
        errors = loop.watch(event.fd(), Epoll.EPOLLIN, events -> onError.accept("has met an error in a queue"));
    }

    /** Looks for errors no more; before what signals them is closed. */
    void endErrors() {
        errors.close();
        errors = () -> { };
    }

    /** The back end is no more to be looked at; before it is closed. */
    void end() {
        endErrors();
        watched = null;
        watches.forEach(Registration::close);
        watches.clear();
    }
}
