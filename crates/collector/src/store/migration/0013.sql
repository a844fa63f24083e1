-- The fingerprint of the key of another collector that this one stands for: what was sent with that one and imported here.
ALTER TABLE key ADD COLUMN origin BLOB;
