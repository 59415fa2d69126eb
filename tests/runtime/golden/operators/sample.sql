-- sample, live
SELECT `id`, `user_id`, `label`, `item`, `ts`, CAST(CAST('4.0' AS DOUBLE) AS DOUBLE) AS `weight` FROM `many`
WHERE SUBSTRING(MD5('' || COALESCE(CAST(CHAR_LENGTH(CAST(`id` AS STRING)) AS VARCHAR(20)) || ':' || CAST(`id` AS STRING), '-')), 1, 16) < '4000000000000000';

-- sample, batch
-- the same;
