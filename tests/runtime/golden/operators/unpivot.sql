-- unpivot, live
SELECT `window_start`, `window_end`, `window_time`, `item`, `spent`, `mean`, `last_user`, CAST('n' AS STRING) AS `feature`, `n` AS `number` FROM `counts`
UNION ALL
SELECT `window_start`, `window_end`, `window_time`, `item`, `spent`, `mean`, `last_user`, CAST('users' AS STRING) AS `feature`, `users` AS `number` FROM `counts`;

-- unpivot, batch
-- the same;
