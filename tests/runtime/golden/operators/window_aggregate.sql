-- unpivot, live
SELECT `window_start`, `window_end`, `window_time`, `item`, CAST(COUNT(1) AS BIGINT) AS `n`, COUNT(DISTINCT `user_id`) AS `users`, CAST(SUM(`price`) AS DECIMAL(38,2)) AS `spent`, CAST(SUM(`price`) AS DOUBLE) / NULLIF(COUNT(`price`), 0) AS `mean`, CAST(SUBSTRING(MAX(CAST(`ts` AS STRING) || '|' || CAST(`user_id` AS STRING)), 25) AS BIGINT) AS `last_user`
FROM TABLE(TUMBLE(TABLE `clicks`, DESCRIPTOR(`ts`), INTERVAL '000 00:01:00.000' DAY(3) TO SECOND(3)))
GROUP BY `window_start`, `window_end`, `window_time`, `item`;

-- unpivot, batch
-- the same;
