package io.github.camelreverseproxy.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Properties;

import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each property may be. */
class SettingsTest {
    private static void check(String key, String value) throws Exception {
        try (DefaultCamelContext context = new DefaultCamelContext()) {
            context.getPropertiesComponent().setLocation("file:application.properties");
            Properties override = new Properties();
            override.setProperty(key, value);
            context.getPropertiesComponent().setInitialProperties(new Properties());
            context.getPropertiesComponent().setOverrideProperties(override);
            new Settings(context.getPropertiesComponent());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '=', value = {"proxy.port=0", "proxy.port=65536", "proxy.port=99999", "proxy.port=x", "proxy.port=-1", "proxy.port=''", "proxy.host=''",
            "proxy.header.style=other", "proxy.trusted-proxies=10.0.0.0/33", "proxy.trusted-proxies=example.org", "proxy.trusted-proxies=1.2.3", "proxy.backoff.steps=a,b",
            "proxy.backoff.steps=100,,200", "proxy.backoff.steps=''", "proxy.backoff.steps=0", "proxy.backoff.failures=0", "proxy.backoff.status=600", "proxy.backoff.status=500-400",
            "proxy.backoff.status=5xx", "proxy.backoff.timeout=0", "proxy.timeout.connect=1s", "proxy.timeout.head=0", "proxy.max-in-flight=0", "proxy.max-request-body=99999999999",
            "upstream01.url=ftp://x", "upstream01.url=webserver01", "upstream01.url=http://a b", "upstream01.url=http://", "upstream01.url=http://a?b", "upstream01.concurrency=-1",
            "upstream01.concurrency=many", "proxy.timeout.total=0", "proxy.min-body-rate=0", "proxy.location=drop", "proxy.via.name=a b", "upstream01.url=http://a:0", "upstream01.url=http://a:99999",
            "upstream01.url=http://[::1", "upstream01.url=http://-a", "proxy.access-log=yes", "proxy.observe.port=65536", "proxy.tracing=on", "proxy.tracing.ratio=2", "proxy.tracing.endpoint=http://x_y/",
            "proxy.access-log.file=/nowhere/access.log", "proxy.dns.refresh=never"})
    void wrongValue(String key, String value) {
        SettingsException e = assertThrows(SettingsException.class, () -> check(key, value));
        assertTrue(e.getMessage().startsWith(key + " = " + value), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    @Test
    void passwordIsNotSaidAgain() {
        SettingsException e = assertThrows(SettingsException.class, () -> check("upstream01.url", "http://u:secret@a"));
        assertEquals("upstream01.url: a URL of an upstream has no user and no password", e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '=', value = {"proxy.prot=1", "proxy.timeout.conect=1", "upstream01.uri=http://x", "upstream04.=x", "proxy.=x"})
    void unknownKey(String key, String value) {
        SettingsException e = assertThrows(SettingsException.class, () -> check(key, value));
        assertTrue(e.getMessage().startsWith(key + ": there is no such property"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '=', value = {"proxy.port=65535", "proxy.header.style=rfc7239", "proxy.trusted-proxies=10.0.0.0/8, ::1/128,1.2.3.4", "proxy.trusted-proxies=''",
            "proxy.backoff.steps=1", "proxy.backoff.status=400-599", "upstream04.url=https://x:8443/base", "upstream-blue.url=http://[::1]:80", "upstream01.concurrency=0", "upstream01.url=http://my_stack_web:8080", "upstream01.url=http://_a/b/", "proxy.host=::", "proxy.host=::1",
            "proxy.host=[::1]", "proxy.via.name=edge-1", "proxy.via.name=''", "proxy.location=keep"})
    void rightValue(String key, String value) throws Exception {
        check(key, value);
    }

    @Test
    void fileAsShipped() throws Exception {
        check("proxy.port", "65535");
    }
}
