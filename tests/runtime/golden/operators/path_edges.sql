-- path edges, live
WITH `_path` AS (
SELECT `id`, `user_id`, `page`, `ts`, `_order`, `_at`, CASE WHEN ARRAY_POSITION(ARRAY_SORT(`_all`), `_order`) > 1 THEN ARRAY_SORT(`_all`)[ARRAY_POSITION(ARRAY_SORT(`_all`), `_order`) - 1] WHEN `_below` < `_top` THEN `_below` END AS `_previous` FROM (
SELECT MIN(`_row_before`) OVER (PARTITION BY `user_id` ORDER BY `ts` RANGE BETWEEN INTERVAL '000 00:00:00.000' DAY(3) TO SECOND(3) PRECEDING AND CURRENT ROW) AS `_below`, t.* FROM (
SELECT CASE WHEN COUNT(*) OVER (PARTITION BY `user_id` ORDER BY `ts` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) > 1 THEN MIN(`_top`) OVER (PARTITION BY `user_id` ORDER BY `ts` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) END AS `_row_before`, t.* FROM (
SELECT MAX(`_order`) OVER (PARTITION BY `user_id` ORDER BY `ts` RANGE BETWEEN INTERVAL '000 00:00:00.000' DAY(3) TO SECOND(3) PRECEDING AND CURRENT ROW) AS `_top`, ARRAY_AGG(`_order`) OVER (PARTITION BY `user_id` ORDER BY `ts` RANGE BETWEEN INTERVAL '000 00:00:00.000' DAY(3) TO SECOND(3) PRECEDING AND CURRENT ROW) AS `_all`, t.* FROM (
SELECT CAST(`ts` AS STRING) || COALESCE('+' || HEX(`id`) || ' ', '!') || '|' AS `_order`, CAST(`ts` AS TIMESTAMP(3)) AS `_at`, t.* FROM `walk` AS t
) AS t
) AS t
) AS t
)
)
SELECT l.`id`, l.`user_id`, l.`page`, l.`ts`, r.`page` AS `next_page`, (EXTRACT(EPOCH FROM r.`_at`) * 1000 + EXTRACT(MILLISECOND FROM r.`_at`)) - (EXTRACT(EPOCH FROM l.`_at`) * 1000 + EXTRACT(MILLISECOND FROM l.`_at`)) AS `dwell_ms`, COALESCE(SUBSTRING(l.`_previous`, 1, 23) <= CAST(CAST(l.`ts` AS TIMESTAMP(3)) - INTERVAL '000 00:00:30.000' DAY(3) TO SECOND(3) AS STRING), TRUE) AS `is_entry`, r.`_previous` IS NULL AS `is_exit`
FROM `_path` AS l LEFT JOIN `_path` AS r
ON l.`_order` = r.`_previous` AND r.`ts` BETWEEN l.`ts` AND l.`ts` + INTERVAL '000 00:00:29.999' DAY(3) TO SECOND(3);

-- path edges, batch
WITH `_path` AS (
SELECT `id`, `user_id`, `page`, `ts`, `_order`, `_at`, CASE WHEN ARRAY_POSITION(ARRAY_SORT(`_all`), `_order`) > 1 THEN ARRAY_SORT(`_all`)[ARRAY_POSITION(ARRAY_SORT(`_all`), `_order`) - 1] WHEN `_below` < `_top` THEN `_below` END AS `_previous` FROM (
SELECT MIN(`_row_before`) OVER (PARTITION BY `user_id` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) RANGE BETWEEN 0 PRECEDING AND CURRENT ROW) AS `_below`, t.* FROM (
SELECT CASE WHEN COUNT(*) OVER (PARTITION BY `user_id` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) > 1 THEN MIN(`_top`) OVER (PARTITION BY `user_id` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) END AS `_row_before`, t.* FROM (
SELECT MAX(`_order`) OVER (PARTITION BY `user_id` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) RANGE BETWEEN 0 PRECEDING AND CURRENT ROW) AS `_top`, ARRAY_AGG(`_order`) OVER (PARTITION BY `user_id` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) RANGE BETWEEN 0 PRECEDING AND CURRENT ROW) AS `_all`, t.* FROM (
SELECT CAST(`ts` AS STRING) || COALESCE('+' || HEX(`id`) || ' ', '!') || '|' AS `_order`, CAST(`ts` AS TIMESTAMP(3)) AS `_at`, t.* FROM `walk` AS t
) AS t
) AS t
) AS t
)
)
SELECT l.`id`, l.`user_id`, l.`page`, l.`ts`, r.`page` AS `next_page`, (EXTRACT(EPOCH FROM r.`_at`) * 1000 + EXTRACT(MILLISECOND FROM r.`_at`)) - (EXTRACT(EPOCH FROM l.`_at`) * 1000 + EXTRACT(MILLISECOND FROM l.`_at`)) AS `dwell_ms`, COALESCE(SUBSTRING(l.`_previous`, 1, 23) <= CAST(CAST(l.`ts` AS TIMESTAMP(3)) - INTERVAL '000 00:00:30.000' DAY(3) TO SECOND(3) AS STRING), TRUE) AS `is_entry`, r.`_previous` IS NULL AS `is_exit`
FROM `_path` AS l LEFT JOIN `_path` AS r
ON l.`_order` = r.`_previous` AND r.`ts` BETWEEN l.`ts` AND l.`ts` + INTERVAL '000 00:00:29.999' DAY(3) TO SECOND(3);
