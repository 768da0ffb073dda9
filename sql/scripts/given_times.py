# Texts of JSON for columns of times; a part of given.py, for those procedures that have such columns.
import datetime
import re

MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d?)?)?)?$", re.ASCII)


def read_time(value, base):
    found = MOMENT.match(value) if isinstance(value, str) else None
    if found is None or (base == "date" and found.group(4)):
        form = "YYYY-MM-DD" if base == "date" else "YYYY-MM-DDThh:mm:ss"
        raise Wrong(f"takes a time ({base}) as \"{form}\", not {shown(value)}")
    parts = [int(one or 0) for one in found.groups()[:6]]
    micros = int((found.group(7) or "0").ljust(6, "0"))
    try:
        moment = datetime.datetime(*parts)
        if base == "datetime":  # 1/300 s, in which a millisecond ends in 0, 3 or 7
            ticks = (micros * 3 + 5000) // 10000
            moment += datetime.timedelta(milliseconds=(ticks * 10 + 1) // 3)
        elif base == "smalldatetime":
            is_next = parts[5] * 1000000 + micros >= 29999000
            moment = moment.replace(second=0) + datetime.timedelta(minutes=1 if is_next else 0)
    except (ValueError, OverflowError):
        raise Wrong(f"takes a time ({base}), and there is no {shown(value)}") from None
    first, last = TIMES[base]
    if not first <= moment.year <= last:
        raise Wrong(f"takes the years {first} to {last} ({base}), not {shown(value)}")
    return moment
