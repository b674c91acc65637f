package io.github.camelreverseproxy.message;

/** An option in a route that cannot be what it is, or would count for nothing; stops the start. */
public final class OptionException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final String option;

    /** @param option as it is written in the route */
    public OptionException(String option, String message) {
        super(message);
        this.option = option;
    }

    public String option() {
        return option;
    }
}
