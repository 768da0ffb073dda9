CREATE OR ALTER PROCEDURE [dbo].[PredictFailures]
    @machine_id int = NULL,
    @since datetime = NULL,
    @until datetime = NULL,
    @unscored bit = 0,
    @model sysname = N'failures',
    @alias sysname = NULL,
    @persist bit = 1,
    @run_id bigint = NULL OUTPUT,
    @route_id int = NULL
AS
BEGIN
-- Without a range: the latest slot of each [machineID]. With one: all its slots, both ends included. @unscored = 1: the slots
-- (of the range, if there is one) that this model version has not scored in a succeeded run. @persist = 0 stores
-- nothing, not even the run. Call it outside a transaction: inside one, all it stores is part of that transaction,
-- and a failure rolls it back.
-- Without @alias the model's route says which rows which version scores, each in a run of its own; @run_id is the first of
-- them, and in ml.scoring_runs the others name it in call_run_id.
SET NOCOUNT ON;
SET XACT_ABORT ON;
SET IMPLICIT_TRANSACTIONS OFF;

DECLARE @started_at datetime = GETUTCDATE(), @model_version_id int, @version int, @sha256 binary(32),
    @bytes varbinary(max), @signature nvarchar(max), @missing nvarchar(128), @from datetime, @to datetime,
    @n_rows int, @first int = 1, @last int, @query nvarchar(max), @refusal nvarchar(max), @failure nvarchar(max),
    @number int, @text nvarchar(max), @message nvarchar(2048), @language nvarchar(128), @forgery nvarchar(max);
DECLARE @trusted nvarchar(max) = N'';
DECLARE @format nvarchar(20), @name nvarchar(128), @python_version nvarchar(20), @packages nvarchar(max),
    @sample nvarchar(max), @seal nvarchar(128), @seal_key nvarchar(64), @statement nvarchar(max) = N'',
    @is_pinned bit = CASE WHEN @trusted = N'' THEN 0 ELSE 1 END;

DECLARE @route_now int, @route_salt nvarchar(200), @is_shadow bit = 0, @in_transaction bit = CASE WHEN @@TRANCOUNT > 0 THEN 1 ELSE 0 END,
    @variant_nth int = 0, @variant_alias nvarchar(128), @variant_run bigint, @nothing_scored int, @variant_number int,
    @variant_text nvarchar(max);
-- Without @alias: as the model's route says, if it has one, else [champion]. @route_id is for the calls that this
-- procedure makes of itself, one for each alias of the route; which rows are whose, they find in #routed.
IF @alias IS NULL
    SELECT TOP (1) @route_now = CASE WHEN r.active = 1 THEN r.route_id END, @route_salt = CONCAT(DATALENGTH(m.name) / 2, N':', m.name)
    FROM ml.models AS m
    JOIN ml.routes AS r ON r.model_id = m.model_id
    WHERE m.name = @model
    ORDER BY r.route_id DESC;
IF @route_now IS NULL SET @alias = COALESCE(@alias, N'champion');
IF @route_id IS NULL
    CREATE TABLE #routed (
        [machineID] int NOT NULL,
        alias nvarchar(128) COLLATE DATABASE_DEFAULT NOT NULL
    );
ELSE IF OBJECT_ID(N'tempdb..#routed') IS NULL
    THROW 51007, N'@route_id is what the procedure says to itself: leave it out.', 1;
ELSE IF EXISTS (SELECT 1 FROM ml.route_shadows WHERE route_id = @route_id AND alias = @alias)
    SET @is_shadow = 1;

