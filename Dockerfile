# One static binary in an empty image: no shell, no package, no user but a number. docker build --tag hub .
# The same commands make the static binary without Docker.

FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends musl-tools && rm -rf /var/lib/apt/lists/*
RUN rustup target add "$(uname -m)-unknown-linux-musl"
WORKDIR /build
COPY .cargo/config.toml .cargo/config.toml
COPY Cargo.toml Cargo.lock ./
COPY benches benches
COPY migrations migrations
COPY src src
COPY static static
COPY templates templates
RUN cargo build --release --locked --bin hub --target "$(uname -m)-unknown-linux-musl" \
    && install -D -m 0755 "target/$(uname -m)-unknown-linux-musl/release/hub" /image/hub \
    && install -d -m 0700 /image/var/lib/hub

FROM scratch
COPY --from=build /image/hub /hub
# Its owner is the image's user, and so is a new volume's. Copied with what is above it, for a directory that is named itself does not keep its mode.
COPY --from=build --chown=65532:65532 /image/var /var
USER 65532:65532
# There is no other place for temporary files: without one SQLite takes no writes.
ENV HUB_BIND=0.0.0.0:8000 HUB_DATA_DIR=/var/lib/hub TMPDIR=/var/lib/hub
VOLUME ["/var/lib/hub"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["/hub", "healthcheck"]
ENTRYPOINT ["/hub"]
CMD ["serve"]
