# syntax=docker/dockerfile:1

# The jar.
FROM maven:3.9-eclipse-temurin-25 AS build
WORKDIR /build
COPY pom.xml application.properties ./
COPY src ./src
RUN mvn -B -DskipTests package

# An upstream to try it with: httpbin as Debian packages it, on port 80.
FROM debian:12.8-slim AS httpbin
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3-httpbin gunicorn \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system httpbin
USER httpbin
EXPOSE 80
HEALTHCHECK --interval=2s --timeout=2s --start-period=20s --retries=5 \
  CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:80/status/200', timeout=1)"]
CMD ["gunicorn", "--bind", "0.0.0.0:80", "--threads", "8", "httpbin:app"]

# The proxy. Files beside the jar, application.properties, jvm.options and routes/, can be replaced by mounting others there.
FROM eclipse-temurin:25-jre AS proxy
RUN useradd --system --no-create-home proxy
WORKDIR /proxy
COPY --from=build /build/target/camel-reverse-proxy.jar ./
COPY application.properties jvm.options ./
COPY routes ./routes
USER proxy
EXPOSE 65535
# The proxy answers TRACE itself, so its health does not depend on an upstream's.
HEALTHCHECK --interval=5s --timeout=2s --start-period=20s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${PROXY_PORT:-65535} && printf 'TRACE / HTTP/1.0\\r\\n\\r\\n' >&3 && read -r -t 1 line <&3 && [[ $line == *405* ]]"]
ENTRYPOINT ["java", "@jvm.options", "--sun-misc-unsafe-memory-access=allow", "-jar", "camel-reverse-proxy.jar"]
