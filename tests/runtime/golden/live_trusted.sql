CREATE TABLE `SOURCE_clicks` (
  `event_id` BIGINT,
  `user_id` BIGINT,
  `behaviour` STRING,
  `price` DECIMAL(18,2),
  `ts` TIMESTAMP_LTZ(9),
  `_known_at` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `_partition` INT METADATA FROM 'partition' VIRTUAL,
  `_offset` BIGINT METADATA FROM 'offset' VIRTUAL,
  `_arrival` AS PROCTIME(),
  `_time` AS IFNULL(CAST(`ts` AS TIMESTAMP(3)), TIMESTAMP '1970-01-01 00:00:00.000'),
  WATERMARK FOR `_time` AS CASE WHEN `ts` <= `_known_at` + INTERVAL '000 01:00:00.000' DAY(3) TO SECOND(3) THEN `_time` - INTERVAL '000 00:00:10.000' DAY(3) TO SECOND(3) END
) WITH (
  'connector' = 'kafka',
  'topic' = 'clicks_history;clicks',
  'properties.bootstrap.servers' = '127.0.0.1:9',
  'properties.isolation.level' = 'read_committed',
  'properties.commit.offsets.on.checkpoint' = 'false',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'scan.startup.mode' = 'timestamp',
  'scan.startup.timestamp-millis' = '1511564400000',
  'scan.watermark.idle-timeout' = '5000 ms',
  'value.json.timestamp-format.standard' = 'ISO-8601',
  'value.json.ignore-parse-errors' = 'true'
);

CREATE VIEW `clicks` AS
SELECT `event_id`, `user_id`, `behaviour`, `price`, `ts` FROM (
SELECT ROW_NUMBER() OVER (PARTITION BY `event_id` ORDER BY `_arrival`) AS `_copy`, r.* FROM (
SELECT `event_id`, `user_id`, `behaviour`, `price`, `_time` AS `ts`, `_arrival`
FROM `SOURCE_clicks`
WHERE `event_id` IS NOT NULL AND `user_id` IS NOT NULL AND `behaviour` IS NOT NULL AND `behaviour` IN ('view', 'cart', 'order') AND `ts` <= `_known_at` + INTERVAL '000 01:00:00.000' DAY(3) TO SECOND(3) AND `_time` >= TIMESTAMP '2017-11-24 00:00:00.000'
) r
) WHERE `_copy` = 1;

CREATE VIEW `counted` AS
SELECT COUNT(*) OVER (PARTITION BY `user_id` ORDER BY `ts` RANGE BETWEEN INTERVAL '000 00:59:59.999' DAY(3) TO SECOND(3) PRECEDING AND CURRENT ROW) AS `n`, SUM(`price`) OVER (PARTITION BY `user_id` ORDER BY `ts` RANGE BETWEEN INTERVAL '000 00:59:59.999' DAY(3) TO SECOND(3) PRECEDING AND CURRENT ROW) AS `spent`, t.* FROM `clicks` t;

CREATE VIEW `hourly` AS
SELECT `user_id`, COUNT(*) AS `n`, `window_time` AS `ts` FROM TABLE(TUMBLE(TABLE `clicks`, DESCRIPTOR(`ts`), INTERVAL '1' HOUR)) GROUP BY `user_id`, `window_start`, `window_end`, `window_time`;

CREATE VIEW `paired` AS
SELECT a.`event_id`, b.`event_id` AS `next_id`, a.`ts` FROM (SELECT * FROM `clicks` WHERE `behaviour` = 'view') a LEFT JOIN (SELECT * FROM `clicks` WHERE `behaviour` = 'order') b ON a.`user_id` = b.`user_id` AND b.`ts` BETWEEN a.`ts` AND a.`ts` + INTERVAL '000 00:29:59.999' DAY(3) TO SECOND(3);

CREATE TABLE `SINK_counts` (
  `event_id` BIGINT,
  `user_id` BIGINT,
  `n` BIGINT,
  `spent` DECIMAL(38,2),
  `ts` TIMESTAMP(3),
  `day` STRING
) PARTITIONED BY (`day`) WITH (
  'connector' = 'filesystem',
  'format' = 'parquet',
  'parquet.compression' = 'SNAPPY',
  'parquet.utc-timezone' = 'true',
  'parquet.write.int64.timestamp' = 'true',
  'parquet.timestamp.time.unit' = 'micros',
  'partition.default-name' = '__HIVE_DEFAULT_PARTITION__',
  'path' = 'file:///lake/counts'
);

CREATE TABLE `SINK_hours` (
  `user_id` BIGINT,
  `n` BIGINT,
  `ts` TIMESTAMP(3),
  `hour` STRING
) PARTITIONED BY (`hour`) WITH (
  'connector' = 'filesystem',
  'format' = 'parquet',
  'parquet.compression' = 'SNAPPY',
  'parquet.utc-timezone' = 'true',
  'parquet.write.int64.timestamp' = 'true',
  'parquet.timestamp.time.unit' = 'micros',
  'partition.default-name' = '__HIVE_DEFAULT_PARTITION__',
  'path' = 'file:///lake/hours'
);

CREATE TABLE `SINK_pairs` (
  `event_id` BIGINT,
  `next_id` BIGINT,
  `ts` TIMESTAMP(3),
  `day` STRING
) PARTITIONED BY (`day`) WITH (
  'connector' = 'filesystem',
  'format' = 'parquet',
  'parquet.compression' = 'SNAPPY',
  'parquet.utc-timezone' = 'true',
  'parquet.write.int64.timestamp' = 'true',
  'parquet.timestamp.time.unit' = 'micros',
  'partition.default-name' = '__HIVE_DEFAULT_PARTITION__',
  'path' = 'file:///lake/pairs'
);

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `SINK_counts`
SELECT `event_id`, `user_id`, `n`, `spent`, `ts`, DATE_FORMAT(`ts`, 'yyyy-MM-dd') AS `day`
FROM `counted`
WHERE `ts` >= TIMESTAMP '2017-11-25 00:00:00.000';
INSERT INTO `SINK_hours`
SELECT `user_id`, `n`, `ts`, DATE_FORMAT(`ts`, 'yyyy-MM-dd''T''HH') AS `hour`
FROM `hourly`
WHERE `ts` >= TIMESTAMP '2017-11-25 00:00:00.000';
INSERT INTO `SINK_pairs`
SELECT `event_id`, `next_id`, `ts`, DATE_FORMAT(`ts`, 'yyyy-MM-dd') AS `day`
FROM `paired`
WHERE `ts` >= TIMESTAMP '2017-11-25 00:00:00.000';
END;
