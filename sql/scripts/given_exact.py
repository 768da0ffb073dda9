# Numbers of JSON for columns of exact numbers; a part of given.py, for those procedures that have such columns.
import decimal


def read_exact(value, base, digits):
    """Rounded as T-SQL rounds to the column's scale: half away from zero."""
    read_float(value, base, [])
    precision, scale = ([*digits, 0] if digits else EXACT[base])[:2]
    context = decimal.Context(prec=400, rounding=decimal.ROUND_HALF_UP)
    found = context.create_decimal(repr(value)).quantize(decimal.Decimal(1).scaleb(-scale), context=context)
    if abs(found) >= decimal.Decimal(10) ** (precision - scale):
        raise Wrong(f"takes {precision - scale} digits before the point ({base}), not {shown(value)}")
    return float(found)
