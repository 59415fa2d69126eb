-- growth, live
SELECT `window_start`, `window_end`, `window_time`, `item`, `n`, `last`, CASE WHEN SUBSTRING(`_least_n`, 1, 23) = CAST(CAST(`window_time` AS TIMESTAMP(3)) - INTERVAL '000 00:00:10.000' DAY(3) TO SECOND(3) AS STRING) THEN CASE WHEN CHAR_LENGTH(`_least_n`) > POSITION('|' IN `_least_n`) THEN CAST(SUBSTRING(`_least_n`, POSITION('|' IN `_least_n`) + 2) AS BIGINT) END END AS `n_before` FROM (
SELECT MIN(`_n`) OVER (PARTITION BY `item` ORDER BY `window_time` RANGE BETWEEN INTERVAL '000 00:00:10.000' DAY(3) TO SECOND(3) PRECEDING AND CURRENT ROW) AS `_least_n`, layer.* FROM (
SELECT `window_start`, `window_end`, `window_time`, `item`, `n`, `last`, CAST(`window_time` AS STRING) || '|' || COALESCE('+' || CAST(`n` AS STRING), '') AS `_n` FROM `counts`
) AS layer
);

-- growth, batch
SELECT `window_start`, `window_end`, `window_time`, `item`, `n`, `last`, CASE WHEN SUBSTRING(`_least_n`, 1, 23) = CAST(CAST(`window_time` AS TIMESTAMP(3)) - INTERVAL '000 00:00:10.000' DAY(3) TO SECOND(3) AS STRING) THEN CASE WHEN CHAR_LENGTH(`_least_n`) > POSITION('|' IN `_least_n`) THEN CAST(SUBSTRING(`_least_n`, POSITION('|' IN `_least_n`) + 2) AS BIGINT) END END AS `n_before` FROM (
SELECT MIN(`_n`) OVER (PARTITION BY `item` ORDER BY EXTRACT(EPOCH FROM `window_time`) * 1000 + EXTRACT(MILLISECOND FROM `window_time`) RANGE BETWEEN 10000 PRECEDING AND CURRENT ROW) AS `_least_n`, layer.* FROM (
SELECT `window_start`, `window_end`, `window_time`, `item`, `n`, `last`, CAST(`window_time` AS STRING) || '|' || COALESCE('+' || CAST(`n` AS STRING), '') AS `_n` FROM `counts`
) AS layer
);
