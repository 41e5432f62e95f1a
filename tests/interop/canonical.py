"""Checksums of Arrow tables that do not depend on who read them.

The same rows give the same checksums whatever the order of rows, the batches, the string
encoding (plain, large, view, dictionary) and the reader. Each column is turned into one
canonical text a value:

    null          apart from every text       decimal      all digits of its scale
    boolean       true / false                timestamps   microseconds since 1970 (UTC)
    integers      digits                      date         days since 1970
    floats        shortest text that reads    binary       hexadecimal
                  back as the same double     list, map,   JSON: lists in order, structs as
    string        itself                      struct       [name, value] pairs in field order

A column's checksum is the sum of the values' hashes; a table's is the sum of its rows' hashes,
so values swapped between two rows show although no column changed. Both modulo 2^64.
Types come from the table's own metadata file, not from a reader.
"""

import datetime
import decimal
import hashlib
import json

import pyarrow as pa
import pyarrow.compute as pc

WRAP = 2**64
EPOCH = datetime.datetime(1970, 1, 1)
PLAIN = {
    "boolean": pa.bool_(), "int": pa.int32(), "long": pa.int64(), "float": pa.float32(),
    "double": pa.float64(), "date": pa.date32(), "time": pa.time64("us"), "string": pa.string(),
    "uuid": pa.binary(16), "binary": pa.binary(), "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", "UTC"),
}


def schema_of(metadata):
    """The current schema of a parsed Iceberg metadata file, as Arrow."""
    current = metadata["current-schema-id"]
    fields = next(s["fields"] for s in metadata["schemas"] if s["schema-id"] == current)
    return pa.schema([(f["name"], arrow_type(f["type"])) for f in fields])


def arrow_type(written):
    """The Arrow type of an Iceberg type as the metadata file writes it."""
    if isinstance(written, dict):
        if written["type"] == "list":
            return pa.list_(arrow_type(written["element"]))
        if written["type"] == "map":
            return pa.map_(arrow_type(written["key"]), arrow_type(written["value"]))
        return pa.struct([(f["name"], arrow_type(f["type"])) for f in written["fields"]])
    if written.startswith("decimal"):
        precision, scale = written[len("decimal("):-1].split(",")
        return pa.decimal128(int(precision), int(scale))
    if written.startswith("fixed"):
        return pa.binary(int(written[len("fixed["):-1]))
    return PLAIN[written]


def checksums(table, schema):
    """(rows, {column: checksum}, checksum of the rows) of an Arrow table read as `schema`.

    Raises ValueError naming the column that is absent or does not fit its type.
    """
    columns, rows = {}, pa.array([0] * table.num_rows, pa.uint64())
    for field in schema:
        hashes, indices, counts = hashed(texts(column_as(table, field), field.type))
        columns[field.name] = sum(h * n for h, n in zip(hashes, counts)) % WRAP
        odd = pa.scalar(digest(field.name.encode()) | 1, pa.uint64())
        of_row = pc.take(pa.array(hashes, pa.uint64()), indices)
        rows = pc.add(rows, pc.multiply(stirred(of_row), odd))
    return table.num_rows, columns, wrapping_sum(stirred(rows))


def column_as(table, field):
    if table.column_names.count(field.name) != 1:
        raise ValueError(f"column {field.name} is not there once")
    column = table.column(field.name)
    if pa.types.is_nested(field.type):
        return column
    try:
        return plain(column).cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ValueError(f"column {field.name} of type {column.type} does not fit {field.type}") from error


def plain(column):
    """Without dictionaries and views, which not every cast knows."""
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    if pa.types.is_string_view(column.type) or pa.types.is_large_string(column.type):
        return column.cast(pa.string())
    if pa.types.is_binary_view(column.type) or pa.types.is_large_binary(column.type):
        return column.cast(pa.binary())
    return column


def texts(column, kind):
    """Canonical texts of a column, nulls kept. A cheaper type that tells values apart as well will do.

    A nested column that is text already has been through `nested_text`.
    """
    if pa.types.is_nested(kind) and not pa.types.is_string(column.type):
        return pa.chunked_array([[nested_text(value, kind) for value in column.to_pylist()]], pa.string())
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        return column.cast(pa.int64())
    if pa.types.is_date(kind):
        return column.cast(pa.int32())
    if pa.types.is_floating(kind):
        return pc.add(column.cast(pa.float64()), 0.0)  # -0.0 equals 0.0, so which of the two stays is chance
    return column


def hashed(column):
    """(hashes of the distinct values, each row's index into them, how often each occurs).

    Each distinct value is hashed once: columns repeat themselves.
    """
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    indices, values = encoded.indices, encoded.dictionary.to_pylist()
    hashes = [digest(b"null" if value is None else b"=" + scalar_text(value).encode()) for value in values]
    counts = [0] * len(values)
    for pair in pc.value_counts(indices).to_pylist():
        counts[pair["values"]] = pair["counts"]
    return hashes, indices, counts


def digest(text):
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "little")


def stirred(numbers):
    """Mixes 64-bit numbers so that sums of them tell rows apart (the finaliser of SplitMix64)."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        numbers = pc.bit_wise_xor(numbers, pc.shift_right(numbers, pa.scalar(shift, pa.uint64())))
        numbers = pc.multiply(numbers, pa.scalar(factor, pa.uint64()))
    return pc.bit_wise_xor(numbers, pc.shift_right(numbers, pa.scalar(31, pa.uint64())))


def wrapping_sum(numbers):
    high = pc.sum(pc.shift_right(numbers, pa.scalar(32, pa.uint64()))).as_py() or 0
    low = pc.sum(pc.bit_wise_and(numbers, pa.scalar(2**32 - 1, pa.uint64()))).as_py() or 0
    return ((high << 32) + low) % WRAP


def scalar_text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, str) else repr(value)


def nested_text(value, kind):
    return None if value is None else json.dumps(nested(value, kind), ensure_ascii=False, separators=(",", ":"))


def nested(value, kind):
    """A value inside a list, map or struct as JSON; takes a reader's Python value or parsed JSON."""
    if value is None:
        return None
    if pa.types.is_map(kind):
        pairs = value.items() if isinstance(value, dict) else value
        return sorted([nested(k, kind.key_type), nested(v, kind.item_type)] for k, v in pairs)
    if pa.types.is_list(kind):
        return [nested(item, kind.value_type) for item in value]
    if pa.types.is_struct(kind):
        return [[field.name, nested(value.get(field.name), field.type)] for field in kind]
    if pa.types.is_decimal(kind):
        return format(decimal.Decimal(str(value)).quantize(decimal.Decimal(1).scaleb(-kind.scale)), "f")
    if pa.types.is_timestamp(kind):
        return microseconds(value)
    if pa.types.is_date(kind):
        date = datetime.date.fromisoformat(value) if isinstance(value, str) else value
        return (date - EPOCH.date()).days
    if pa.types.is_floating(kind):
        return repr(float(value))
    return value.hex() if isinstance(value, bytes) else value


def microseconds(value):
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    if value.tzinfo is not None:
        value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return (value - EPOCH) // datetime.timedelta(microseconds=1)
