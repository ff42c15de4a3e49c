"""Each migration by itself, on tables that have rows: those of later versions, too."""

import re

import pytest

from support.build import ROOT

ROWS = 100

# These copy a table: the first ones, and one of users, which has an indexed virtual column.
COPYING = ("0001", "0002", "0003", "0004", "0032")

# A value of a column, which is another one in each row.
VALUES = {
    **dict.fromkeys(("tinyint", "smallint"), "seq % 2"),
    **dict.fromkeys(("int", "bigint"), "seq"),
    "date": "DATE('2024-01-01') + INTERVAL seq DAY",
    "datetime": "TIMESTAMP('2024-01-01') + INTERVAL seq SECOND",
    **dict.fromkeys(("char", "varchar", "text", "mediumtext", "longtext"), "RIGHT(CONCAT('x', seq), {})"),
    **dict.fromkeys(("binary", "varbinary", "blob", "mediumblob"), "LEFT(UNHEX(SHA2(seq, 256)), {})"),
}


@pytest.fixture
def run(instance):
    """Runs a script in a database of its own."""
    instance.sql("DROP DATABASE IF EXISTS step_by_step; CREATE DATABASE step_by_step")
    yield lambda script: instance.sql(f"USE step_by_step;\nDELIMITER //\n{script}\n//")
    instance.sql("DROP DATABASE step_by_step")


def fill(run):
    """Writes rows into the tables that have none."""
    columns = run("SELECT table_name, column_name, data_type, COALESCE(character_maximum_length, 0) "
                  "FROM information_schema.columns WHERE table_schema = DATABASE() "
                  "AND extra NOT LIKE '%auto_increment%' AND extra NOT LIKE '%GENERATED%'")
    tables = {}
    for table, column, kind, length in columns:
        tables.setdefault(table, {})[column] = VALUES[kind].format(min(length, 32))
    script = "".join(
        f"IF NOT EXISTS (SELECT 1 FROM `{table}`) THEN INSERT IGNORE INTO `{table}` "
        f"({', '.join(f'`{name}`' for name in values)}) SELECT {', '.join(values.values())} "
        f"FROM seq_1_to_{ROWS}; END IF; " for table, values in tables.items())
    run(f"SET foreign_key_checks = 0; BEGIN NOT ATOMIC {script} END")


@pytest.mark.slow("goes through all migrations")
def test_others_write_while_a_migration_changes_a_table(run):
    """The server refuses LOCK = NONE for a change that makes writes wait until it is done."""
    changes = 0
    for file in sorted((ROOT / "schema").glob("[0-9]*.sql")):
        script = re.sub("^ *--.*", "", file.read_text(), flags=re.M)
        if not file.name.startswith(COPYING):
            script, count = re.subn(r"(^ALTER TABLE [^;]+);", r"\1, LOCK = NONE;", script,
                                    flags=re.M)
            changes += count
        run(script)
        fill(run)
    assert changes > 30
