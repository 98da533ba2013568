"""The Kafka sink: one idempotent librdkafka producer, acknowledged by all in-sync replicas."""
