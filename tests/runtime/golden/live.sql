CREATE TABLE `SOURCE_clicks` (
  `_raw` STRING,
  `_known_at` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `_partition` INT METADATA FROM 'partition' VIRTUAL,
  `_offset` BIGINT METADATA FROM 'offset' VIRTUAL,
  `_topic` STRING METADATA FROM 'topic' VIRTUAL,
  `_arrival` AS PROCTIME(),
  `ts` AS IFNULL(CAST(TRY_CAST(SUBSTRING(JSON_VALUE(`_raw`, '$.ts'), 1, 10) AS DATE) AS TIMESTAMP(3)) + (TRY_CAST(REPLACE(SUBSTRING(JSON_VALUE(`_raw`, '$.ts'), 12, 12), 'Z', '') AS TIME(3)) - TIME '00:00:00') DAY TO SECOND(3), TIMESTAMP '1970-01-01 00:00:00.000'),
  WATERMARK FOR `ts` AS CASE WHEN `ts` <= `_known_at` + INTERVAL '000 01:00:00.000' DAY(3) TO SECOND(3) THEN `ts` - INTERVAL '000 00:00:10.000' DAY(3) TO SECOND(3) END
) WITH (
  'connector' = 'kafka',
  'topic' = 'clicks_history;clicks',
  'properties.bootstrap.servers' = '127.0.0.1:9',
  'properties.isolation.level' = 'read_committed',
  'properties.commit.offsets.on.checkpoint' = 'false',
  'value.format' = 'raw',
  'value.fields-include' = 'ALL',
  'scan.startup.mode' = 'timestamp',
  'scan.startup.timestamp-millis' = '1511564400000',
  'scan.watermark.idle-timeout' = '5000 ms'
);

CREATE VIEW `RECORDS_clicks` AS
SELECT `_raw`, CAST(`_known_at` AS TIMESTAMP(3)) AS `_known_at`, `_partition`, `_offset`, `_topic`, `_arrival`, `ts`
FROM `SOURCE_clicks`;

CREATE VIEW `clicks` AS
SELECT `event_id`, `user_id`, `behaviour`, `price`, `ts` FROM (
SELECT ROW_NUMBER() OVER (PARTITION BY `event_id` ORDER BY `_arrival`) AS `_copy`, r.* FROM (
SELECT * FROM (
SELECT `_known_at`, `_raw`, `_arrival`, `ts`, `event_id`, `user_id`, `behaviour`, `price`, `_time`, CASE WHEN (CASE WHEN `_text_event_id` IS NOT NULL AND SUBSTRING(`_raw`, 1, 1) = '{' AND POSITION('}' IN `_raw`) = CHAR_LENGTH(`_raw`) THEN TRUE ELSE REGEXP(`_raw`, '^\s*[{]') AND JSON_VALUE(CONCAT('[', `_raw`, ',"end of record"]'), '$[1]') = 'end of record' END) IS NOT TRUE THEN 'not_json:' WHEN `_text_event_id` IS NULL AND JSON_QUERY(`_raw`, '$.event_id') IS NOT NULL THEN 'wrong_type:event_id' WHEN `_text_event_id` IS NULL THEN 'missing:event_id' WHEN `event_id` IS NULL AND REGEXP(`_text_event_id`, '^[+-]?[0-9]+$') THEN 'out_of_range:event_id' WHEN `event_id` IS NULL AND `_text_event_id` IS NOT NULL THEN 'wrong_type:event_id' WHEN `_text_user_id` IS NULL AND JSON_QUERY(`_raw`, '$.user_id') IS NOT NULL THEN 'wrong_type:user_id' WHEN `_text_user_id` IS NULL THEN 'missing:user_id' WHEN `user_id` IS NULL AND REGEXP(`_text_user_id`, '^[+-]?[0-9]+$') THEN 'out_of_range:user_id' WHEN `user_id` IS NULL AND `_text_user_id` IS NOT NULL THEN 'wrong_type:user_id' WHEN `_text_behaviour` IS NULL AND JSON_QUERY(`_raw`, '$.behaviour') IS NOT NULL THEN 'wrong_type:behaviour' WHEN `_text_behaviour` IS NULL THEN 'missing:behaviour' WHEN `_text_behaviour` NOT IN ('view', 'cart', 'order') THEN 'not_allowed:behaviour' WHEN `_text_price` IS NULL AND JSON_QUERY(`_raw`, '$.price') IS NOT NULL THEN 'wrong_type:price' WHEN `price` IS NULL AND REGEXP(`_text_price`, '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$') THEN 'out_of_range:price' WHEN `price` IS NULL AND `_text_price` IS NOT NULL THEN 'wrong_type:price' WHEN `_text_ts` IS NULL AND JSON_QUERY(`_raw`, '$.ts') IS NOT NULL THEN 'wrong_type:ts' WHEN `_text_ts` IS NULL THEN 'missing:ts' WHEN `_time` IS NULL AND `_text_ts` IS NOT NULL THEN 'wrong_type:ts' WHEN `_time` > `_known_at` + INTERVAL '000 01:00:00.000' DAY(3) TO SECOND(3) THEN 'too_far_ahead:ts' END AS `_problem` FROM (
SELECT `_known_at`, `_raw`, `_arrival`, `ts`, `_text_event_id`, `_text_user_id`, `_text_behaviour`, `_text_price`, `_text_ts`, CASE WHEN RAND() >= 0 THEN CASE WHEN REGEXP(`_text_event_id`, '^[+-]?[0-9]+$') THEN TRY_CAST(`_text_event_id` AS BIGINT) END END AS `event_id`, CASE WHEN RAND() >= 0 THEN CASE WHEN REGEXP(`_text_user_id`, '^[+-]?[0-9]+$') THEN TRY_CAST(`_text_user_id` AS BIGINT) END END AS `user_id`, CASE WHEN RAND() >= 0 THEN `_text_behaviour` END AS `behaviour`, CASE WHEN RAND() >= 0 THEN CASE WHEN REGEXP(`_text_price`, '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$') THEN TRY_CAST(`_text_price` AS DECIMAL(18,2)) END END AS `price`, CASE WHEN RAND() >= 0 THEN CASE WHEN REGEXP(`_text_ts`, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?Z?$') AND SUBSTRING(CAST(`ts` AS STRING), 1, 10) = SUBSTRING(`_text_ts`, 1, 10) THEN CAST(`ts` AS TIMESTAMP(3)) END END AS `_time` FROM (
SELECT `_known_at`, `_raw`, `_arrival`, `ts`, CASE WHEN RAND() >= 0 THEN JSON_VALUE(`_raw`, '$.event_id') END AS `_text_event_id`, CASE WHEN RAND() >= 0 THEN JSON_VALUE(`_raw`, '$.user_id') END AS `_text_user_id`, CASE WHEN RAND() >= 0 THEN JSON_VALUE(`_raw`, '$.behaviour') END AS `_text_behaviour`, CASE WHEN RAND() >= 0 THEN JSON_VALUE(`_raw`, '$.price') END AS `_text_price`, CASE WHEN RAND() >= 0 THEN JSON_VALUE(`_raw`, '$.ts') END AS `_text_ts`
FROM `RECORDS_clicks`
)
)
)
WHERE `_problem` IS NULL AND `_time` >= TIMESTAMP '2017-11-24 00:00:00.000'
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
