"""How often the rows that a benchmark judges on were scored: a small file that is committed.

Whoever looks at test rows again and again chooses on them in the end: the number says how often.
"""

import json
from pathlib import Path

RECORD = Path(__file__).with_name("runs_on_the_test.json")


def count_run(work: str, record: Path = RECORD) -> int:
    """Add one run of a work to the record; the number of runs with this one."""
    runs: dict[str, int] = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    runs[work] = runs.get(work, 0) + 1
    record.write_text(json.dumps(runs, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return runs[work]
