-- select, live
SELECT `id`, `user_id`, `ts`, `price`, CAST((`price` * 2) AS DECIMAL(8,2)) AS `double_price`, CAST((CAST(`user_id` AS DOUBLE) / NULLIF(CAST(3 AS DOUBLE), CAST(0 AS DOUBLE))) AS DOUBLE) AS `share`, CAST(CASE WHEN (`item` = 'a') THEN CAST('A' AS STRING) WHEN (`item` IS NULL) THEN CAST('-' AS STRING) ELSE CAST(UPPER(`item`) AS STRING) END AS STRING) AS `kind`, CAST((EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`)) AS BIGINT) AS `stamp` FROM `clicks` WHERE ((COALESCE(CAST(`item` AS STRING), CAST('x' AS STRING)) IN ('a', 'b', 'x', 'ü')) AND (NOT ((`id` BETWEEN 2 AND 2))));

-- select, batch
-- the same;
