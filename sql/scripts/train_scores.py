# How good a fitted pipeline is on the test rows: metrics of the version, and what a run records of them.


def share(part, whole):
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def classification_scores(fitted, rows, told):
    names = [column["name"] for column in told["columns"]]
    truth = [str(value) for value in rows[told["label"]]]
    predicted = [str(value) for value in fitted.predict(rows[names])]
    known = [str(name) for name in fitted.classes_]
    labels = known + sorted(set(truth) - set(known))
    place = {name: number for number, name in enumerate(labels)}
    confusion = np.zeros((len(labels), len(labels)), dtype="int64")
    for one, other in zip(truth, predicted):
        confusion[place[one], place[other]] += 1
    right, support, found = confusion.diagonal().astype("float64"), confusion.sum(axis=1), confusion.sum(axis=0)
    precision, recall, f1 = share(right, found), share(right, support), share(2 * right, support + found)
    macro_f1 = float(f1[support > 0].mean())
    classes = [{"name": name, "precision": float(precision[i]), "recall": float(recall[i]), "f1": float(f1[i]),
                "support": int(support[i])} for i, name in enumerate(labels)]
    logged = {"test_macro_f1": macro_f1}
    logged.update(("test_f1 " + name, float(f1[i])) for i, name in enumerate(labels) if support[i])
    metrics = {"macro_f1": macro_f1, "classes": classes, "confusion": confusion.tolist()}
    return metrics, logged, {"classes": labels, "counts": confusion.tolist()}


def regression_scores(fitted, rows, told):
    truth = np.asarray(rows[told["label"]], dtype="float64")
    apart = np.asarray(fitted.predict(rows[[column["name"] for column in told["columns"]]]), dtype="float64") - truth
    found = {"rmse": math.sqrt(float((apart ** 2).mean())), "mae": float(np.abs(apart).mean())}
    spread = float(((truth - truth.mean()) ** 2).sum())
    if len(truth) >= 2 and spread > 0:
        found["r2"] = 1 - float((apart ** 2).sum()) / spread
    return found, {"test_" + name: value for name, value in found.items()}, None


def clustering_scores(fitted, rows, told):
    found = np.asarray(fitted.predict(rows[[column["name"] for column in told["columns"]]])).astype("int64")
    sizes = {str(number): int((found == number).sum()) for number in sorted(set(found.tolist()))}
    return {"clusters": sizes}, {"test_clusters": len(sizes)}, None


def anomaly_scores(fitted, rows, told):
    found = np.asarray(fitted.predict(rows[[column["name"] for column in told["columns"]]]))
    part = float((found < 0).mean())
    return {"anomalies": part}, {"test_anomalies": part}, None


SCORES = {"classification": classification_scores, "regression": regression_scores,
          "clustering": clustering_scores, "anomaly": anomaly_scores}
