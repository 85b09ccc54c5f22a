# Not run by CI: it is written to be right, and tried by hand.
#
#   docker build -t proxyd .
#   docker run --rm -p 8080:8080 -p 6380:6380 -e PASSWORD=… -e REDIS_HOST=redis proxyd
FROM swift:6.2-bookworm AS build
WORKDIR /proxyd
COPY . .
RUN scripts/build-static.sh && strip .build/static/release/proxyd

FROM debian:bookworm-slim
RUN apt-get update -q \
 && apt-get install -qy --no-install-recommends libgcc-s1 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /proxyd/.build/static/release/proxyd /usr/bin/proxyd
USER 65534:65534
# Within a container everybody comes from elsewhere: without a PASSWORD, proxyd serves nobody there unless
# PROTECTED_MODE=no says that the network around it is trusted.
ENV HTTP_HOST=0.0.0.0 RESP_HOST=0.0.0.0
EXPOSE 8080 6380
STOPSIGNAL SIGTERM
# Asks the port for operators (ADMIN_PORT, ADMIN_HOST, PASSWORD are taken from the environment).
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/usr/bin/proxyd", "top", "--once"]
ENTRYPOINT ["/usr/bin/proxyd"]
