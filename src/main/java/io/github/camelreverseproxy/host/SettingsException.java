package io.github.camelreverseproxy.host;

/** A property that is unknown or has a wrong value; the message is one line and starts with the key. */
public final class SettingsException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    SettingsException(String message) {
        super(message);
    }
}
