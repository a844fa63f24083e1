-- Whether a reporter asked for it: then it reaches only messages that speak for clusters. What is suppressed for that has its own
-- hash, with a bit more in the byte of its kind (1 cluster, 2 reporter).
ALTER TABLE deletion ADD COLUMN petition INTEGER NOT NULL DEFAULT 0;
UPDATE deletion SET petition = 1
WHERE state <> 'done' AND EXISTS (
    SELECT 1 FROM suppression WHERE subject = deletion.hash AND suppression.asked = deletion.asked AND asker <> x'');
UPDATE suppression SET subject = unhex(substr(hex(subject), 1, 30) || '4' || substr(hex(subject), 32, 1))
WHERE asker <> x'' AND hex(substr(subject, 16, 1)) IN ('01', '02');
UPDATE gauge SET value = value + 1 WHERE name = 'suppressions';
