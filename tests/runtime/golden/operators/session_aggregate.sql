-- visits, live
WITH `_visits` AS (
SELECT COUNT(`_of_rows`) OVER (PARTITION BY `_visit` ORDER BY `ts` RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `_rows`, COUNT(`_of_pages`) OVER (PARTITION BY `_visit` ORDER BY `ts` RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `_pages`, MAX(`_of_exit`) OVER (PARTITION BY `_visit` ORDER BY `ts` RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `_exit`, MIN(`_of_least`) OVER (PARTITION BY `_visit` ORDER BY `ts` RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `_least`, COUNT(`_of_homes`) OVER (PARTITION BY `_visit` ORDER BY `ts` RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `_homes`, t.* FROM (
SELECT 1 AS `_of_rows`, `page` AS `_of_pages`, CAST(`ts` AS STRING) || '|' || CAST(`page` AS STRING) AS `_of_exit`, `id` AS `_of_least`, CASE WHEN (`page` = 'home') THEN 1 END AS `_of_homes`, COALESCE('+' || LPAD(CAST(CAST(`user_id` AS DECIMAL(20, 0)) + CAST('10000000000000000000' AS DECIMAL(20, 0)) AS STRING), 20, '0'), '!') AS `_who`, COALESCE('+' || LPAD(CAST(CAST(`user_id` AS DECIMAL(20, 0)) + CAST('10000000000000000000' AS DECIMAL(20, 0)) AS STRING), 20, '0'), '!') || CAST(`session_start` AS STRING) AS `_visit`, CAST(`ts` AS TIMESTAMP(3)) AS `_at`, t.* FROM (
SELECT MAX(`_begins`) OVER (PARTITION BY `user_id` ORDER BY `ts` RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `session_start`, COUNT(`_begins`) OVER (PARTITION BY `user_id` ORDER BY `ts` RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `session_number`, t.* FROM (
SELECT CASE WHEN `_before` IS NULL OR `_before` <= CAST(`ts` AS TIMESTAMP(3)) - INTERVAL '000 00:00:30.000' DAY(3) TO SECOND(3) THEN CAST(`ts` AS TIMESTAMP(3)) END AS `_begins`, t.* FROM (
SELECT CASE WHEN COUNT(*) OVER (PARTITION BY `user_id` ORDER BY `ts` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) > 1 THEN MIN(CAST(`ts` AS TIMESTAMP(3))) OVER (PARTITION BY `user_id` ORDER BY `ts` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) END AS `_before`, t.* FROM `walk` AS t
) AS t
) AS t
) AS t
) AS t
)
SELECT l.`user_id`, l.`session_start`, l.`session_end` AS `session_end`, CAST(l.`_rows` AS BIGINT) AS `rows`, CAST(l.`_pages` AS BIGINT) AS `pages`, SUBSTRING(l.`_exit`, 25) AS `exit`, CAST(l.`_least` AS STRING) AS `least`, CAST(l.`_homes` AS BIGINT) AS `homes`
FROM (SELECT `user_id`, `session_start`, `_who`, `_at`, `_rows`, `_pages`, `_exit`, `_least`, `_homes`, `ts` AS `session_end` FROM `_visits` WHERE `_before` IS NULL OR `_before` < `_at`) AS l
LEFT JOIN (SELECT `_who`, `_before`, `ts` AS `_next` FROM `_visits` WHERE `_before` < `_at`) AS r
ON l.`_who` = r.`_who` AND l.`_at` = r.`_before` AND r.`_next` BETWEEN l.`session_end` AND l.`session_end` + INTERVAL '000 00:00:29.999' DAY(3) TO SECOND(3)
WHERE r.`_who` IS NULL;

-- visits, batch
WITH `_visits` AS (
SELECT COUNT(`_of_rows`) OVER (PARTITION BY `_visit` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `_rows`, COUNT(`_of_pages`) OVER (PARTITION BY `_visit` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `_pages`, MAX(`_of_exit`) OVER (PARTITION BY `_visit` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `_exit`, MIN(`_of_least`) OVER (PARTITION BY `_visit` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `_least`, COUNT(`_of_homes`) OVER (PARTITION BY `_visit` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `_homes`, t.* FROM (
SELECT 1 AS `_of_rows`, `page` AS `_of_pages`, CAST(`ts` AS STRING) || '|' || CAST(`page` AS STRING) AS `_of_exit`, `id` AS `_of_least`, CASE WHEN (`page` = 'home') THEN 1 END AS `_of_homes`, COALESCE('+' || LPAD(CAST(CAST(`user_id` AS DECIMAL(20, 0)) + CAST('10000000000000000000' AS DECIMAL(20, 0)) AS STRING), 20, '0'), '!') AS `_who`, COALESCE('+' || LPAD(CAST(CAST(`user_id` AS DECIMAL(20, 0)) + CAST('10000000000000000000' AS DECIMAL(20, 0)) AS STRING), 20, '0'), '!') || CAST(`session_start` AS STRING) AS `_visit`, CAST(`ts` AS TIMESTAMP(3)) AS `_at`, t.* FROM (
SELECT MAX(`_begins`) OVER (PARTITION BY `user_id` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `session_start`, COUNT(`_begins`) OVER (PARTITION BY `user_id` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `session_number`, t.* FROM (
SELECT CASE WHEN `_before` IS NULL OR `_before` <= CAST(`ts` AS TIMESTAMP(3)) - INTERVAL '000 00:00:30.000' DAY(3) TO SECOND(3) THEN CAST(`ts` AS TIMESTAMP(3)) END AS `_begins`, t.* FROM (
SELECT CASE WHEN COUNT(*) OVER (PARTITION BY `user_id` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) > 1 THEN MIN(CAST(`ts` AS TIMESTAMP(3))) OVER (PARTITION BY `user_id` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) END AS `_before`, t.* FROM `walk` AS t
) AS t
) AS t
) AS t
) AS t
)
SELECT l.`user_id`, l.`session_start`, l.`session_end` AS `session_end`, CAST(l.`_rows` AS BIGINT) AS `rows`, CAST(l.`_pages` AS BIGINT) AS `pages`, SUBSTRING(l.`_exit`, 25) AS `exit`, CAST(l.`_least` AS STRING) AS `least`, CAST(l.`_homes` AS BIGINT) AS `homes`
FROM (SELECT `user_id`, `session_start`, `_who`, `_at`, `_rows`, `_pages`, `_exit`, `_least`, `_homes`, `ts` AS `session_end` FROM `_visits` WHERE `_before` IS NULL OR `_before` < `_at`) AS l
LEFT JOIN (SELECT `_who`, `_before`, `ts` AS `_next` FROM `_visits` WHERE `_before` < `_at`) AS r
ON l.`_who` = r.`_who` AND l.`_at` = r.`_before` AND r.`_next` BETWEEN l.`session_end` AND l.`session_end` + INTERVAL '000 00:00:29.999' DAY(3) TO SECOND(3)
WHERE r.`_who` IS NULL;
