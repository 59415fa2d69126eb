CREATE TABLE `SOURCE_clicks` (
  `event_id` BIGINT,
  `user_id` BIGINT,
  `behaviour` STRING,
  `price` DECIMAL(18,2),
  `ts` TIMESTAMP(6)
) WITH (
  'connector' = 'filesystem',
  'format' = 'parquet',
  'parquet.utc-timezone' = 'true',
  'path' = 'file:///lake'
);

CREATE VIEW `clicks` AS
SELECT `event_id`, `user_id`, `behaviour`, `price`, CAST(`ts` AS TIMESTAMP(3)) AS `ts`
FROM `SOURCE_clicks`
WHERE `ts` >= TIMESTAMP '2017-11-24 00:00:00.000' AND `ts` < TIMESTAMP '2017-11-27 00:00:00.000';

CREATE VIEW `counted` AS
SELECT COUNT(*) OVER (PARTITION BY `user_id` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) RANGE BETWEEN 3599999 PRECEDING AND CURRENT ROW) AS `n`, SUM(`price`) OVER (PARTITION BY `user_id` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) RANGE BETWEEN 3599999 PRECEDING AND CURRENT ROW) AS `spent`, t.* FROM `clicks` t;

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
INSERT INTO `SINK_counts` PARTITION (`day` = '2017-11-25')
SELECT `event_id`, `user_id`, `n`, `spent`, `ts`
FROM `counted`
WHERE `ts` >= TIMESTAMP '2017-11-25 00:00:00.000' AND `ts` < TIMESTAMP '2017-11-26 00:00:00.000';
INSERT INTO `SINK_hours`
SELECT `user_id`, `n`, `ts`, DATE_FORMAT(`ts`, 'yyyy-MM-dd''T''HH') AS `hour`
FROM `hourly`
WHERE `ts` >= TIMESTAMP '2017-11-25 00:00:00.000' AND `ts` < TIMESTAMP '2017-11-26 00:00:00.000';
INSERT INTO `SINK_pairs` PARTITION (`day` = '2017-11-25')
SELECT `event_id`, `next_id`, `ts`
FROM `paired`
WHERE `ts` >= TIMESTAMP '2017-11-25 00:00:00.000' AND `ts` < TIMESTAMP '2017-11-26 00:00:00.000';
END;
