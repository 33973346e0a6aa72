"""Programs that differ from a right one in one place, as a mistake would make them."""

import ast
import copy

OTHER_OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
OTHER_NAMES = {
    "max": "min",
    "min": "max",
    "sum": "mean",
    "mean": "sum",
    "floor": "ceil",
    "ceil": "floor",
    "argmax": "argmin",
    "argmin": "argmax",
    "zeros": "ones",
    "ones": "zeros",
    "rows": "columns",
    "exp": "abs",
    "log": "exp",
    "tanh": "sin",
}


def mutants(source):
    """Yield sources with one change: a number, an operator, a name, an order, a line less."""
    seen = {ast.unparse(ast.parse(source))}
    n_nodes = len(list(ast.walk(ast.parse(source))))
    for number in range(n_nodes):
        for change in _CHANGES:
            tree = ast.parse(source)
            node = list(ast.walk(tree))[number]
            for mutant in change(tree, node):
                try:
                    text = ast.unparse(ast.fix_missing_locations(mutant))
                except (AttributeError, ValueError):
                    continue
                if text not in seen:
                    seen.add(text)
                    yield text


def _other_constants(tree, node):
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        others = [not value]
    elif isinstance(value, int):
        others = [value + 1, value - 1, -value]
    elif isinstance(value, float):
        others = [2 * value + 1, -value, value / 2]
    elif isinstance(value, str):
        others = [value + "x", ""]
    else:
        others = [0]
    for other in others:
        node.value = other
        yield copy.deepcopy(tree)


def _other_operators(tree, node):
    if (
        isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign)
        and type(node.op) in OTHER_OPERATORS
    ):
        node.op = OTHER_OPERATORS[type(node.op)]()
        yield tree
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in OTHER_OPERATORS:
        node.ops[0] = OTHER_OPERATORS[type(node.ops[0])]()
        yield tree
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node.op = ast.UAdd()
        yield tree


def _other_names(tree, node):
    if isinstance(node, ast.Attribute) and node.attr in OTHER_NAMES:
        node.attr = OTHER_NAMES[node.attr]
        yield tree
    elif isinstance(node, ast.Name) and node.id in OTHER_NAMES:
        node.id = OTHER_NAMES[node.id]
        yield tree


def _other_orders(tree, node):
    parts = getattr(node, "elts", None) or getattr(node, "args", None)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv):
        node.left, node.right = node.right, node.left
        yield tree
    elif isinstance(parts, list) and len(parts) > 1:
        parts[0], parts[-1] = parts[-1], parts[0]
        yield tree


def _a_line_less(tree, node):
    body = getattr(node, "body", None)
    if isinstance(body, list) and len(body) > 1:
        for number in range(len(body)):
            shorter = copy.deepcopy(body)
            del shorter[number]
            node.body, before = shorter, node.body
            yield copy.deepcopy(tree)
            node.body = before


_CHANGES = (_other_constants, _other_operators, _other_names, _other_orders, _a_line_less)
