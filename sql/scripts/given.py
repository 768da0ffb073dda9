# Rows that a caller gives as JSON: objects by name, or one list of values in the order of the columns. Whatever is
# wrong with them is said in one sentence, before any model is asked.
# in:  rows      nvarchar  the JSON
#      declared  nvarchar  JSON: columns ([{"name", "sql_type"}]), form (objects or values), and for objects optional
#                (names of columns that may be left out, which means NULL) and id (null, or the key whose value goes
#                with the row)
# Behind given_exact.py and given_times.py where there are columns of those types.
import math

WHOLE = {"tinyint": (0, 255), "smallint": (-2 ** 15, 2 ** 15 - 1), "int": (-2 ** 31, 2 ** 31 - 1),
         "bigint": (-2 ** 63, 2 ** 63 - 1), "bit": (0, 1)}
EXACT = {"decimal": (18, 0), "numeric": (18, 0), "money": (19, 4), "smallmoney": (10, 4)}
TIMES = {"date": (1, 9999), "datetime": (1753, 9999), "smalldatetime": (1900, 2079)}
LONGEST_ID = 400


class Wrong(Exception):
    pass


def shown(value):
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def n_units(text):
    """Its length in UTF-16, as T-SQL counts."""
    try:
        return len(text.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise Wrong("is text with half of a surrogate pair") from None


def type_parts(sql_type):
    base, _, rest = sql_type.partition("(")
    arguments = [one.strip() for one in rest.rstrip(")").split(",") if one.strip()]
    return base.strip().lower(), [0 if one == "max" else int(one) for one in arguments]


def read_whole(value, base):
    if isinstance(value, bool) and base == "bit":
        return float(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Wrong(f"takes a whole number ({base}), not {shown(value)}")
    low, high = WHOLE[base]
    if not low <= value <= high:
        raise Wrong(f"takes {low} to {high} ({base}), not {shown(value)}")
    return float(value)


def read_float(value, base, digits):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Wrong(f"takes a number ({base}), not {shown(value)}")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if base == "real" or (base == "float" and digits and digits[0] <= 24):
        with np.errstate(over="ignore"):
            found = float(np.float32(found))
    if not math.isfinite(found):
        raise Wrong(f"takes a number that {base} holds, not {shown(value)}")
    return found


def read_text(value, base, length):
    if not isinstance(value, str):
        raise Wrong(f"takes a text ({base}), not {shown(value)}")
    n_characters = n_units(value)
    longest = length[0] if length else 1
    if longest and n_characters > longest:
        raise Wrong(f"takes {longest} characters ({base}), not the {n_characters} of {shown(value)}")
    return value + " " * (longest - n_characters) if base in ("char", "nchar") else value


def reader_of(sql_type):
    """What makes of a value of JSON what a script gets from a column of this type, NULL left aside."""
    base, arguments = type_parts(sql_type)
    if base in WHOLE:
        return lambda value: read_whole(value, base)
    if base in EXACT:
        return lambda value: read_exact(value, base, arguments)
    if base in TIMES:
        return lambda value: read_time(value, base)
    if base in ("float", "real"):
        return lambda value: read_float(value, base, arguments)
    return lambda value: read_text(value, base, arguments)


def array_of(sql_type, values):
    base, _ = type_parts(sql_type)
    if base in TIMES:
        return pd.to_datetime(pd.Series(values, dtype="object")).values
    if base in WHOLE or base in EXACT or base in ("float", "real"):
        return np.array(values, dtype="float64")  # None becomes NaN
    return pd.Series(["", *values]).iloc[1:].values  # of the type that pandas takes for text, as a column's is


def once_each(pairs):
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(one for one in names if names.count(one) > 1)
        raise Wrong(f"an object has the key {twice} twice")
    return made


def no_number(text):
    raise Wrong(f"{text} is no number of JSON")


def parsed(text):
    try:
        return json.loads(text, object_pairs_hook=once_each, parse_constant=no_number)
    except RecursionError:
        raise Wrong("the rows are nested too deeply") from None
    except ValueError as error:
        raise Wrong(f"the rows are no JSON: {error}") from None


def of_number(number):
    return f"row {number}: "


def check_keys(row, number, told):
    if not isinstance(row, dict):
        raise Wrong(of_number(number) + f"an object is wanted, not {shown(row)}")
    names = [column["name"] for column in told["columns"]]
    known = names + ([told["id"]] if told["id"] is not None else [])
    extra = [name for name in row if name not in known]
    if extra:
        raise Wrong(of_number(number) + "it has {}, which the model's columns are not: they are {}".format(
            ", ".join(extra[:10]), ", ".join(names)))
    missing = [name for name in names if name not in row and name not in told["optional"]]
    if missing:
        raise Wrong(of_number(number) + "it lacks {}: give a value, or null".format(", ".join(missing)))


def read_id(row, number, told):
    value = row.get(told["id"])
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is None or (isinstance(value, str) and n_units(value) <= LONGEST_ID):
        return value
    raise Wrong(of_number(number) + "{} takes a text of up to {} characters or a whole number, not {}".format(
        told["id"], LONGEST_ID, shown(value)))


def read_objects(told):
    """Rows by name: their number, their ids, and the values of each column."""
    found = parsed(rows)
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list):
        raise Wrong(f"an object or an array of objects is wanted, not {shown(found)}")
    for number, row in enumerate(found, 1):
        check_keys(row, number, told)
    ids = None
    if told["id"] is not None:
        ids = [read_id(row, number, told) for number, row in enumerate(found, 1)]
    return len(found), ids, {name: [row.get(name) for row in found] for name in (c["name"] for c in told["columns"])}


def read_columns(told, values):
    made = {}
    for column in told["columns"]:
        name, read = column["name"], reader_of(column["sql_type"])
        number = 0
        try:
            for number, value in enumerate(values[name]):
                if value is not None:
                    values[name][number] = read(value)
        except Wrong as error:
            row = of_number(number + 1) if told["form"] == "objects" else ""
            raise Wrong(f"{row}{name} {error}") from None
        made[name] = array_of(column["sql_type"], values[name])
    return made


def given_rows():
    """Numbers of the rows, further columns of the result, and the columns by name."""
    told = json.loads(declared)
    if told["form"] == "values":
        names = [column["name"] for column in told["columns"]]
        count, ids, values = 1, None, {name: [value] for name, value in zip(names, parsed(rows))}
    else:
        count, ids, values = read_objects(told)
    numbers = np.arange(1, count + 1, dtype="int32")
    further = [] if ids is None else [np.array(ids, dtype="object")]
    return only_chosen(told, numbers, further, read_columns(told, values))


def only_chosen(told, numbers, further, columns):
    """All rows have been read; the others are another version's."""
    if not told.get("splits") or not chosen:
        return numbers, further, columns
    kept = np.array(json.loads(chosen), dtype="int32") - 1
    return numbers[kept], [one[kept] for one in further], {name: values[kept] for name, values in columns.items()}


def no_further():
    return [np.zeros(0, "object")] if json.loads(declared).get("id") is not None else []
