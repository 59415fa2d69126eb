-- who entered, left and moved, live
SELECT `window_end`, `window_time`, `town`, `item`, CAST(CASE WHEN `rank_before` IS NULL THEN 'entered' WHEN `rank` IS NULL THEN 'left' WHEN `rank` < `rank_before` THEN 'up' ELSE 'down' END AS STRING) AS `change`, `rank_before`, `rank`, CASE WHEN `rank` IS NOT NULL AND `rank_before` IS NOT NULL THEN CAST(CASE WHEN `n_before` IS DISTINCT FROM `n` THEN 'n' ELSE 'others' END AS STRING) END AS `why`, `n_before`, `n` FROM (
WITH `_list` AS (
SELECT `window_time` AS `_at`, `town`, `item`, `rank`, `n` FROM `board`
)
SELECT `window_start`, `window_end`, `window_time`, `town`, `item`, MAX(CASE WHEN NOT (`_at` + INTERVAL '0.001' SECOND(1, 3) = `window_end`) THEN `rank` END) AS `rank_before`, MAX(CASE WHEN `_at` + INTERVAL '0.001' SECOND(1, 3) = `window_end` THEN `rank` END) AS `rank`, MAX(CASE WHEN NOT (`_at` + INTERVAL '0.001' SECOND(1, 3) = `window_end`) THEN `n` END) AS `n_before`, MAX(CASE WHEN `_at` + INTERVAL '0.001' SECOND(1, 3) = `window_end` THEN `n` END) AS `n`
FROM TABLE(HOP(TABLE `_list`, DESCRIPTOR(`_at`), INTERVAL '000 00:00:10.000' DAY(3) TO SECOND(3), INTERVAL '000 00:00:20.000' DAY(3) TO SECOND(3)))
GROUP BY `window_start`, `window_end`, `window_time`, `town`, `item`
) WHERE `rank` IS DISTINCT FROM `rank_before`;

-- who entered, left and moved, batch
-- the same;
