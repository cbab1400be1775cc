"""The same contract on PostgreSQL, where CANDIDLY_TEST_POSTGRES names a database that may be emptied.

Every test of store, outbox and queries that only needs a store runs here again.
"""

from __future__ import annotations

import inspect
import os

import pytest
import test_storage_keeping
import test_storage_outbox
import test_storage_queries
import test_storage_rescore
import test_storage_store
from sqlalchemy import create_engine
from sqlalchemy import inspect as inspect_tables
from storage_samples import mention, save

from candidly.errors import StoreError, UsageError
from storage import analyst, engine, migrations, queries
from storage.store import Store

DSN = os.environ.get("CANDIDLY_TEST_POSTGRES", "")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DSN, reason="CANDIDLY_TEST_POSTGRES names no database"),
]


def empty():
    url = engine.parse(DSN)
    made = create_engine(url)
    with made.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    made.dispose()


@pytest.fixture
def store():
    empty()
    with Store.open(DSN) as opened:
        yield opened


def arguments(test):
    wrapped = getattr(test, "hypothesis", None)
    return inspect.signature(wrapped.inner_test if wrapped else test).parameters


MODULES = (
    test_storage_store,
    test_storage_outbox,
    test_storage_queries,
    test_storage_rescore,
    test_storage_keeping,
)
for module in MODULES:
    for name, test in vars(module).items():
        if name.startswith("test_") and "store" in arguments(test) and "tmp_path" not in arguments(test):
            globals()[name] = test


def shape(opened):
    tables = inspect_tables(opened.engine)
    return {
        name: (
            [{**column, "type": str(column["type"])} for column in tables.get_columns(name)],
            tables.get_pk_constraint(name),
            tables.get_foreign_keys(name),
            tables.get_unique_constraints(name),
            tables.get_indexes(name),
        )
        for name in sorted([*tables.get_table_names(), *tables.get_view_names()])
    }


def test_a_new_database_equals_one_that_went_through_every_step_there_too(store):
    new = shape(store)
    empty()
    stepped = engine.connect(engine.parse(DSN))
    migrations.upgrade(stepped)
    stepped.dispose()
    with Store.open(DSN) as opened:
        stepped_shape = shape(opened)
    for name in new:
        assert stepped_shape[name] == new[name]


def test_opening_again_keeps_everything(store):
    save(store, mention("1"))
    with Store.open(DSN, create=False) as again:
        assert queries.totals(again)["mentions"] == 1


def test_what_it_does_not_do_there_it_says(store):
    with pytest.raises(UsageError, match="SQLite only"):
        analyst.select(store, "SELECT 1")


def test_a_server_that_is_not_there_is_a_clear_error():
    with pytest.raises(StoreError) as caught:
        Store.open("postgresql://nobody@127.0.0.1:1/none")
    assert "\n" not in str(caught.value)
