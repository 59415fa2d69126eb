-- a funnel, live
SELECT `user_id`, `home_id`, `home_ts`, `list_id`, `list_ts`, `item_id`, `ts` FROM (
SELECT ((`page` = 'home')) IS TRUE AS `_is0`, ((`page` = 'list')) IS TRUE AS `_is1`, ((`page` = 'item')) IS TRUE AS `_is2`, t.* FROM `funnel` AS t
) MATCH_RECOGNIZE (
PARTITION BY `user_id` ORDER BY `ts`, `id`
MEASURES V0.`id` AS `home_id`, CAST(V0.`ts` AS TIMESTAMP(3)) AS `home_ts`, V1.`id` AS `list_id`, CAST(V1.`ts` AS TIMESTAMP(3)) AS `list_ts`, V2.`id` AS `item_id`, MATCH_ROWTIME() AS `ts`
ONE ROW PER MATCH AFTER MATCH SKIP TO NEXT ROW
PATTERN (V0 X1*? V1 X2*? V2) WITHIN INTERVAL '000 00:00:30.000' DAY(3) TO SECOND(3)
DEFINE V0 AS V0.`_is0`, V1 AS V1.`_is1`, V2 AS V2.`_is2`, X1 AS NOT X1.`_is1`, X2 AS NOT X2.`_is2`
) AS m;

-- a funnel, batch
SELECT `user_id`, `home_id`, `home_ts`, `list_id`, `list_ts`, `item_id`, `ts` FROM (
SELECT ((`page` = 'home')) IS TRUE AS `_is0`, ((`page` = 'list')) IS TRUE AS `_is1`, ((`page` = 'item')) IS TRUE AS `_is2`, t.* FROM `funnel` AS t
) MATCH_RECOGNIZE (
PARTITION BY `user_id` ORDER BY `ts`, `id`
MEASURES V0.`id` AS `home_id`, CAST(V0.`ts` AS TIMESTAMP(3)) AS `home_ts`, V1.`id` AS `list_id`, CAST(V1.`ts` AS TIMESTAMP(3)) AS `list_ts`, V2.`id` AS `item_id`, V2.`ts` AS `ts`
ONE ROW PER MATCH AFTER MATCH SKIP TO NEXT ROW
PATTERN (V0 X1*? V1 X2*? V2) WITHIN INTERVAL '000 00:00:30.000' DAY(3) TO SECOND(3)
DEFINE V0 AS V0.`_is0`, V1 AS V1.`_is1`, V2 AS V2.`_is2`, X1 AS NOT X1.`_is1`, X2 AS NOT X2.`_is2`
) AS m;
