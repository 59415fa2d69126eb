-- interval join, live
SELECT l.`id`, l.`user_id`, l.`item`, l.`price`, l.`ts`, r.`id` AS `order_id`, r.`item` AS `order_item`, CAST(r.`ts` AS TIMESTAMP(3)) AS `order_ts`
FROM `clicks` AS l INNER JOIN `orders` AS r
ON l.`user_id` = r.`user_id` AND r.`ts` BETWEEN l.`ts` - INTERVAL '000 00:00:01.000' DAY(3) TO SECOND(3) AND l.`ts` + INTERVAL '000 00:00:05.000' DAY(3) TO SECOND(3);

-- interval join, batch
-- the same;
