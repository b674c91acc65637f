package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.camelreverseproxy.host.StartException;
import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;

/** The access log (contract 11.2): what is in a line and what never is, and where lines go. */
class AccessLogTest extends ObservedFixture {
    @Test
    void fieldsAndBodiesAreNotTold() throws Exception {
        start(new Proxy());
        proxy.exchange("POST /a HTTP/1.1\r\nHost: proxy\r\nAuthorization: Basic c2VjcmV0\r\nCookie: secret=1\r\nContent-Length: 6\r\n\r\nsecret");
        proxy.exchange("GET http://user:secret@proxy/a HTTP/1.1\r\nHost: proxy\r\n\r\n");
        observed.lines(2);
        String text = Files.readString(observed.log()) + observed.get("status").body() + observed.get("metrics").body();
        assertFalse(text.contains("secret") || text.contains("c2VjcmV0"), text);
    }

    @Test
    void noLineCanBeFaked() throws Exception {
        start(new Proxy());
        proxy.exchange("GET /a\"%0a\u00ff\u0085b\\ HTTP/1.1\r\nHost: proxy\r\n\r\n");
        observed.line();
        String line = Files.readString(observed.log());
        assertTrue(line.chars().limit(line.length() - 1).allMatch(c -> c >= ' ' && c < 0x7f), line);
    }

    @Test
    void logChangesWithAReload() throws Exception {
        start(new Proxy());
        proxy.exchange(GET);
        assertNull(observed.line().get("failure").textValue());
        Path other = directory.resolve("other.log");
        proxy.setting("proxy.access-log.file", other.toString()).setting("proxy.access-log", "logfmt").generations().reload();
        proxy.exchange(GET);
        Await.until("a line is there", () -> Files.exists(other) && Files.readString(other).endsWith("failure=-\n"));
        assertTrue(Files.readString(other).matches("time=\\S+Z event_id=\\S+ client=127.0.0.1 method=GET target=\"/a\" status=200 bytes_in=0 bytes_out=2 "
                + "upstream=upstream02 attempts=\"upstream02:200:[0-9.]+\" total_ms=[0-9]+\\.[0-9]{3} upstream_ms=[0-9]+\\.[0-9]{3} failure=-\n"));
        observed.line();
        proxy.setting("proxy.access-log", "off").generations().reload();
        proxy.exchange(GET);
        assertEquals(1, Files.readAllLines(other).size());
    }

    @Test
    void pipeIsNoLog() throws Exception {
        start(new Proxy());
        assertEquals(0, new ProcessBuilder("mkfifo", directory.resolve("pipe").toString()).start().waitFor());
        proxy.setting("proxy.access-log.file", directory.resolve("pipe").toString());
        assertThrows(StartException.class, () -> proxy.generations().reload());
    }

    @Test
    void whatIsCutOffAtTheEndHasALine() throws Exception {
        start(new Proxy("proxy.timeout.drain", "700"));
        proxy.behaving(Upstream::hangs);
        Connection client = proxy.connect().send(GET);
        Await.until("a request is under way", () -> proxy.unseen() == 1);
        proxy.close();
        JsonNode line = observed.line();
        assertEquals(503, line.get("status").intValue(), line::toString);
        assertEquals("Unavailable", line.get("failure").textValue());
        client.close();
    }
}
