-- first by text, live
SELECT `id`, `user_id`, `name`, `price`, `ok`, `ts` FROM (
SELECT MIN(`_order`) OVER (PARTITION BY `user_id` ORDER BY `ts` RANGE BETWEEN INTERVAL '000 00:00:00.000' DAY(3) TO SECOND(3) PRECEDING AND CURRENT ROW) AS `_least`, t.* FROM (
SELECT COALESCE('+' || HEX(`name`) || ' ', '!') || COALESCE('+' || LPAD(CAST(CAST(`id` AS DECIMAL(20, 0)) + CAST('10000000000000000000' AS DECIMAL(20, 0)) AS STRING), 20, '0'), '!') AS `_order`, t.* FROM (
SELECT MIN(CAST(`ts` AS TIMESTAMP(3))) OVER (PARTITION BY `user_id` ORDER BY `ts` RANGE BETWEEN INTERVAL '000 00:00:00.999' DAY(3) TO SECOND(3) PRECEDING AND CURRENT ROW) AS `_first`, t.* FROM `sent` AS t
) AS t
) AS t
) WHERE `_first` = CAST(`ts` AS TIMESTAMP(3)) AND `_order` = `_least`;

-- first by text, batch
SELECT `id`, `user_id`, `name`, `price`, `ok`, `ts` FROM (
SELECT MIN(`_order`) OVER (PARTITION BY `user_id` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) RANGE BETWEEN 0 PRECEDING AND CURRENT ROW) AS `_least`, t.* FROM (
SELECT COALESCE('+' || HEX(`name`) || ' ', '!') || COALESCE('+' || LPAD(CAST(CAST(`id` AS DECIMAL(20, 0)) + CAST('10000000000000000000' AS DECIMAL(20, 0)) AS STRING), 20, '0'), '!') AS `_order`, t.* FROM (
SELECT MIN(CAST(`ts` AS TIMESTAMP(3))) OVER (PARTITION BY `user_id` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) RANGE BETWEEN 999 PRECEDING AND CURRENT ROW) AS `_first`, t.* FROM `sent` AS t
) AS t
) AS t
) WHERE `_first` = CAST(`ts` AS TIMESTAMP(3)) AND `_order` = `_least`;
