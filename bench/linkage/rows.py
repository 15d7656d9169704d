#!/usr/bin/env python3
"""Take rows out of a Parquet file.

    rows.py A.parquet --json 200               some rows, spread evenly, as JSON lines
    rows.py A.parquet --last 10000 DAY.parquet the last rows as a file of their own
"""

import argparse
import json
from pathlib import Path

import pyarrow.parquet as pq

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("file", type=Path)
parser.add_argument("--json", type=int, metavar="COUNT")
parser.add_argument("--last", nargs=2, metavar=("COUNT", "OUT"))
arguments = parser.parse_args()

table = pq.read_table(arguments.file)
if arguments.json:
    step = max(1, table.num_rows // arguments.json)
    for row in table.take(list(range(0, table.num_rows, step))[: arguments.json]).to_pylist():
        print(json.dumps({name: value for name, value in row.items() if value}, default=str))
if arguments.last:
    count = int(arguments.last[0])
    pq.write_table(table.slice(table.num_rows - count), arguments.last[1])
