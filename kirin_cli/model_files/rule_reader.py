"""Rules of a model from the YAML of its file: conditions and what they ask for, in the form that our own models use.

Each becomes one of the rules of `modelspec`. Every path in them must lead to a field, every value be one that it takes.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from kirin_cli.jobs.problems import ProblemCollector
from kirin_cli.jobs.yaml_nodes import YamlMapping, YamlSequence
from kirin_cli.model_files.field_reader import RULE
from kirin_cli.model_files.names import MAX_HELP, clean_text
from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.custom_rules import (
    max_seconds,
    no_mask_on_turned,
    once_each,
    points_inside,
    references,
    same_aspect_ratio,
    same_size,
)
from kirin_cli.modelspec.fields import CheckContext, Choice, Field, Number, NumberChoice
from kirin_cli.modelspec.request import field_at
from kirin_cli.modelspec.rules import (
    ALWAYS,
    All,
    Any,
    AnyItem,
    AnyRule,
    AtLeast,
    Condition,
    Has,
    Is,
    Not,
    OneNonZero,
    Rule,
    TogetherAtMost,
    Within,
    at_least_one,
    at_most_one,
)
from kirin_cli.modelspec.text import did_you_mean, join_or, quote
from kirin_cli.modelspec.types import assume_url

MAX_RULES: Final = 200
MAX_ITEMS: Final = 1000
"""Of two lists together."""
MAX_CONDITIONS: Final = 12
"""Conditions in one another."""
CONDITIONS: Final = (
    "has", "is", "any_item", "at_least", "together_at_most", "one_non_zero", "within", "all", "any", "not",
)  # fmt: skip
_MEDIA_RULES: Final = (
    "same_aspect_ratio", "no_mask_on_turned", "same_size", "points_inside", "once_each", "references",
)  # fmt: skip
FORMS: Final = ("needs", "at_least_one", "at_most_one", "one_of", "max_seconds", "require", *_MEDIA_RULES)
"""What a rule can be; each has one of these keys."""
_KEYS: Final = ("rule", "near_rule", "at", "message", "when", "leave_out", *FORMS)


class RuleFault(ValueError):
    """A rule that makes no sense, with the position of what is wrong (0: of the rule)."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class RuleReader:
    """Reads the rules of one file for its fields; what is wrong goes to `problems`, and the rule is left out.

    `references` has the lists that words in a text mean, once the rules were read.
    """

    def __init__(self, fields: tuple[Field, ...], problems: ProblemCollector) -> None:
        self._fields = fields
        self._problems = problems
        self.references: dict[str, str] = {}

    def rules(self, node: YamlMapping, key: str) -> tuple[AnyRule, ...]:
        """The rules of the list at `key`, in its order."""
        items = node.get(key)
        if items is None:
            return ()
        if not isinstance(items, YamlSequence) or len(items) > MAX_RULES:
            self._problems.add_error(node.position(key), f"{key} must be a list of at most {MAX_RULES} rules")
            return ()
        rules: list[AnyRule] = []
        for item, position in zip(items, items.positions, strict=True):
            try:
                rules += self._rule(item)
            except RuleFault as fault:
                self._problems.add_error(fault.position or position, fault.message)
        return tuple(rules)

    def _rule(self, node: object) -> Iterable[AnyRule]:
        if not isinstance(node, YamlMapping):
            raise RuleFault(f"a rule is a mapping, not {quote(node)}")
        self._problems.check_keys(node, _KEYS)
        forms = [key for key in node if key in FORMS]
        if len(forms) != 1:
            raise RuleFault(f"a rule has one of {join_or(FORMS)}; this one has {' and '.join(forms) or 'none'}")
        form, rule = forms[0], clean_text(str(node.get("rule") or RULE), 20)
        if form in _MEDIA_RULES:
            return self._media_rule(form, node, rule)
        match form:
            case "at_least_one" | "one_of":
                names = tuple(path for group in self._groups(node, form) for path in group)
                message = f"or {join_or(names[1:])} is required" if names[1:] else "is required"
                first = at_least_one(rule, names, self._message(node, message))
                return (first, *(at_most_one(rule, self._groups(node, form)) if form == "one_of" else ()))
            case "at_most_one":
                return at_most_one(rule, self._groups(node, form))
            case "max_seconds":
                return self._max_seconds(node, rule)
            case "needs":
                return (self._needs(node, rule),)
        return (self._required(node, rule),)

    def _needs(self, node: YamlMapping, rule: str) -> Rule:
        """What is `at` needs these values of other parameters."""
        at = self._at(node)
        values = self._mapping(node, "needs")
        needed = [self._is(name, values[name], values.position(name)) for name in values]
        default = " and ".join(f"{condition.path} {join_or(tuple(map(str, condition.values)))}" for condition in needed)
        given = Any(*map(Has, at))
        when = All(given, self.condition(node["when"], node.position("when"))) if "when" in node else given
        return Rule(rule, at, self._message(node, f"needs {default}"), requirement=All(*needed), when=when)

    def _required(self, node: YamlMapping, rule: str) -> Rule:
        if "message" not in node:
            raise RuleFault("a rule with require needs a message: what it asks, behind the name of the parameter")
        at = self._at(node)
        when = self.condition(node["when"], node.position("when")) if "when" in node else ALWAYS
        requirement = self.condition(node["require"], node.position("require"))
        items = tuple(item for item in _item_conditions(requirement, when) if item.name in at)
        return Rule(
            rule, at, self._message(node, ""), when=when, requirement=requirement, items=items,
            drop_field=node.get("leave_out") is True,
        )  # fmt: skip

    def _max_seconds(self, node: YamlMapping, rule: str) -> Iterable[AnyRule]:
        values, when = self._mapping(node, "max_seconds"), self.condition(node.get("when"), 0)
        if not isinstance(when, Is):
            raise RuleFault("max_seconds holds for values of one parameter: when: {mode: std}")
        near = clean_text(str(node.get("near_rule") or rule), 20)
        return [
            custom
            for path, seconds in values.items()
            for custom in max_seconds(rule, self._path(path, values.position(path)), _amount(seconds), when, near)
        ]

    def _media_rule(self, form: str, node: YamlMapping, rule: str) -> Iterable[AnyRule]:
        if form == "same_size":
            return (same_size(rule, self._paths(node[form], node.position(form))),)
        if form == "once_each":
            path = self._path(node[form], node.position(form))
            field = field_at(self._fields, path)
            return (once_each(rule, path, field.options if isinstance(field, Choice) else ()),)
        values = self._mapping(node, form)
        if form == "references":
            lists = self._mapping(values, "lists")
            by_word = {clean_text(word, 40): self._path(lists[word], lists.position(word)) for word in lists}
            near = clean_text(str(node.get("near_rule") or rule), 20)
            self.references |= by_word
            return references(rule, near, self._member(values, "text"), by_word)
        image = self._member(values, "image")
        if form == "points_inside":
            return (points_inside(rule, image, self._member(values, "points")),)
        masks = self._paths(values.get("masks"), node.position(form))
        if form == "no_mask_on_turned":
            return (no_mask_on_turned(rule, image, masks),)
        return (same_aspect_ratio(rule, image, masks, percent=int(_amount(values.get("percent", 1)))),)

    def _member(self, values: YamlMapping, key: str) -> str:
        """The path at a key of a rule's own mapping."""
        if key not in values:
            raise RuleFault(f"{key}: is missing in the rule")
        return self._path(values[key], values.position(key))

    def condition(self, node: object, position: int, depth: int = 0) -> Condition:
        """The condition that a mapping means: all of what it says; names of parameters with values mean `is`."""
        if depth > MAX_CONDITIONS:
            raise RuleFault(f"conditions are nested more than {MAX_CONDITIONS} deep", position)
        if not isinstance(node, YamlMapping) or not node:
            shape = "{mode: pro} or {has: image}"
            raise RuleFault(f"a condition is a mapping such as {shape}, not {quote(node)}", position)
        conditions = [
            self._operator(key, value, position, depth) if key in CONDITIONS else self._is(key, value, position)
            for (key, value), position in zip(node.items(), node.positions, strict=True)
        ]
        return conditions[0] if len(conditions) == 1 else All(*conditions)

    def _operator(self, key: str, value: object, position: int, depth: int) -> Condition:
        match key:
            case "has":
                paths = self._paths(value, position)
                return Has(paths[0]) if len(paths) == 1 else All(*map(Has, paths))
            case "not":
                return Not(self.condition(value, position, depth + 1))
            case "all" | "any":
                if not isinstance(value, YamlSequence) or not value:
                    raise RuleFault(f"{key} takes a list of conditions", position)
                parts = (self.condition(part, at, depth + 1) for part, at in zip(value, value.positions, strict=True))
                return All(*parts) if key == "all" else Any(*parts)
            case "one_non_zero":
                path = self._path(value, position)
                group = field_at(self._fields, path)
                if not isinstance(group, ObjectField):
                    raise RuleFault(f"{path} is no object; one_non_zero counts its members", position)
                return OneNonZero(path, tuple(field.name for field in group.fields))
        if not isinstance(value, YamlMapping) or not value:
            raise RuleFault(f"{key} takes a mapping of paths", position)
        if key == "together_at_most":
            return self._together(value, position)
        pairs = [self._pair(key, path, inner, value.position(path)) for path, inner in value.items()]
        return pairs[0] if len(pairs) == 1 else All(*pairs)

    def _together(self, value: YamlMapping, position: int) -> TogetherAtMost:
        names, items = self._paths(value.get("lists"), position), value.get("items")
        if len(names) != 2 or not all(isinstance(field_at(self._fields, name), ListField) for name in names):
            raise RuleFault("together_at_most counts the items of two lists: {lists: [a, b], items: 4}", position)
        if type(items) is not int or not 0 <= items <= MAX_ITEMS:
            raise RuleFault(f"items is {quote(items)}; it must be a whole number from 0 to {MAX_ITEMS}", position)
        return TogetherAtMost((names[0], names[1]), items)

    def _pair(self, key: str, path: str, value: object, position: int) -> Condition:
        """A condition about one path."""
        if key == "is":
            return self._is(path, value, position)
        if key == "any_item":
            name, _, member = path.partition(".")
            full = self._path(f"{name}[].{member}", position)
            if "." in member or not isinstance(field_at(self._fields, name), ListField):
                raise RuleFault(f"{quote(path)} is no member of an item of a list, such as image_list.type", position)
            return AnyItem(name, member, str(self._value(full, value, position)))
        path = self._path(path, position)
        if key == "at_least":
            if not isinstance(field_at(self._fields, path), ListField):
                raise RuleFault(f"{path} is no list; at_least counts its items", position)
            return AtLeast(path, int(_amount(value)))
        if not isinstance(value, list) or len(value) != 2:
            raise RuleFault(f"{path}: within takes two numbers, [least, most]; null for none", position)
        if not _is_number(field_at(self._fields, path)):
            raise RuleFault(f"{path} is no number; within holds numbers against bounds", position)
        low, high = (None if bound is None else _amount(bound) for bound in value)
        return Within(path, low, high)

    def _is(self, path: str, value: object, position: int) -> Is:
        path = self._path(path, position)
        values = value if isinstance(value, list) else [value]
        if not values:
            raise RuleFault(f"{path}: a value, or a list of values", position)
        return Is(path, *(self._value(path, item, position) for item in values))

    def _value(self, path: str, value: object, position: int) -> str | float:
        """A value as the parameter sends it."""
        context = CheckContext(assume_url)
        checked = field_at(self._fields, path).check(value, path, context)
        if context.problems or not isinstance(checked, str | int | float):
            why = context.problems[0].message if context.problems else f"{path} takes no plain value to compare with"
            raise RuleFault(why, position)
        return checked

    def _at(self, node: YamlMapping) -> tuple[str, ...]:
        if "at" not in node:
            raise RuleFault("a rule says at which parameter it stands: at: NAME")
        return self._paths(node["at"], node.position("at"))

    def _message(self, node: YamlMapping, default: str) -> str:
        message = node.get("message")
        return default if message is None else clean_text(str(message), MAX_HELP)

    def _mapping(self, node: YamlMapping, key: str) -> YamlMapping:
        value = node.get(key)
        if not isinstance(value, YamlMapping) or not value:
            raise RuleFault(f"{key} takes a mapping, not {quote(value)}", node.position(key) if key in node else 0)
        return value

    def _groups(self, node: YamlMapping, key: str) -> tuple[tuple[str, ...], ...]:
        value = node[key]
        if not isinstance(value, YamlSequence) or not value:
            raise RuleFault(f"{key} takes a list of parameters, or of lists of such", node.position(key))
        return tuple(self._paths(item, position) for item, position in zip(value, value.positions, strict=True))

    def _paths(self, value: object, position: int) -> tuple[str, ...]:
        items = value if isinstance(value, list) else [value]
        if not items:
            raise RuleFault("at least one parameter must be named", position)
        return tuple(self._path(item, position) for item in items)

    def _path(self, value: object, position: int) -> str:
        """A path that leads to a field. RuleFault with the nearest for any other."""
        if not isinstance(value, str):
            raise RuleFault(f"{quote(value)} is no parameter", position)
        try:
            field_at(self._fields, value)
        except KeyError:
            known = [field.name for field in self._fields]
            raise RuleFault(f"there is no parameter {quote(value)}{did_you_mean(value, known)}", position) from None
        return value


def _item_conditions(*conditions: Condition) -> Iterator[AnyItem]:
    """The conditions about items of lists, wherever they stand in these."""
    for condition in conditions:
        if isinstance(condition, AnyItem):
            yield condition
        elif isinstance(condition, All | Any | Not):
            yield from _item_conditions(*condition.conditions)


def _is_number(field: Field) -> bool:
    """Whether every value that a field takes is a number, or the text of one."""
    return isinstance(field, Number | NumberChoice) or (
        isinstance(field, Choice) and all(option.isdigit() for option in field.options)
    )


def _amount(value: object) -> float:
    """A number from 0 on. RuleFault for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e9 <= value <= 1e9:
        raise RuleFault(f"{quote(value)} is no number")
    return value
