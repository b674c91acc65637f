# syntax=docker/dockerfile:1

# The jar.
FROM maven:3.9-eclipse-temurin-25 AS build
WORKDIR /build
COPY pom.xml application.properties jvm.options ./
COPY src ./src
COPY routes ./routes
COPY deploy ./deploy
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
WORKDIR /proxy
COPY --from=build /build/target/camel-reverse-proxy.jar ./
COPY application.properties jvm.options ./
COPY routes ./routes
COPY deploy/train ./deploy/train
# A quicker start; the archive is good for this jar and this JVM alone, so it is made here.
RUN bash deploy/train camel-reverse-proxy.jar
# By number, so that Kubernetes sees that it is not root.
USER 10001:10001
EXPOSE 65535 9876
# Ready to take requests. There is no curl in the image.
HEALTHCHECK --interval=5s --timeout=2s --start-period=20s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${PROXY_OBSERVE_PORT:-9876} && printf 'GET /observe/health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -r -t 1 line <&3 && [[ $line == *' 200 '* ]]"]
ENTRYPOINT ["java", "@jvm.options", "-XX:AOTCache=camel-reverse-proxy.aot", "--sun-misc-unsafe-memory-access=allow", "-jar", "camel-reverse-proxy.jar"]
