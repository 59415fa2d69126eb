-- rollup, live
SELECT `window_start`, `window_end`, `window_time`, CAST(CASE GROUPING_ID(`user_id`, `item`) WHEN 0 THEN 'user_id,item' WHEN 1 THEN 'user_id' WHEN 3 THEN '(all)' END AS STRING) AS `level`, `user_id`, `item`, CAST(COUNT(1) AS BIGINT) AS `n`, COUNT(DISTINCT `item`) AS `items`, CAST(SUM(`price`) AS DECIMAL(38,2)) AS `spent`, CAST(SUBSTRING(MAX(CAST(`ts` AS STRING) || '|' || CAST(`id` AS STRING)), 25) AS BIGINT) AS `last_id`
FROM TABLE(TUMBLE(TABLE `clicks`, DESCRIPTOR(`ts`), INTERVAL '000 00:01:00.000' DAY(3) TO SECOND(3)))
GROUP BY `window_start`, `window_end`, `window_time`, GROUPING SETS ((`user_id`, `item`), (`user_id`), ());

-- rollup, batch
-- the same;
