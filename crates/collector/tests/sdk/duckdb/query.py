"""Reads a file of rows as DuckDB finds it, and prints what a query of the view `flat` returns, as JSON."""

import json
import sys

import duckdb

path, query = sys.argv[1:]
reads = "read_csv" if path.endswith(".csv") else "read_ndjson"
duckdb.sql("SET TimeZone = 'UTC'")
duckdb.sql(f"CREATE VIEW flat AS SELECT * FROM {reads}('{path}')")
print(json.dumps(duckdb.sql(query).fetchall()))
