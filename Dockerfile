# syntax=docker/dockerfile:1
#
# EventGate as a Lambda image, with a Kafka client that can log in by Kerberos (GSSAPI): the wheel's cannot.
#
#   docker build --platform linux/arm64 -t eventgate .
#   docker build --platform linux/amd64 -t eventgate .
#
# With certificates to trust (PEM) and what Kerberos needs (krb5.conf, keytab), both folders of the build's context:
#
#   docker build --build-arg TRUSTED_SSL_CERTS=./my_certs --build-arg SASL_SSL_ARTIFACTS=./my_kerberos -t eventgate .
#
# In a closed network: --build-arg BASE_IMAGE=... and LIBRDKAFKA_URL=... name copies of your own, and
# --secret id=pip,src=pip.conf tells pip where packages come from.

ARG BASE_IMAGE=public.ecr.aws/lambda/python:3.13

FROM ${BASE_IMAGE} AS build
ARG TRUSTED_SSL_CERTS=./trusted_certs
# The version of confluent-kafka in the lock: the two belong together.
ARG LIBRDKAFKA_VERSION=2.16.1
ARG LIBRDKAFKA_URL=https://github.com/confluentinc/librdkafka/archive/refs/tags/v${LIBRDKAFKA_VERSION}.tar.gz
# Checked where it is given.
ARG LIBRDKAFKA_SHA256=

# The star lets a folder be absent; LICENSE is there so that something is copied at all.
COPY LICENSE ${TRUSTED_SSL_CERTS}* /opt/certs/
RUN for file in /opt/certs/*.pem /opt/certs/*.crt; do \
      [ -e "$file" ] || continue; \
      cat "$file" >> /etc/pki/tls/certs/ca-bundle.crt; \
    done
# The base's repository is its version's: it has one of each package.
# hadolint ignore=DL3041
RUN dnf install -y cyrus-sasl-devel gcc gcc-c++ gzip make openssl-devel tar which zlib-devel && dnf clean all

WORKDIR /build/librdkafka
# What is piped is a line of text that cannot fail.
# hadolint ignore=DL4006
RUN curl --fail --silent --show-error --location --output source.tar.gz "$LIBRDKAFKA_URL" && \
    if [ -n "$LIBRDKAFKA_SHA256" ]; then echo "$LIBRDKAFKA_SHA256  source.tar.gz" | sha256sum --check; fi && \
    tar --extract --gzip --strip-components=1 --file source.tar.gz && \
    ./configure --prefix=/usr/local --libdir=/usr/local/lib --disable-lz4-ext && \
    make -j"$(nproc)" && make install

COPY requirements/runtime.txt /build/
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    C_INCLUDE_PATH=/usr/local/include LIBRARY_PATH=/usr/local/lib \
    pip install --no-cache-dir --require-hashes --no-deps --no-binary confluent-kafka \
      --target "${LAMBDA_TASK_ROOT}" --requirement /build/runtime.txt

COPY src/eventgate ${LAMBDA_TASK_ROOT}/eventgate
COPY src/event_gate_lambda.py ${LAMBDA_TASK_ROOT}/event_gate_lambda.py
COPY src/event_gate_lambda.py ${LAMBDA_TASK_ROOT}/src/event_gate_lambda.py
COPY conf ${LAMBDA_TASK_ROOT}/conf
# What is in the image beyond its base, with licences (CycloneDX).
RUN PYTHONPATH="${LAMBDA_TASK_ROOT}" python -m eventgate.package.sbom "${LAMBDA_TASK_ROOT}" \
      "librdkafka==${LIBRDKAFKA_VERSION}=BSD-2-Clause" > /build/sbom.json && \
    mv /build/sbom.json "${LAMBDA_TASK_ROOT}/eventgate-sbom.cdx.json"
# Bytecode halves a cold start. Some libraries ship templates that are no Python, hence "or true".
RUN python -m compileall -q --invalidation-mode unchecked-hash "${LAMBDA_TASK_ROOT}" || true

FROM ${BASE_IMAGE}
ARG TRUSTED_SSL_CERTS=./trusted_certs
ARG SASL_SSL_ARTIFACTS=./sasl_ssl_artifacts

COPY LICENSE ${TRUSTED_SSL_CERTS}* /opt/certs/
COPY LICENSE ${SASL_SSL_ARTIFACTS}* /opt/sasl_ssl_artifacts/
COPY --from=build /etc/pki/tls/certs/ca-bundle.crt /etc/pki/tls/certs/ca-bundle.crt
# hadolint ignore=DL3041
RUN dnf install -y cyrus-sasl-gssapi krb5-workstation && dnf clean all && rm -rf /var/cache/dnf && \
    echo 'app:x:1000:1000::/home/app:/sbin/nologin' >> /etc/passwd && \
    echo 'app:x:1000:' >> /etc/group && \
    mkdir -p /home/app && chown 1000:1000 /home/app
COPY --from=build /usr/local/lib/librdkafka.so.1 /usr/local/lib/librdkafka.so.1
COPY --from=build ${LAMBDA_TASK_ROOT} ${LAMBDA_TASK_ROOT}

# Lambda has no keyring, and only /tmp can be written to. Of the two krb5.conf, either may be absent.
ENV LD_LIBRARY_PATH=${LD_LIBRARY_PATH}:/usr/local/lib \
    KRB5_CONFIG=/opt/sasl_ssl_artifacts/krb5.conf:/etc/krb5.conf \
    KRB5CCNAME=FILE:/tmp/krb5cc

USER 1000
CMD ["src.event_gate_lambda.lambda_handler"]
