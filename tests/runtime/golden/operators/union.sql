-- union, live
SELECT CAST('clicks' AS STRING) AS `source`, `id`, `user_id`, `item`, `price`, `ts` FROM `clicks`
UNION ALL
SELECT CAST('it''s' AS STRING) AS `source`, `id`, `user_id`, `item`, `price`, `ts` FROM `more`;

-- union, batch
-- the same;
