"""What is wrong with a declaration, as a sentence for whoever wrote it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

_WANTED = {
    "missing": "it is missing",
    "string_type": "a text in quotes is wanted",
    "bool_type": "true or false is wanted",
    "bool_parsing": "true or false is wanted",
    "int_type": "a whole number is wanted",
    "int_parsing": "a whole number is wanted",
    "int_from_float": "a whole number is wanted",
    "float_type": "a number is wanted",
    "float_parsing": "a number is wanted",
    "tuple_type": "a list is wanted: [..., ...]",
    "list_type": "a list is wanted: [..., ...]",
    "dict_type": "a table is wanted: { ... }",
    "model_type": "a table is wanted: { ... }",
    "model_attributes_type": "a table is wanted: { ... }",
    "finite_number": "a finite number is wanted",
    "too_short": "at least {min_length} of them are wanted",
    "greater_than_equal": "at least {ge} is wanted",
    "greater_than": "more than {gt} is wanted",
    "less_than_equal": "at most {le} is wanted",
    "less_than": "less than {lt} is wanted",
    "literal_error": "one of {expected} is wanted",
    "union_tag_invalid": "one of {expected_tags} is wanted",
}


def suggest(name: str, known: Iterable[str]) -> str:
    """` (did you mean x?)` where a known name is close, and else what there is."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f" (did you mean {near[0]}?)"
    return f" (there are {', '.join(names)})" if names else ""


Path = tuple[str | int, ...]


def first_error(error: ValidationError, model: type[BaseModel]) -> tuple[Path, str, BaseException | None]:
    """The keys of the first thing that is wrong with values for `model`, what is wrong, and the exception behind it.

    The sentence has no full stop. What a validator of the model has raised is said in its own words.
    """
    errors: list[Any] = list(error.errors())
    first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])  # else its own key is missing
    place, context = tuple(first["loc"]), first.get("ctx", {})
    if first["type"] == "extra_forbidden":
        known = sorted({name for one in _models_at(model, place[:-1]) for name in _keys(one)})
        return place, f"there is no such key{suggest(str(place[-1]), known)}", None
    template = _WANTED.get(first["type"])
    message = template.format(**context) if template else str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    return place, message, context.get("error")


def _keys(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name


def _models_at(model: type[BaseModel], place: Path) -> list[type[BaseModel]]:
    """The models that may stand there; numbers and tags of unions are passed over."""
    models = [model]
    for part in place:
        fields = [one.model_fields[part] for one in models if isinstance(part, str) and part in one.model_fields]
        models = [found for field in fields for found in _models_in(field.annotation)] or models
    return models


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
