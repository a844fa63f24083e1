-- How often something was dropped by age since names were last swept up that nothing uses, and on which day that was.
INSERT INTO gauge (name, value) VALUES ('unswept', 0), ('swept', 0);

-- The day of receipt on which somebody last spoke for a cluster: until what was received on it is dropped, too, it is remembered.
ALTER TABLE cluster ADD COLUMN spoke INTEGER NOT NULL DEFAULT 0;
UPDATE cluster SET spoke = (SELECT coalesce(max(received) / 86400000, 0) FROM batch);
