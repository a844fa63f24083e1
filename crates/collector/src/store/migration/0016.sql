-- The time line: which reports were received for which hour, from whom; one of a slot counts. What a cluster reported in an hour stands
-- in one row, as long as it is about few events (`shelf` tells which); the form of `reports` is described in `store/shelf.rs`. By hour
-- first, so that what arrives together lies together and what grows old together is deleted together.
CREATE TABLE time_line (
    hour    INTEGER NOT NULL,
    cluster INTEGER NOT NULL REFERENCES cluster (id),
    shelf   INTEGER NOT NULL,
    reports BLOB NOT NULL,
    PRIMARY KEY (hour, cluster, shelf)
) STRICT, WITHOUT ROWID;

-- Numbers are written seven bits a byte, the lowest first, here in more bytes than they need: two for how many reports, five for a
-- batch, two or ten for nodes (times two, since the lowest bit is the sign).
INSERT INTO time_line (hour, cluster, shelf, reports)
SELECT hour, cluster, shelf, unhex(group_concat(told, '' ORDER BY reporter, batch)) FROM (
    SELECT hour, cluster, (part - 1) * 2147483648 + event / 16 AS shelf, reporter, batch,
        format('%02x%02x%s', (2 * count(*) + (reporter <> x'')) & 127 | 128, (2 * count(*) + (reporter <> x'')) >> 7, hex(reporter))
        || format('%02x%02x%02x%02x%02x', batch & 127 | 128, batch >> 7 & 127 | 128, batch >> 14 & 127 | 128,
            batch >> 21 & 127 | 128, batch >> 28)
        || group_concat(
            format('%02x%016x', event % 16 + 16 * counts + 32 * (nodes IS NOT NULL), digest)
            || CASE
                WHEN nodes IS NULL THEN ''
                WHEN nodes < 8192 THEN format('%02x%02x', nodes << 1 & 127 | 128, nodes >> 6)
                ELSE format('%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x', nodes << 1 & 127 | 128, nodes >> 6 & 127 | 128,
                    nodes >> 13 & 127 | 128, nodes >> 20 & 127 | 128, nodes >> 27 & 127 | 128, nodes >> 34 & 127 | 128,
                    nodes >> 41 & 127 | 128, nodes >> 48 & 127 | 128, nodes >> 55 & 127 | 128, nodes >> 62)
            END,
            '' ORDER BY event) AS told
    FROM report GROUP BY hour, cluster, shelf, reporter, batch)
GROUP BY hour, cluster, shelf;
DROP TABLE report;