IF @route_now IS NOT NULL
BEGIN
    SELECT TOP (1) @variant_alias = g.alias
    FROM ml.route_ranges AS g
    WHERE g.route_id = @route_now AND NOT EXISTS (SELECT 1
        FROM ml.models AS m
        JOIN ml.model_aliases AS a ON a.model_id = m.model_id
        WHERE m.name = @model AND a.alias = g.alias);
    IF @variant_alias IS NOT NULL
    BEGIN
        SET @message = CONCAT(N'The route of model ''', @model, N''' gives a share to the alias ''', @variant_alias,
            N''', which no version has any more; nothing was scored: promote a version to it, or change the route (pymlsql route set).');
        THROW 51001, @message, 1;
    END;
    CREATE TABLE #variants (
        nth int NOT NULL PRIMARY KEY,
        alias nvarchar(128) COLLATE DATABASE_DEFAULT NOT NULL,
        is_shadow bit NOT NULL,
        run_id bigint NULL,
        is_scored bit NOT NULL,
        is_locked bit NOT NULL,
        first_row int NULL,
        last_row int NULL,
        number int NULL,
        error nvarchar(max) COLLATE DATABASE_DEFAULT NULL
    );
    -- What the calls score without storing it.
    CREATE TABLE #answers (
        [machineID] int NOT NULL,
        [datetime] datetime NOT NULL,
        [predicted] nvarchar(20) COLLATE DATABASE_DEFAULT NOT NULL,
        [p_none] float NOT NULL,
        [p_comp1] float NOT NULL,
        [p_comp2] float NOT NULL,
        [p_comp3] float NOT NULL,
        [p_comp4] float NOT NULL,
        [model_version] int NOT NULL
    );
    INSERT INTO #variants (nth, alias, is_shadow, is_scored, is_locked)
    SELECT ROW_NUMBER() OVER (ORDER BY a.is_shadow, a.n_slots DESC, a.alias), a.alias, a.is_shadow, 0, 0
    FROM (
        SELECT alias, 0 AS is_shadow, SUM(to_slot - from_slot + 1) AS n_slots
        FROM ml.route_ranges WHERE route_id = @route_now GROUP BY alias
        UNION ALL
        SELECT alias, 1, 0 FROM ml.route_shadows WHERE route_id = @route_now
    ) AS a;
    SET @run_id = NULL;
    BEGIN TRY
        INSERT INTO #routed ([machineID], alias)
        SELECT e.[machineID], g.alias
        FROM (SELECT d.[machineID], CAST(SUBSTRING(HASHBYTES('SHA2_256', CONCAT(@route_salt, CONVERT(nvarchar(41), d.[machineID]))), 1, 7) AS bigint) % 10000 AS slot
            FROM (SELECT DISTINCT t.[machineID] FROM [dbo].[FeaturesAndLabelsSlots] (@machine_id, @since, @until) AS t) AS d) AS e
        JOIN ml.route_ranges AS g ON g.route_id = @route_now AND e.slot BETWEEN g.from_slot AND g.to_slot
        OPTION (RECOMPILE);
        WHILE 1 = 1
        BEGIN
            SELECT @variant_alias = NULL, @variant_run = NULL;
            SELECT TOP (1) @variant_nth = nth, @variant_alias = alias
            FROM #variants
            WHERE nth > @variant_nth AND is_shadow = 0 AND alias IN (SELECT alias FROM #routed)
            ORDER BY nth;
            IF @variant_alias IS NULL BREAK;
            BEGIN TRY
                EXEC @nothing_scored = [dbo].[PredictFailures] @machine_id = @machine_id, @since = @since, @until = @until, @unscored = @unscored, @model = @model, @alias = @variant_alias, @persist = @persist,
                @run_id = @variant_run OUTPUT, @route_id = @route_now;
                UPDATE #variants
                SET run_id = @variant_run, is_scored = CASE WHEN @nothing_scored = 0 THEN 1 ELSE 0 END
                WHERE nth = @variant_nth;
            END TRY
            BEGIN CATCH
                -- Inside a caller's transaction all of it is rolled back, what the other versions have scored too.
                IF @in_transaction = 1 THROW;
                UPDATE #variants SET number = ERROR_NUMBER(), error = ERROR_MESSAGE() WHERE nth = @variant_nth;
            END CATCH;
        END;
        IF NOT EXISTS (SELECT 1 FROM #variants WHERE is_scored = 1 OR number IS NOT NULL)
        BEGIN
            SET @message = CASE
                WHEN @unscored = 1 THEN N'Nothing to score: the versions of the route have scored every row in the range already. '
                    + N'A job may take 51004 for success; to score again, leave @unscored out.'
                ELSE N'Nothing to score: no slot lies in the range. Compare @since, @until and the machine with the times in the feature view, and load data where they are missing.'
            END;
            THROW 51004, @message, 1;
        END;
        SET @run_id = (SELECT TOP (1) run_id FROM #variants WHERE is_shadow = 0 AND run_id IS NOT NULL ORDER BY nth);
        IF @run_id IS NOT NULL
        BEGIN
            BEGIN TRANSACTION;
            UPDATE ml.scoring_runs
            SET call_run_id = @run_id
            WHERE run_id IN (SELECT run_id FROM #variants WHERE is_shadow = 0 AND run_id IS NOT NULL);
            COMMIT TRANSACTION;
        END;
        SELECT TOP (1) @variant_alias = alias, @variant_number = number, @variant_text = error
        FROM #variants WHERE number IS NOT NULL ORDER BY nth;
        IF @variant_number IS NOT NULL
        BEGIN
            SET @message = LEFT(CONCAT(N'The alias ''', @variant_alias, N''' of the route of model ''', @model, N''': ', CASE WHEN @variant_number < 50000 THEN CONCAT(N'Msg ', @variant_number, N': ') END, LEFT(@variant_text, 1800),
                CASE WHEN @run_id IS NOT NULL THEN CONCAT(N' What the others had to score is stored (run ', @run_id,
                    N'): with @unscored = 1 the next call scores the rest.') END), 2048);
            IF @variant_number < 50000 SET @variant_number = 51009;
            THROW @variant_number, @message, 1;
        END;
        IF @persist = 1
            SELECT k.[machineID], k.[datetime], k.[predicted], k.[p_none], k.[p_comp1], k.[p_comp2], k.[p_comp3], k.[p_comp4], k.[model_version]
            FROM [dbo].[FailurePredictions] AS k
            WHERE k.run_id IN (SELECT run_id FROM #variants WHERE is_shadow = 0 AND run_id IS NOT NULL)
            ORDER BY k.[p_none], k.[machineID], k.[datetime];
        ELSE
            SELECT k.[machineID], k.[datetime], k.[predicted], k.[p_none], k.[p_comp1], k.[p_comp2], k.[p_comp3], k.[p_comp4], k.[model_version] FROM #answers AS k ORDER BY k.[p_none], k.[machineID], k.[datetime];
        SET @variant_nth = 0;
        WHILE @persist = 1
        BEGIN
            SELECT @variant_alias = NULL, @variant_run = NULL;
            SELECT TOP (1) @variant_nth = nth, @variant_alias = alias FROM #variants WHERE nth > @variant_nth AND is_shadow = 1 ORDER BY nth;
            IF @variant_alias IS NULL BREAK;
            IF @in_transaction = 1
            BEGIN
                RAISERROR(N'The shadow %s was left out: inside a transaction its failure would be the call''s.', 10, 1, @variant_alias);
                CONTINUE;
            END;
            BEGIN TRY
                EXEC @nothing_scored = [dbo].[PredictFailures] @machine_id = @machine_id, @since = @since, @until = @until, @unscored = @unscored, @model = @model, @alias = @variant_alias, @persist = @persist,
                @run_id = @variant_run OUTPUT, @route_id = @route_now;
                UPDATE ml.scoring_runs SET call_run_id = @run_id WHERE run_id = @variant_run;
            END TRY
            BEGIN CATCH
                SET @message = LEFT(CONCAT(N'The shadow ', @variant_alias, N' failed, which the call does not: Msg ', ERROR_NUMBER(), N': ', ERROR_MESSAGE()), 1800);
                RAISERROR(N'%s', 10, 1, @message);
            END CATCH;
        END;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN;
END;

DECLARE @columns nvarchar(max) = N'[{"name": "voltmean_3h", "sql_type": "float"}, {"name": "rotatemean_3h", "sql_type": "float"}, {"name": "pressuremean_3h", "sql_type": "float"}, {"name": "vibrationmean_3h", "sql_type": "float"}, {"name": "voltsd_3h", "sql_type": "float"}, {"name": "rotatesd_3h", "sql_type": "float"}, {"name": "pressuresd_3h", "sql_type": "float"}, {"name": "vibrationsd_3h", "sql_type": "float"}, {"name": "voltmean_24h", "sql_type": "float"}, {"name": "rotatemean_24h", "sql_type": "float"}, {"name": "pressuremean_24h", "sql_type": "float"}, {"name": "vibrationmean_24h", "sql_type": "float"}, {"name": "voltsd_24h", "sql_type": "float"}, {"name": "rotatesd_24h", "sql_type": "float"}, {"name": "pressuresd_24h", "sql_type": "float"}, {"name": "vibrationsd_24h", "sql_type": "float"}, {"name": "error1count", "sql_type": "int"}, {"name": "error2count", "sql_type": "int"}, {"name": "error3count", "sql_type": "int"}, {"name": "error4count", "sql_type": "int"}, {"name": "error5count", "sql_type": "int"}, {"name": "comp1", "sql_type": "float"}, {"name": "comp2", "sql_type": "float"}, {"name": "comp3", "sql_type": "float"}, {"name": "comp4", "sql_type": "float"}, {"name": "age", "sql_type": "int"}, {"name": "model_model1", "sql_type": "int"}, {"name": "model_model2", "sql_type": "int"}, {"name": "model_model3", "sql_type": "int"}, {"name": "model_model4", "sql_type": "int"}]';

DECLARE @classes nvarchar(max) = N'["none", "comp1", "comp2", "comp3", "comp4"]';

DECLARE @script nvarchar(max) = N'# Ed25519 signatures (RFC 8032, pure), verified with nothing but Python: a server''s Python need not have cryptography.
# It only verifies. Nothing here is secret, so that it need not take constant time.
import hashlib

ED_P = 2 ** 255 - 19
ED_L = 2 ** 252 + 27742317777372353535851937790883648493
ED_D = -121665 * pow(121666, ED_P - 2, ED_P) % ED_P
ED_ROOT = pow(2, (ED_P - 1) // 4, ED_P)


def ed_add(a, b):
    """The sum of two points in extended coordinates (X, Y, Z, T)."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % ED_P
    f = (a[1] + a[0]) * (b[1] + b[0]) % ED_P
    g = 2 * a[3] * b[3] * ED_D % ED_P
    h = 2 * a[2] * b[2] % ED_P
    return (f - e) * (h - g) % ED_P, (h + g) * (f + e) % ED_P, (h - g) * (h + g) % ED_P, (f - e) * (f + e) % ED_P


def ed_point(data):
    """The point that 32 bytes stand for, or None."""
    y = int.from_bytes(data, "little")
    sign = y >> 255
    y &= (1 << 255) - 1
    if y >= ED_P:
        return None
    square = (y * y - 1) * pow(ED_D * y * y + 1, ED_P - 2, ED_P) % ED_P
    x = pow(square, (ED_P + 3) // 8, ED_P)
    if (x * x - square) % ED_P:
        x = x * ED_ROOT % ED_P
    if (x * x - square) % ED_P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = ED_P - x
    return x, y, 1, x * y % ED_P


def ed_bytes(point):
    inverse = pow(point[2], ED_P - 2, ED_P)
    x, y = point[0] * inverse % ED_P, point[1] * inverse % ED_P
    return (y | (x & 1) << 255).to_bytes(32, "little")


ED_BASE = ed_point((4 * pow(5, ED_P - 2, ED_P) % ED_P).to_bytes(32, "little"))
ED_ZERO = (0, 1, 1, 0)


def ed25519_verify(key, message, signature):
    """Whether the 64 bytes of signature were made over message with the secret of the 32 bytes of key."""
    if len(key) != 32 or len(signature) != 64:
        return False
    point = ed_point(key)
    s = int.from_bytes(signature[32:], "little")
    if point is None or s >= ED_L:
        return False
    small = point
    for _ in range(3):
        small = ed_add(small, small)
    if small[0] == 0:  # of small order: anybody could sign for such a key
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ED_L
    minus = (ED_P - point[0], point[1], 1, ED_P - point[3])
    both = ed_add(ED_BASE, minus)
    found = ED_ZERO  # s * base - k * point, both multiples at once
    for bit in range(max(s.bit_length(), k.bit_length()) - 1, -1, -1):
        found = ed_add(found, found)
        which = (s >> bit & 1) + 2 * (k >> bit & 1)
        if which:
            found = ed_add(found, (None, ED_BASE, minus, both)[which])
    return ed_bytes(found) == signature[:32]

# Who vouched for a model''s bytes: the seal of its version, verified before anything is loaded.
# in:  model      varbinary   the bytes
#      statement  nvarchar    the other lines of what the seal is made over, put together by the procedure
#      seal       nvarchar    the signature in hex, empty where the version has none
#      seal_key   nvarchar    the public key in hex that it names
#      trusted    nvarchar    public keys in hex, as the procedure''s text pins them; empty where it asks for no seal


def find_forgery(data, statement, seal, seal_key, trusted):
    """Empty, or why these bytes may not be loaded."""
    keys = trusted.lower().split()
    if not keys:
        return ""
    if not seal:
        return "the version carries no seal"
    if seal_key.lower() not in keys:
        return f"its seal was made with the key {seal_key.lower()}, which this procedure does not trust"
    lines = f"pymlsql model 1\nbytes {hashlib.sha256(data).hexdigest().upper()}\n{statement}"
    key, signature = bytes.fromhex(seal_key), bytes.fromhex(seal)
    if not ed25519_verify(key, lines.encode("ascii"), signature):
        return "its seal is not over these bytes, name, signature, packages and sample: one of them was changed"
    return ""

# Makes a model of its pickle, and holds a model against its signature.
import pickle
import warnings


class Refusal(Exception):
    pass


def refusing_other_releases(load, data):
    """What load makes of data. A pickle of another scikit-learn is an error, not a warning: it may predict something
    else without a word, and better no number than a wrong one. The filters stay as they are but for what they hide:
    a server that keeps unpickled models ready gives them only where warnings are treated as ever."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.filters[:] = [row for row in warnings.filters if row[0] != "ignore"]
        found = load(data)
    for one in caught:
        if str(one.message).startswith("Trying to unpickle estimator"):
            raise one.message
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return found


def unpickled(data):
    return refusing_other_releases(pickle.loads, data)


def check_loaded(loaded, expected):
    """Refuse a model that is something else than its signature says."""
    if getattr(loaded, "is_graph", False):
        return
    names = getattr(loaded, "feature_names_in_", None)  # scikit-learn before 1.0 does not keep them
    if names is not None and [str(name) for name in names] != [column["name"] for column in expected["inputs"]]:
        raise Refusal("the model''s own input columns are not those of its signature, in that order")
    if expected["output"].get("kind", "classification") != "classification":
        if not hasattr(loaded, "predict"):
            raise Refusal("the stored bytes hold no model with predict")
        return
    if not hasattr(loaded, "predict_proba"):
        raise Refusal("the stored bytes hold no classifier with predict_proba")
    classes = [str(name) for name in loaded.classes_]
    if classes != expected["output"]["classes"]:
        raise Refusal("the model''s own classes are {}, its signature says {}".format(
            ", ".join(classes), ", ".join(expected["output"]["classes"])))

# Makes a model of its stored bytes: whatever the format, something with predict_proba or predict over named columns.
# Behind unpickling.py, one text with it.
import io

import numpy as np


def need(package, kind):
    """Import a package, or say in one sentence that the server lacks it."""
    try:
        return __import__(package)
    except ImportError as error:
        raise Refusal(f"the bytes are {kind}, and the server''s Python has no {package} ({error}): pip install "
                      f"{package} there, or store the model in another format") from error


class OnnxModel:
    """A graph of ONNX; columns go in by name, or as one matrix in the order of the signature."""

    is_graph = True

    def __init__(self, data, expected):
        runtime = need("onnxruntime", "onnx")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        self.names = [column["name"] for column in expected["inputs"]]
        self.classes_ = expected["output"].get("classes") or []

    def feed(self, frame):
        inputs = self.session.get_inputs()
        if len(inputs) == 1 and (inputs[0].name not in self.names or len(self.names) > 1):
            width = inputs[0].shape[-1] if len(inputs[0].shape) == 2 else None
            if isinstance(width, int) and width != len(self.names):
                raise Refusal(f"the graph takes {width} columns, the signature names {len(self.names)}")
            return {inputs[0].name: np.column_stack([self.tensor(frame[name], inputs[0]) for name in self.names])}
        unknown = [one.name for one in inputs if one.name not in self.names]
        if unknown:
            raise Refusal("the graph takes {}, which the signature does not name".format(", ".join(unknown)))
        return {one.name: self.tensor(frame[one.name], one).reshape(-1, 1) for one in inputs}

    def tensor(self, column, wanted):
        kind = wanted.type
        if kind == "tensor(string)":
            if column.isnull().any():
                raise Refusal(f"{column.name} holds NULL, which ONNX has no text for")
            return np.asarray(column.astype(str), dtype=object)
        types = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64,
                 "tensor(int32)": np.int32, "tensor(bool)": np.bool_}
        if kind not in types:
            raise Refusal(f"the graph takes {wanted.name} as {kind}, which no column gives")
        if kind not in ("tensor(float)", "tensor(double)") and column.isnull().any():
            raise Refusal(f"{column.name} holds NULL, and the graph takes {kind}")
        return np.asarray(column, dtype=types[kind])

    def predict(self, frame):
        return np.asarray(self.session.run(None, self.feed(frame))[0]).reshape(len(frame), -1)[:, 0]

    def predict_proba(self, frame):
        found = self.session.run(None, self.feed(frame))[-1]
        if isinstance(found, list):
            found = [{str(key): value for key, value in row.items()} for row in found]
            if any(sorted(row) != sorted(self.classes_) for row in found):
                raise Refusal("the graph''s own classes are not those of its signature")
            found = [[row[name] for name in self.classes_] for row in found]
        found = np.asarray(found, dtype=np.float64)
        if len(frame) == 0:
            found = found.reshape(0, len(self.classes_))
        if found.ndim != 2 or found.shape[1] != len(self.classes_):
            raise Refusal(f"the graph gives no probability for each of the {len(self.classes_)} classes")
        return found


def load_joblib(data):
    try:
        import joblib
    except ImportError:
        try:
            from sklearn.externals import joblib
        except ImportError:
            joblib = need("joblib", "joblib")
    return joblib.load(io.BytesIO(data))


def load_skops(data):
    need("skops", "skops")
    import skops.io

    odd = skops.io.get_untrusted_types(data=data)
    if odd:
        raise Refusal("skops does not trust what the bytes hold: {}".format(", ".join(sorted(odd))))
    return skops.io.loads(data)


def load_bytes(data, kind, expected):
    """The model in the bytes."""
    if kind == "pickle":
        return unpickled(data)
    if kind == "joblib":
        return refusing_other_releases(load_joblib, data)
    if kind == "cloudpickle":
        need("cloudpickle", kind)
        return unpickled(data)
    if kind == "dill":
        return refusing_other_releases(need("dill", kind).loads, data)
    if kind == "skops":
        return refusing_other_releases(load_skops, data)
    if kind == "onnx":
        return OnnxModel(data, expected)
    raise Refusal(f"the format {kind} is none that this procedure reads: apply it again (pymlsql apply)")

# Scores one chunk of rows with a stored classifier. Columns are bound by name, classes by name.
# in:  InputDataSet           row_no and the columns that the procedure selects
#      model      varbinary   the bytes
#      format     nvarchar    what they are: pickle, joblib, cloudpickle, dill, skops, onnx
#      signature  nvarchar    the model''s inputs (name, sql_type) and classes as JSON
#      columns    nvarchar    what the procedure selects, as JSON: [{"name", "sql_type"}] in the view''s order
#      classes    nvarchar    the procedure''s classes as JSON, in the order of its probability columns
#      statement, seal, seal_key, trusted: see seal.py
# out: OutputDataSet          row_no, predicted, one probability per class of the procedure
#      forgery    nvarchar    empty, or why these bytes were not loaded
#      refusal    nvarchar    empty, or why this model does not fit this procedure
#      failure    nvarchar    empty, or what the model raised, with its traceback
# Behind ed25519.py, seal.py, unpickling.py and model_bytes.py, one text with them.
import json
import traceback

import numpy as np
import pandas as pd


def base_type(sql_type):
    return sql_type.split("(")[0].strip().lower()


def bind_columns(inputs, selected):
    """The names of the model''s inputs, in its order, after a look at names and types."""
    types = {column["name"]: column["sql_type"] for column in selected}
    for column in inputs:
        name = column["name"]
        if name not in types:
            raise Refusal(f"the model takes the column {name}, which the feature view does not have")
        if base_type(column["sql_type"]) != base_type(types[name]):
            raise Refusal("the model was trained on {} as {}, and the feature view gives {}".format(
                name, column["sql_type"], types[name]))
    return [column["name"] for column in inputs]


def by_class(probabilities, own_classes, wanted):
    """Probability columns in the procedure''s order; 0 for a class that the model has never seen."""
    for name in own_classes:
        if name not in wanted:
            raise Refusal(f"the model knows the class {name}, which the procedure has no column for")
    ordered = np.zeros((len(probabilities), len(wanted)))
    for position, name in enumerate(own_classes):
        ordered[:, wanted.index(name)] = probabilities[:, position]
    return ordered


def score():
    expected = json.loads(signature)
    wanted = json.loads(classes)
    names = bind_columns(expected["inputs"], json.loads(columns))
    kind = expected["output"].get("kind", "classification")
    if kind != "classification":
        raise Refusal(f"the model gives {kind}, and this procedure stores classes")
    loaded = load_bytes(model, format, expected)
    check_loaded(loaded, expected)
    own_classes = expected["output"]["classes"]
    probabilities = by_class(np.asarray(loaded.predict_proba(InputDataSet[names])), own_classes, wanted)
    if not np.isfinite(probabilities).all():
        raise ValueError("predict_proba gave a probability that is not a number")
    predicted = np.array(wanted, dtype=object)[probabilities.argmax(axis=1)]
    return frame_of(InputDataSet["row_no"].values, predicted, probabilities)


def frame_of(row_no, predicted, probabilities):
    """Only the order of the columns counts for the procedure; their names are for people."""
    scored = pd.DataFrame({"row_no": row_no, "predicted": predicted}, columns=["row_no", "predicted"])
    for position in range(probabilities.shape[1]):
        scored[f"p_{position}"] = probabilities[:, position]
    return scored


refusal = ""
failure = ""
forgery = ""
try:
    forgery = find_forgery(model, statement, seal, seal_key, trusted)
    if not forgery:
        OutputDataSet = score()
except Refusal as error:
    refusal = str(error)
except Exception as error:
    failure = f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
if forgery or refusal or failure:
    OutputDataSet = frame_of(np.zeros(0, "int32"), np.zeros(0, object), np.zeros((0, len(json.loads(classes)))))
';

CREATE TABLE #slots (
    [machineID] int NOT NULL,
    [datetime] datetime NOT NULL
);
-- Numbers travel as float: an int that is NULL has no meaning to Python on SQL Server. Keys stay here; the script
-- gets and gives back row_no.
CREATE TABLE #features (
    row_no int NOT NULL PRIMARY KEY,
    [machineID] int NOT NULL,
    [datetime] datetime NOT NULL,
    [voltmean_3h] float NULL,
    [rotatemean_3h] float NULL,
    [pressuremean_3h] float NULL,
    [vibrationmean_3h] float NULL,
    [voltsd_3h] float NULL,
    [rotatesd_3h] float NULL,
    [pressuresd_3h] float NULL,
    [vibrationsd_3h] float NULL,
    [voltmean_24h] float NULL,
    [rotatemean_24h] float NULL,
    [pressuremean_24h] float NULL,
    [vibrationmean_24h] float NULL,
    [voltsd_24h] float NULL,
    [rotatesd_24h] float NULL,
    [pressuresd_24h] float NULL,
    [vibrationsd_24h] float NULL,
    [error1count] float NULL,
    [error2count] float NULL,
    [error3count] float NULL,
    [error4count] float NULL,
    [error5count] float NULL,
    [comp1] float NULL,
    [comp2] float NULL,
    [comp3] float NULL,
    [comp4] float NULL,
    [age] float NULL,
    [model_model1] float NULL,
    [model_model2] float NULL,
    [model_model3] float NULL,
    [model_model4] float NULL
);
CREATE TABLE #scored (
    row_no int NOT NULL PRIMARY KEY,
    predicted nvarchar(20) COLLATE DATABASE_DEFAULT NOT NULL,
    [p_none] float NOT NULL,
    [p_comp1] float NOT NULL,
    [p_comp2] float NOT NULL,
    [p_comp3] float NOT NULL,
    [p_comp4] float NOT NULL
);

SET @run_id = NULL;
BEGIN TRY
    SELECT @model_version_id = v.model_version_id, @version = v.version, @sha256 = v.sha256, @signature = v.signature,
        @language = v.language, @format = v.format, @name = m.name, @python_version = v.python_version,
        @packages = v.packages, @sample = COALESCE(v.sample, N''), @seal = COALESCE(CONVERT(nvarchar(128), v.seal, 2), N''),
        @seal_key = COALESCE(CONVERT(nvarchar(64), v.seal_key, 2), N'')
    FROM ml.models AS m
    JOIN ml.model_aliases AS a ON a.model_id = m.model_id
    JOIN ml.model_versions AS v ON v.model_id = a.model_id AND v.version = a.version
    WHERE m.name = @model AND a.alias = @alias;
    IF @model_version_id IS NULL
    BEGIN
        SET @message = CONCAT(N'No version of model ''', @model, N''' has the alias ''', @alias,
            N''': push one and promote it (pymlsql model push, pymlsql model promote).');
        THROW 51001, @message, 1;
    END;
    SELECT @bytes = data FROM ml.blobs WHERE sha256 = @sha256;
    IF HASHBYTES('SHA2_256', @bytes) <> @sha256
    BEGIN
        SET @message = CONCAT(N'The bytes of model ''', @model, N''' version ', @version,
            N' do not match their sha256: restore ml.blobs from a backup, or push the model again as a new version.');
        THROW 51002, @message, 1;
    END;
    IF @is_pinned = 1
    BEGIN
        SET @statement = CONCAT(
        N'model ', CONVERT(nvarchar(64), HASHBYTES('SHA2_256', @name), 2), NCHAR(10),
        N'format ', CONVERT(nvarchar(64), HASHBYTES('SHA2_256', @format), 2), NCHAR(10),
        N'python_version ', CONVERT(nvarchar(64), HASHBYTES('SHA2_256', @python_version), 2), NCHAR(10),
        N'packages ', CONVERT(nvarchar(64), HASHBYTES('SHA2_256', @packages), 2), NCHAR(10),
        N'signature ', CONVERT(nvarchar(64), HASHBYTES('SHA2_256', @signature), 2), NCHAR(10),
        N'sample ', CONVERT(nvarchar(64), HASHBYTES('SHA2_256', @sample), 2), NCHAR(10));
        IF @seal = N''
        BEGIN
            SET @message = CONCAT(N'Model ''', @name, N''' version ', @version,
                N' carries no seal, and this procedure runs sealed models only: push it again where there is a key (pymlsql keys create), or promote a sealed version.');
            THROW 51050, @message, 1;
        END;
    END;
    ELSE IF EXISTS (SELECT 1 FROM ml.policies WHERE name = N'require_signature' AND value = N'1')
        THROW 51052, N'The policy require_signature is on, and this procedure trusts no key: apply it with one (pymlsql apply --trust-key KEY).', 1;
    -- Who may not see the view's definition gets error 207 from the statements below instead of this sentence.
    SELECT TOP (1) @missing = wanted.name
    FROM (VALUES
        (N'voltmean_3h'),
        (N'rotatemean_3h'),
        (N'pressuremean_3h'),
        (N'vibrationmean_3h'),
        (N'voltsd_3h'),
        (N'rotatesd_3h'),
        (N'pressuresd_3h'),
        (N'vibrationsd_3h'),
        (N'voltmean_24h'),
        (N'rotatemean_24h'),
        (N'pressuremean_24h'),
        (N'vibrationmean_24h'),
        (N'voltsd_24h'),
        (N'rotatesd_24h'),
        (N'pressuresd_24h'),
        (N'vibrationsd_24h'),
        (N'error1count'),
        (N'error2count'),
        (N'error3count'),
        (N'error4count'),
        (N'error5count'),
        (N'comp1'),
        (N'comp2'),
        (N'comp3'),
        (N'comp4'),
        (N'age'),
        (N'model_model1'),
        (N'model_model2'),
        (N'model_model3'),
        (N'model_model4')
    ) AS wanted (name)
    WHERE OBJECT_ID(N'[dbo].[FeaturesAndLabels]') IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM sys.columns AS c
            WHERE c.object_id = OBJECT_ID(N'[dbo].[FeaturesAndLabels]') AND c.name = wanted.name);
    IF @missing IS NOT NULL
    BEGIN
        SET @message = CONCAT(N'dbo.FeaturesAndLabels has no column ', @missing,
            N', which this procedure was made for: apply view and procedure again (pymlsql apply).');
        THROW 51003, @message, 1;
    END;

    IF @unscored = 1
        INSERT INTO #slots ([machineID], [datetime])
        SELECT s.[machineID], s.[datetime]
        FROM [dbo].[FeaturesAndLabelsSlots] (@machine_id, @since, @until) AS s
        WHERE NOT EXISTS (SELECT 1
            FROM [dbo].[FailurePredictions] AS p
            JOIN ml.scoring_runs AS r ON r.run_id = p.run_id
            WHERE p.[datetime] = s.[datetime] AND p.[machineID] = s.[machineID]
                AND r.model_version_id = @model_version_id AND r.status = N'succeeded' AND r.is_shadow = @is_shadow)
            AND (@route_id IS NULL OR EXISTS (SELECT 1
            FROM #routed AS e
            WHERE e.[machineID] = s.[machineID] AND (e.alias = @alias OR @is_shadow = 1)))
        OPTION (RECOMPILE);
    ELSE IF @since IS NULL AND @until IS NULL
        INSERT INTO #slots ([machineID], [datetime])
        SELECT s.[machineID], MAX(s.[datetime])
        FROM [dbo].[FeaturesAndLabelsSlots] (@machine_id, @since, @until) AS s
        WHERE (@route_id IS NULL OR EXISTS (SELECT 1
            FROM #routed AS e
            WHERE e.[machineID] = s.[machineID] AND (e.alias = @alias OR @is_shadow = 1)))
        GROUP BY s.[machineID]
        OPTION (RECOMPILE);
    ELSE
        INSERT INTO #slots ([machineID], [datetime])
        SELECT s.[machineID], s.[datetime]
        FROM [dbo].[FeaturesAndLabelsSlots] (@machine_id, @since, @until) AS s
        WHERE (@route_id IS NULL OR EXISTS (SELECT 1
            FROM #routed AS e
            WHERE e.[machineID] = s.[machineID] AND (e.alias = @alias OR @is_shadow = 1)))
        OPTION (RECOMPILE);

    -- From here on @since and @until are the range that is read: no more than the slots need.
    SELECT @from = MIN([datetime]), @to = MAX([datetime]) FROM #slots;
    IF @from IS NULL
    BEGIN
        -- Another version of the route may have some.
        IF @route_id IS NOT NULL RETURN 1;
        SET @message = CASE
            WHEN @unscored = 1 THEN N'Nothing to score: this version has scored every slot in the range already. '
                + N'A job may take 51004 for success; to score again, leave @unscored out.'
            ELSE N'Nothing to score: no slot lies in the range. Compare @since, @until and the machine with the times in the feature view, and load data where they are missing.'
        END;
        THROW 51004, @message, 1;
    END;
    SELECT @since = @from, @until = @to;
    INSERT INTO #features (row_no, [machineID], [datetime],
        [voltmean_3h],
        [rotatemean_3h],
        [pressuremean_3h],
        [vibrationmean_3h],
        [voltsd_3h],
        [rotatesd_3h],
        [pressuresd_3h],
        [vibrationsd_3h],
        [voltmean_24h],
        [rotatemean_24h],
        [pressuremean_24h],
        [vibrationmean_24h],
        [voltsd_24h],
        [rotatesd_24h],
        [pressuresd_24h],
        [vibrationsd_24h],
        [error1count],
        [error2count],
        [error3count],
        [error4count],
        [error5count],
        [comp1],
        [comp2],
        [comp3],
        [comp4],
        [age],
        [model_model1],
        [model_model2],
        [model_model3],
        [model_model4])
    SELECT ROW_NUMBER() OVER (ORDER BY f.[machineID], f.[datetime]), f.[machineID], f.[datetime],
        f.[voltmean_3h],
        f.[rotatemean_3h],
        f.[pressuremean_3h],
        f.[vibrationmean_3h],
        f.[voltsd_3h],
        f.[rotatesd_3h],
        f.[pressuresd_3h],
        f.[vibrationsd_3h],
        f.[voltmean_24h],
        f.[rotatemean_24h],
        f.[pressuremean_24h],
        f.[vibrationmean_24h],
        f.[voltsd_24h],
        f.[rotatesd_24h],
        f.[pressuresd_24h],
        f.[vibrationsd_24h],
        f.[error1count],
        f.[error2count],
        f.[error3count],
        f.[error4count],
        f.[error5count],
        f.[comp1],
        f.[comp2],
        f.[comp3],
        f.[comp4],
        f.[age],
        f.[model_model1],
        f.[model_model2],
        f.[model_model3],
        f.[model_model4]
    FROM [dbo].[FeaturesAndLabelsFor] (@machine_id, @since, @until) AS f
    JOIN #slots AS s ON s.[machineID] = f.[machineID] AND s.[datetime] = f.[datetime]
    OPTION (RECOMPILE);
    SET @n_rows = @@ROWCOUNT;

    IF @persist = 1
    BEGIN
        INSERT INTO ml.scoring_runs (model_version_id, procedure_name, since, until, status, started_at,
            alias, route_id, is_shadow)
        VALUES (@model_version_id, N'dbo.PredictFailures', @since, @until, N'running', @started_at,
            @alias, @route_id, @is_shadow);
        SET @run_id = SCOPE_IDENTITY();
    END;

    WHILE @first <= @n_rows
    BEGIN
        SET @last = @first + 99999;
        IF @last > @n_rows SET @last = @n_rows;
        SET @query = CONCAT(N'SELECT row_no, [voltmean_3h], [rotatemean_3h], [pressuremean_3h], [vibrationmean_3h], [voltsd_3h], [rotatesd_3h], [pressuresd_3h], [vibrationsd_3h], [voltmean_24h], [rotatemean_24h], [pressuremean_24h], [vibrationmean_24h], [voltsd_24h], [rotatesd_24h], [pressuresd_24h], [vibrationsd_24h], [error1count], [error2count], [error3count], [error4count], [error5count], [comp1], [comp2], [comp3], [comp4], [age], [model_model1], [model_model2], [model_model3], [model_model4] FROM #features WHERE row_no BETWEEN ', @first, N' AND ', @last, N' ORDER BY row_no');
        INSERT INTO #scored (row_no, predicted, [p_none], [p_comp1], [p_comp2], [p_comp3], [p_comp4])
        EXEC sp_execute_external_script
            @language = @language,
            @script = @script,
            @input_data_1 = @query,
            @params = N'@model varbinary(max), @format nvarchar(20), @signature nvarchar(max), @columns nvarchar(max),
                @classes nvarchar(max), @statement nvarchar(max), @seal nvarchar(128), @seal_key nvarchar(64),
                @trusted nvarchar(max), @forgery nvarchar(max) OUTPUT, @refusal nvarchar(max) OUTPUT, @failure nvarchar(max) OUTPUT',
            @model = @bytes,
            @format = @format,
            @signature = @signature,
            @columns = @columns,
            @classes = @classes,
            @statement = @statement,
            @seal = @seal,
            @seal_key = @seal_key,
            @trusted = @trusted,
            @forgery = @forgery OUTPUT,
            @refusal = @refusal OUTPUT,
            @failure = @failure OUTPUT;
        IF @forgery <> N''
        BEGIN
            SET @message = CONCAT(N'Model ''', @model, N''' version ', @version, N' was not loaded: ', @forgery,
                N'. Push it again from where the trusted key is, or promote another version.');
            THROW 51051, @message, 1;
        END;
        IF @refusal <> N''
        BEGIN
            SET @message = CONCAT(N'Model ''', @model, N''' version ', @version, N' does not fit this procedure: ',
                LEFT(@refusal, 1500), N'. Train it on the feature view as it is, push and promote it.');
            THROW 51003, @message, 1;
        END;
        IF @failure <> N''
        BEGIN
            SET @message = CONCAT(N'The script failed on rows ', @first, N' to ', @last,
                N' (see ml.scoring_runs.error): ', LEFT(@failure, 1800));
            THROW 51005, @message, 1;
        END;
        IF (SELECT COUNT(*) FROM #scored WHERE row_no BETWEEN @first AND @last) <> @last - @first + 1
            THROW 51005, N'The script gave back other rows than it was given: apply the procedure again (pymlsql apply).', 1;

        IF @persist = 1
        BEGIN
            BEGIN TRANSACTION;
            INSERT INTO [dbo].[FailurePredictions] ([machineID], [datetime], predicted, [p_none], [p_comp1], [p_comp2], [p_comp3], [p_comp4],
                model_version, run_id, scored_at)
            SELECT f.[machineID], f.[datetime], s.predicted, s.[p_none], s.[p_comp1], s.[p_comp2], s.[p_comp3], s.[p_comp4], @version, @run_id, GETUTCDATE()
            FROM #scored AS s
            JOIN #features AS f ON f.row_no = s.row_no
            WHERE s.row_no BETWEEN @first AND @last;
            COMMIT TRANSACTION;
        END;
        SET @first = @last + 1;
    END;

    IF @persist = 1
        UPDATE ml.scoring_runs
        SET status = N'succeeded', rows = @n_rows, finished_at = GETUTCDATE(),
            duration_s = DATEDIFF(millisecond, @started_at, GETUTCDATE()) / 1000E0
        WHERE run_id = @run_id;
END TRY
BEGIN CATCH
    SELECT @number = ERROR_NUMBER(), @text = ERROR_MESSAGE();
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    IF @persist = 1 AND @model_version_id IS NOT NULL AND @number <> 51004
    BEGIN
        DELETE FROM [dbo].[FailurePredictions] WHERE run_id = @run_id;
        -- In a caller's transaction the rollback took the run as well: then it is written anew.
        UPDATE ml.scoring_runs
        SET status = N'failed', rows = 0, finished_at = GETUTCDATE(),
            duration_s = DATEDIFF(millisecond, @started_at, GETUTCDATE()) / 1000E0,
            error = CONCAT(N'Msg ', @number, N': ', COALESCE(NULLIF(@failure, N''), @text))
        WHERE run_id = @run_id;
        IF @@ROWCOUNT = 0
        BEGIN
            INSERT INTO ml.scoring_runs (model_version_id, procedure_name, since, until, status, rows, started_at,
                alias, route_id, is_shadow, finished_at, duration_s, error)
            VALUES (@model_version_id, N'dbo.PredictFailures', @since, @until, N'failed', 0, @started_at,
                @alias, @route_id, @is_shadow, GETUTCDATE(), DATEDIFF(millisecond, @started_at, GETUTCDATE()) / 1000E0,
                CONCAT(N'Msg ', @number, N': ', @text));
            SET @run_id = SCOPE_IDENTITY();
        END;
    END;
    -- 39000 to 39099 are the messages of external scripts: the script died, or Python could not be started.
    IF @number BETWEEN 39000 AND 39099
    BEGIN
        SET @message = LEFT(CONCAT(N'The script did not run to its end (external scripts switched off, Python not '
            + N'started, killed, or out of memory): Msg ', @number, N': ', @text), 2048);
        THROW 51005, @message, 1;
    END;
    THROW;
END CATCH;

IF @route_id IS NOT NULL
BEGIN
    IF @persist = 0 AND @is_shadow = 0
        INSERT INTO #answers ([machineID], [datetime], predicted, [p_none], [p_comp1], [p_comp2], [p_comp3], [p_comp4], model_version)
        SELECT f.[machineID], f.[datetime], s.predicted, s.[p_none], s.[p_comp1], s.[p_comp2], s.[p_comp3], s.[p_comp4], @version
        FROM #scored AS s
        JOIN #features AS f ON f.row_no = s.row_no;
    RETURN 0;
END;
SELECT f.[machineID], f.[datetime], s.predicted, s.[p_none], s.[p_comp1], s.[p_comp2], s.[p_comp3], s.[p_comp4], @version AS model_version
FROM #scored AS s
JOIN #features AS f ON f.row_no = s.row_no
ORDER BY s.[p_none], f.[machineID], f.[datetime];
END;
