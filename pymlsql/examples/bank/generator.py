"""Calls of a bank made up from a seed: who is called, how, and whether the deposit is taken.

Categories are those of the well-known set. What decides here: age, balance, job, how the call was made, and how often
this customer was called before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

START = "2023-05-01 09:00"
SEED = 20230501
JOBS = {"admin.": 0.0, "blue-collar": -0.5, "management": 0.3, "retired": 0.9, "student": 1.0, "technician": 0.0}
"""What each adds to the log of the odds."""
MARITAL = ("divorced", "married", "single")
EDUCATION = ("primary", "secondary", "tertiary")
UNKNOWN_SHARE = 0.03


def generate(n_calls: int = 4_000, seed: int = SEED) -> dict[str, pd.DataFrame]:
    """The frame of dbo.BankCalls, by table; about one call in eight succeeds.

    The outcome of the last hundred calls is not known yet. The same arguments give the same data. Raises UsageError
    for fewer than 200 calls.
    """
    import numpy as np
    import pandas as pd

    if n_calls < 200:
        raise UsageError("The generator needs at least 200 calls.")
    rng = np.random.default_rng(seed)
    job = rng.choice(list(JOBS), n_calls)
    age = np.clip(rng.normal(41, 12, n_calls), 18, 90).round().astype("int64")
    balance = rng.gamma(1.2, 1_100, n_calls).round(2) - 300
    contact = rng.choice(["cellular", "telephone", "other"], n_calls, p=[0.65, 0.25, 0.1])
    campaign = rng.geometric(0.4, n_calls)
    odds = -2.7 + np.array([JOBS[name] for name in job]) + 0.3 * balance / 1_000 + 0.02 * (age - 41)
    odds += np.where(contact == "cellular", 0.5, -0.4) - 0.25 * (campaign - 1)
    taken = rng.random(n_calls) < 1 / (1 + np.exp(-odds))
    outcome = np.where(taken, "yes", "no").astype("object")
    duration = rng.gamma(2, np.where(taken, 250, 100)).round().astype("int64")
    outcome[-100:] = None
    frame = pd.DataFrame(
        {
            "callID": np.arange(1, n_calls + 1),
            "called_at": pd.date_range(START, periods=n_calls, freq="7min", unit="us"),
            "age": age,
            "job": job.astype("object"),
            "marital": rng.choice(MARITAL, n_calls, p=[0.12, 0.6, 0.28]).astype("object"),
            "education": rng.choice(EDUCATION, n_calls, p=[0.15, 0.52, 0.33]).astype("object"),
            "balance": balance,
            "contact": contact.astype("object"),
            "campaign": campaign.astype("int64"),
            "duration": duration,
            "y": outcome,
        }
    )
    frame.loc[rng.random(n_calls) < UNKNOWN_SHARE, "job"] = None
    return {"dbo.BankCalls": frame}
