"""The local platform: Kafka, Flink, PostgreSQL, Airflow and our own servers on loopback, under one supervisor."""
