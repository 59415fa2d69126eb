-- label, live
SELECT `_l_id` AS `id`, `_l_user_id` AS `user_id`, `_l_item` AS `item`, `_l_score` AS `score`, `_l_ad` AS `ad`, `window_time` AS `ts`, `_0_label` > 0 AS `label`, CASE WHEN CHAR_LENGTH(`_0_item_then`) > POSITION('|' IN `_0_item_then`) THEN SUBSTRING(`_0_item_then`, POSITION('|' IN `_0_item_then`) + 2) END AS `item_then`, CASE WHEN CHAR_LENGTH(`_0_price`) > POSITION('|' IN `_0_price`) THEN CAST(SUBSTRING(`_0_price`, POSITION('|' IN `_0_price`) + 2) AS DECIMAL(8,2)) END AS `price`, CASE WHEN CHAR_LENGTH(`_0_when`) > POSITION('|' IN `_0_when`) THEN CAST(CAST(SUBSTRING(SUBSTRING(`_0_when`, POSITION('|' IN `_0_when`) + 2), 1, 10) AS DATE) AS TIMESTAMP(3)) + (CAST(SUBSTRING(SUBSTRING(`_0_when`, POSITION('|' IN `_0_when`) + 2), 12, 12) AS TIME(3)) - TIME '00:00:00') DAY TO SECOND(3) END AS `when` FROM (
WITH `_near` AS (
SELECT l.`id` AS `_l_id`, l.`user_id` AS `_l_user_id`, l.`item` AS `_l_item`, l.`score` AS `_l_score`, l.`ad` AS `_l_ad`, l.`ts` AS `_time`, CAST(NULL AS INT) AS `_s0`, CAST(NULL AS INT) AS `_0_label`, CAST(NULL AS STRING) AS `_0_item_then`, CAST(NULL AS STRING) AS `_0_price`, CAST(NULL AS STRING) AS `_0_when`
FROM `seen` AS l
UNION ALL
SELECT l.`id` AS `_l_id`, l.`user_id` AS `_l_user_id`, l.`item` AS `_l_item`, l.`score` AS `_l_score`, l.`ad` AS `_l_ad`, l.`ts` AS `_time`, r.`_s0` AS `_s0`, r.`_0_label` AS `_0_label`, r.`_0_item_then` AS `_0_item_then`, r.`_0_price` AS `_0_price`, r.`_0_when` AS `_0_when`
FROM `seen` AS l JOIN (
SELECT CAST(1 AS INT) AS `_s0`, CAST(1 AS INT) AS `_0_label`, CAST(CAST(`ts` AS STRING) || COALESCE('+' || LPAD(CAST(CAST(`id` AS DECIMAL(20, 0)) + CAST('10000000000000000000' AS DECIMAL(20, 0)) AS STRING), 20, '0'), '!') || '|' || COALESCE('+' || CAST(`item` AS STRING), '') AS STRING) AS `_0_item_then`, CAST(CAST(`ts` AS STRING) || COALESCE('+' || LPAD(CAST(CAST(`id` AS DECIMAL(20, 0)) + CAST('10000000000000000000' AS DECIMAL(20, 0)) AS STRING), 20, '0'), '!') || '|' || COALESCE('+' || CAST(`price` AS STRING), '') AS STRING) AS `_0_price`, CAST(CAST(`ts` AS STRING) || COALESCE('+' || LPAD(CAST(CAST(`id` AS DECIMAL(20, 0)) + CAST('10000000000000000000' AS DECIMAL(20, 0)) AS STRING), 20, '0'), '!') || '|' || COALESCE('+' || CAST(`ts` AS STRING), '') AS STRING) AS `_0_when`, CAST(`user_id` AS BIGINT) AS `_k0`, `ts` AS `_at`
FROM `clicks`
) AS r
ON l.`user_id` = r.`_k0` AND r.`_at` BETWEEN l.`ts` + INTERVAL '000 00:00:00.001' DAY(3) TO SECOND(3) AND l.`ts` + INTERVAL '000 00:00:05.000' DAY(3) TO SECOND(3)
)
SELECT `window_start`, `window_end`, `window_time`, `_l_id`, `_l_user_id`, `_l_item`, `_l_score`, `_l_ad`, COUNT(`_s0`) AS `_s0`, COUNT(`_0_label`) AS `_0_label`, MIN(`_0_item_then`) AS `_0_item_then`, MIN(`_0_price`) AS `_0_price`, MIN(`_0_when`) AS `_0_when`
FROM TABLE(TUMBLE(TABLE `_near`, DESCRIPTOR(`_time`), INTERVAL '000 00:00:00.001' DAY(3) TO SECOND(3)))
GROUP BY `window_start`, `window_end`, `window_time`, `_l_id`, `_l_user_id`, `_l_item`, `_l_score`, `_l_ad`
);

-- label, batch
-- the same;
