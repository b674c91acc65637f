package io.github.camelreverseproxy.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import org.apache.camel.main.Main;
import org.gaul.httpbin.HttpBin;
import org.junit.jupiter.api.Test;

/** The seed's curl against the demo. */
class DemoTest {
    @Test
    void threeCallsToThreeUpstreams() throws Exception {
        List<HttpBin> upstreams = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            HttpBin upstream = new HttpBin(URI.create("http://127.0.0.1:0"));
            upstream.start();
            upstreams.add(upstream);
        }
        int port = Proxy.freePort();
        Main main = Demo.before(upstreams);
        main.addOverrideProperty("proxy.host", "127.0.0.1");
        main.addOverrideProperty("proxy.port", Integer.toString(port));
        main.start();
        try {
            for (int i = 1; i <= 3; i++) {
                Message response = Connection.exchange(port, "GET /anything HTTP/1.1\r\nHost: localhost:65535\r\nUser-Agent: curl/7.64.1\r\nAccept: */*\r\n"
                        + "Content-Type: appliaction/json\r\nContent-Length: 18\r\n\r\n{\"snot\": \"badger\"}");
                assertEquals(200, response.status());
                assertTrue(response.value("Via").matches("1\\.1 \\S+/camel"));
                JsonNode seen = new ObjectMapper().readTree(response.body());
                String forwarded = "by=localhost:65535;host=localhost:65535;proto=http";
                assertEquals("{\"snot\": \"badger\",\"forwarded\":\"" + forwarded + "\"}", seen.get("data").asText());
                assertEquals(forwarded, seen.get("headers").get("Forwarded").asText());
                assertEquals("webserver0" + i + ":" + upstreams.get(i - 1).getPort(), seen.get("headers").get("Host").asText());
                assertEquals(i == 3 ? "upstream03" : null, seen.get("headers").path("X-Upstream").asText(null));
            }
        } finally {
            main.stop();
            for (HttpBin upstream : upstreams) {
                upstream.stop();
            }
        }
    }
}
