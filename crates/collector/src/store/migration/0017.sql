-- Sheets tell how many nodes each cluster has. Those that are kept do not: they are made again.
DELETE FROM sheet;
DELETE FROM sheet_column;
