CREATE TABLE `SOURCE_clicks` (
  `raw` STRING,
  `partition` INT,
  `offset` BIGINT,
  `known_at` TIMESTAMP(6)
) WITH (
  'connector' = 'filesystem',
  'format' = 'parquet',
  'parquet.utc-timezone' = 'true',
  'path' = 'file:///lake'
);

CREATE VIEW `RECORDS_clicks` AS
SELECT `raw` AS `_raw`, `partition` AS `_partition`, `offset` AS `_offset`, CAST(`known_at` AS TIMESTAMP(3)) AS `_known_at`, 'clicks' AS `_topic`
FROM `SOURCE_clicks`;

CREATE VIEW `JUDGED_clicks` AS
SELECT COUNT(*) OVER (PARTITION BY `event_id`, `_problem` ORDER BY `_known_at`, `_partition`, `_offset` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `_copy`, r.* FROM (
SELECT `_known_at`, `_partition`, `_offset`, `_topic`, `_raw`, `event_id`, `user_id`, `behaviour`, `price`, `_time`, CASE WHEN (CASE WHEN `_text_event_id` IS NOT NULL AND SUBSTRING(`_raw`, 1, 1) = '{' AND POSITION('}' IN `_raw`) = CHAR_LENGTH(`_raw`) THEN TRUE ELSE REGEXP(`_raw`, '^\s*[{]') AND JSON_VALUE(CONCAT('[', `_raw`, ',"end of record"]'), '$[1]') = 'end of record' END) IS NOT TRUE THEN 'not_json:' WHEN `_text_event_id` IS NULL AND JSON_QUERY(`_raw`, '$.event_id') IS NOT NULL THEN 'wrong_type:event_id' WHEN `_text_event_id` IS NULL THEN 'missing:event_id' WHEN `event_id` IS NULL AND REGEXP(`_text_event_id`, '^[+-]?[0-9]+$') THEN 'out_of_range:event_id' WHEN `event_id` IS NULL AND `_text_event_id` IS NOT NULL THEN 'wrong_type:event_id' WHEN `_text_user_id` IS NULL AND JSON_QUERY(`_raw`, '$.user_id') IS NOT NULL THEN 'wrong_type:user_id' WHEN `_text_user_id` IS NULL THEN 'missing:user_id' WHEN `user_id` IS NULL AND REGEXP(`_text_user_id`, '^[+-]?[0-9]+$') THEN 'out_of_range:user_id' WHEN `user_id` IS NULL AND `_text_user_id` IS NOT NULL THEN 'wrong_type:user_id' WHEN `_text_behaviour` IS NULL AND JSON_QUERY(`_raw`, '$.behaviour') IS NOT NULL THEN 'wrong_type:behaviour' WHEN `_text_behaviour` IS NULL THEN 'missing:behaviour' WHEN `_text_behaviour` NOT IN ('view', 'cart', 'order') THEN 'not_allowed:behaviour' WHEN `_text_price` IS NULL AND JSON_QUERY(`_raw`, '$.price') IS NOT NULL THEN 'wrong_type:price' WHEN `price` IS NULL AND REGEXP(`_text_price`, '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$') THEN 'out_of_range:price' WHEN `price` IS NULL AND `_text_price` IS NOT NULL THEN 'wrong_type:price' WHEN `_text_ts` IS NULL AND JSON_QUERY(`_raw`, '$.ts') IS NOT NULL THEN 'wrong_type:ts' WHEN `_text_ts` IS NULL THEN 'missing:ts' WHEN `_time` IS NULL AND `_text_ts` IS NOT NULL THEN 'wrong_type:ts' WHEN `_time` > `_known_at` + INTERVAL '000 01:00:00.000' DAY(3) TO SECOND(3) THEN 'too_far_ahead:ts' END AS `_problem` FROM (
SELECT `_known_at`, `_partition`, `_offset`, `_topic`, `_raw`, `_text_event_id`, `_text_user_id`, `_text_behaviour`, `_text_price`, `_text_ts`, CASE WHEN RAND() >= 0 THEN CASE WHEN REGEXP(`_text_event_id`, '^[+-]?[0-9]+$') THEN TRY_CAST(`_text_event_id` AS BIGINT) END END AS `event_id`, CASE WHEN RAND() >= 0 THEN CASE WHEN REGEXP(`_text_user_id`, '^[+-]?[0-9]+$') THEN TRY_CAST(`_text_user_id` AS BIGINT) END END AS `user_id`, CASE WHEN RAND() >= 0 THEN `_text_behaviour` END AS `behaviour`, CASE WHEN RAND() >= 0 THEN CASE WHEN REGEXP(`_text_price`, '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$') THEN TRY_CAST(`_text_price` AS DECIMAL(18,2)) END END AS `price`, CASE WHEN RAND() >= 0 THEN CASE WHEN REGEXP(`_text_ts`, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?Z?$') AND SUBSTRING(CAST(TRY_CAST(SUBSTRING(`_text_ts`, 1, 10) AS DATE) AS STRING), 1, 10) = SUBSTRING(`_text_ts`, 1, 10) THEN CAST(TRY_CAST(SUBSTRING(`_text_ts`, 1, 10) AS DATE) AS TIMESTAMP(3)) + (TRY_CAST(REPLACE(SUBSTRING(`_text_ts`, 12, 12), 'Z', '') AS TIME(3)) - TIME '00:00:00') DAY TO SECOND(3) END END AS `_time` FROM (
SELECT `_known_at`, `_partition`, `_offset`, `_topic`, `_raw`, CASE WHEN RAND() >= 0 THEN JSON_VALUE(`_raw`, '$.event_id') END AS `_text_event_id`, CASE WHEN RAND() >= 0 THEN JSON_VALUE(`_raw`, '$.user_id') END AS `_text_user_id`, CASE WHEN RAND() >= 0 THEN JSON_VALUE(`_raw`, '$.behaviour') END AS `_text_behaviour`, CASE WHEN RAND() >= 0 THEN JSON_VALUE(`_raw`, '$.price') END AS `_text_price`, CASE WHEN RAND() >= 0 THEN JSON_VALUE(`_raw`, '$.ts') END AS `_text_ts`
FROM `RECORDS_clicks`
)
)
) r;

CREATE TABLE `SINK_clicks` (
  `event_id` BIGINT,
  `user_id` BIGINT,
  `behaviour` STRING,
  `price` DECIMAL(18,2),
  `ts` TIMESTAMP(3),
  `_known_at` TIMESTAMP(3),
  `_partition` INT,
  `_offset` BIGINT,
  `day` STRING
) PARTITIONED BY (`day`) WITH (
  'connector' = 'filesystem',
  'format' = 'parquet',
  'parquet.compression' = 'SNAPPY',
  'parquet.utc-timezone' = 'true',
  'parquet.write.int64.timestamp' = 'true',
  'parquet.timestamp.time.unit' = 'micros',
  'partition.default-name' = '__HIVE_DEFAULT_PARTITION__',
  'path' = 'file:///lake/clicks'
);

CREATE TABLE `SINK_clicks_quarantine` (
  `reason` STRING,
  `field` STRING,
  `topic` STRING,
  `partition` INT,
  `offset` BIGINT,
  `raw` STRING,
  `known_at` TIMESTAMP(3),
  `day` STRING
) PARTITIONED BY (`day`) WITH (
  'connector' = 'filesystem',
  'format' = 'parquet',
  'parquet.compression' = 'SNAPPY',
  'parquet.utc-timezone' = 'true',
  'parquet.write.int64.timestamp' = 'true',
  'parquet.timestamp.time.unit' = 'micros',
  'partition.default-name' = '__HIVE_DEFAULT_PARTITION__',
  'path' = 'file:///lake/clicks_quarantine'
);

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `SINK_clicks`
SELECT `event_id`, `user_id`, `behaviour`, `price`, `_time`, `_known_at`, `_partition`, `_offset`, DATE_FORMAT(`_time`, 'yyyy-MM-dd') AS `day`
FROM `JUDGED_clicks`
WHERE `_problem` IS NULL AND `_copy` = 1;
INSERT INTO `SINK_clicks_quarantine`
SELECT SPLIT_INDEX(COALESCE(`_problem`, 'duplicate:'), ':', 0), SPLIT_INDEX(COALESCE(`_problem`, 'duplicate:'), ':', 1), `_topic`, `_partition`, `_offset`, `_raw`, `_known_at`, DATE_FORMAT(`_known_at`, 'yyyy-MM-dd') AS `day`
FROM `JUDGED_clicks`
WHERE `_problem` IS NOT NULL OR `_copy` > 1;
END;
