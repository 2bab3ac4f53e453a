"""Search and sort the catalogue.

The words and the names to sort by are made here for the products that there are. What a release
before this one writes meanwhile is found, and sorted by its name, once it is edited.
"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BATCH = 1000
_INDEXES = (
    ("products", "created_at", "id"),
    ("products", "updated_at", "id"),
    ("products", "sort_name", "id"),
    ("product_sync", "best_price", "product_id"),
)

#: The id is a word of its own row: so a row is found without a scan, and without the rowids of
#: products, which a VACUUM may change.
_SQLITE_SEARCH = (
    """
    CREATE VIRTUAL TABLE product_search
    USING fts5(
        product_id, words,
        tokenize = 'ascii', prefix = '1 2 3', detail = 'column', columnsize = 0
    )
    """,
    "INSERT INTO product_search (product_id, words) SELECT id, words FROM products",
    """
    CREATE TRIGGER product_search_insert AFTER INSERT ON products BEGIN
        INSERT INTO product_search (product_id, words) VALUES (new.id, new.words);
    END
    """,
    """
    CREATE TRIGGER product_search_update AFTER UPDATE OF words ON products BEGIN
        UPDATE product_search SET words = new.words WHERE product_id MATCH new.id;
    END
    """,
    """
    CREATE TRIGGER product_search_delete AFTER DELETE ON products BEGIN
        DELETE FROM product_search WHERE product_id MATCH old.id;
    END
    """,
)
_POSTGRESQL_SEARCH = (
    "CREATE INDEX ix_products_words ON products "
    "USING gin (array_to_tsvector(string_to_array(words, ' ')))",
)
_POSTGRESQL_UPDATE = """
    UPDATE products SET sort_name = derived.sort_name, words = derived.words
    FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS derived (id, sort_name, words)
    WHERE products.id = derived.id
"""
_SQLITE_UPDATE = "UPDATE products SET sort_name = ?, words = ? WHERE id = ?"


def upgrade() -> None:
    postgresql = op.get_context().dialect.name == "postgresql"
    name = sa.String(length=255, collation="C") if postgresql else sa.String(length=255)
    op.add_column("products", sa.Column("sort_name", name, server_default="", nullable=False))
    op.add_column("products", sa.Column("words", sa.Text(), server_default="", nullable=False))
    _fill(op.get_bind())
    for table, column, id_column in _INDEXES:
        if column != "created_at":
            op.create_index(_ascending(table, column, id_column), table, [column, id_column])
        op.create_index(_descending(table, column), table, [sa.desc(column), id_column])
    for statement in _POSTGRESQL_SEARCH if postgresql else _SQLITE_SEARCH:
        op.execute(statement)


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.drop_index("ix_products_words", table_name="products")
    else:
        for event in ("insert", "update", "delete"):
            op.execute(f"DROP TRIGGER product_search_{event}")
        op.execute("DROP TABLE product_search")
    for table, column, id_column in _INDEXES:
        if column != "created_at":
            op.drop_index(_ascending(table, column, id_column), table_name=table)
        op.drop_index(_descending(table, column), table_name=table)
    op.drop_column("products", "words")
    op.drop_column("products", "sort_name")


def _ascending(table: str, column: str, id_column: str) -> str:
    return op.f(f"ix_{table}_{column}_{table}_{id_column}")


def _descending(table: str, column: str) -> str:
    return f"ix_{table}_{column}_descending"


def _fill(connection: sa.Connection) -> None:
    """Give all products their words and their names to sort by, some at a time."""
    products = sa.table(
        "products",
        sa.column("id", sa.Uuid()),
        sa.column("name", sa.String()),
        sa.column("description", sa.Text()),
    )
    columns = products.c
    query = sa.select(columns.id, columns.name, columns.description)
    query = query.order_by(columns.id).limit(_BATCH)
    rows = connection.execute(query).all()
    while rows:
        _update(connection, [(id_.hex, *_derive(*text)) for id_, *text in rows])
        rows = connection.execute(query.where(columns.id > rows[-1].id)).all()


def _update(connection: sa.Connection, rows: list[tuple[str, str, str]]) -> None:
    """Write ids with names to sort by and words; on PostgreSQL in one round trip."""
    if connection.dialect.name == "postgresql":
        ids, sort_names, words = (list(column) for column in zip(*rows, strict=True))
        connection.exec_driver_sql(_POSTGRESQL_UPDATE, (ids, sort_names, words))
    else:
        connection.exec_driver_sql(
            _SQLITE_UPDATE, [(name, words, id_) for id_, name, words in rows]
        )


def _derive(name: str, description: str) -> tuple[str, str]:
    words = (word[:100] for word in re.findall(r"[^\W_]+", _fold(f"{name} {description}")))
    return _fold(name)[:255], " ".join(dict.fromkeys(words))


def _fold(text: str) -> str:
    folded = _fold_once(text)
    while folded != text:
        text, folded = folded, _fold_once(folded)
    return folded


def _fold_once(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = (char for char in decomposed if char < "\u0300" or not _is_mark(char))
    return "".join(letters).translate(str.maketrans("ıøłđħŧ", "ioldht"))


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")
