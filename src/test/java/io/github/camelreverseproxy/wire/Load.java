package io.github.camelreverseproxy.wire;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Many requests at once. */
public final class Load {
    private Load() {
    }

    /** Requests by several clients at once, on connections that are kept. */
    public static List<Integer> statuses(Proxy proxy, int clients, int each, String request) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        try {
            List<Future<List<Integer>>> results = new ArrayList<>();
            for (int c = 0; c < clients; c++) {
                results.add(threads.submit(() -> {
                    List<Integer> statuses = new ArrayList<>();
                    try (Connection client = proxy.connect()) {
                        for (int i = 0; i < each; i++) {
                            statuses.add(client.send(request).receive().status());
                        }
                    }
                    return statuses;
                }));
            }
            List<Integer> all = new ArrayList<>();
            for (Future<List<Integer>> result : results) {
                all.addAll(result.get());
            }
            return all;
        } finally {
            threads.shutdown();
        }
    }
}
