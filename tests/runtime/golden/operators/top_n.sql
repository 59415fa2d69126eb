-- top-n, live
SELECT `window_start`, `window_end`, `window_time`, `item`, `n`, `users`, `spent`, `mean`, `last_user`, `rank` FROM (
SELECT *, ROW_NUMBER() OVER (PARTITION BY `window_start`, `window_end` ORDER BY `n` DESC, `item` ASC) AS `rank` FROM `counts`
) WHERE `rank` <= 2;

-- top-n, batch
-- the same;
