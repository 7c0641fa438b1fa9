/**
 * What is asked of Python's own parser, run by the python3 of a sandbox: where bugs can be put, and what a test consists of.
 * Standard input is one JSON request, standard output one JSON answer. Offsets are UTF-16 code units.
 */
const common = String.raw`
import ast, json, re, sys

class Source:
    def __init__(self, path, text):
        self.path, self.text = path, text
        self.lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", text)
        self.starts, at = [], 0
        for line in self.lines:
            self.starts.append(at)
            at += len(line)
        self.starts.append(at)
        self.tree = ast.parse(text)

    def at(self, line, column):
        """Index into text of ast's (line from 1, UTF-8 column)."""
        return self.starts[line - 1] + len(self.lines[line - 1].encode("utf-8")[:column].decode("utf-8"))
    def start(self, node):
        return self.at(node.lineno, node.col_offset)
    def end(self, node):
        return self.at(node.end_lineno, node.end_col_offset)
    def of(self, node):
        return self.text[self.start(node):self.end(node)]
    def line_start(self, line):
        return self.starts[line - 1]
    def utf16(self, index):
        return index if self.text.isascii() else len(self.text[:index].encode("utf-16-le")) // 2
`;

/** Request {PATH: TEXT}; answer: sites. */
export const pythonSites = String.raw`${common}
COMPARISONS = {ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="), ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"), ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is")}
ORDERINGS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
ARITHMETIC = {ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "+"), ast.FloorDiv: ("//", "*"), ast.Mod: ("%", "//"),
    ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"), ast.LShift: ("<<", ">>"), ast.RShift: (">>", "<<")}
# Swapping what these are given only ever raises.
PLAIN_CALLS = {"isinstance", "issubclass", "getattr", "setattr", "hasattr", "super", "zip", "type", "warn", "print"}

def whole(node):
    return isinstance(node, ast.Constant) and type(node.value) is int

def text_like(node):
    return isinstance(node, ast.JoinedStr) or isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))

class Sites(ast.NodeVisitor):
    def __init__(self, source):
        self.source, self.names, self.depth, self.found = source, [], 0, []
        # How many statements stand in the block that holds this one.
        self.company = {child: len(block) for node in ast.walk(source.tree) for block in
            (getattr(node, field, None) for field in ("body", "orelse", "finalbody")) if isinstance(block, list) for child in block}

    def add(self, kind, start, end, replacement):
        if self.depth == 0 or self.source.text[start:end] == replacement:
            return
        utf16 = self.source.utf16
        self.found.append({"path": self.source.path, "kind": kind, "start": utf16(start), "end": utf16(end),
            "replacement": replacement, "function": ".".join(self.names)})

    def replace(self, kind, node, replacement):
        self.add(kind, self.source.start(node), self.source.end(node), replacement)

    def operator(self, kind, left, right, old, new):
        """The operator between two nodes: where its text stands between them, but for brackets and comments."""
        start = self.source.end(left)
        gap = self.source.text[start:self.source.start(right)]
        pattern = r"\s+".join(map(re.escape, old.split(" ")))
        found = re.search(r"(?<!\w)" + pattern + r"(?!\w)" if old[0].isalpha() else pattern, gap)
        if "#" not in gap and found:
            self.add(kind, start + found.start(), start + found.end(), new)

    def shifted(self, kind, node):
        """Off by one: a number by its neighbours, anything else by adding to it."""
        if whole(node):
            self.replace(kind, node, str(node.value + 1))
            if node.value > 0:
                self.replace(kind, node, str(node.value - 1))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and whole(node.operand):
            self.replace(kind, node, str(-node.operand.value - 1))
        elif isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.BinOp)):
            self.replace(kind, node, self.source.of(node) + " + 1")
            self.replace(kind, node, self.source.of(node) + " - 1")

    def visit_ClassDef(self, node):
        self.names.append(node.name)
        self.body(node.body)
        self.names.pop()

    def visit_FunctionDef(self, node):
        self.names.append(node.name)
        self.depth += 1
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default is not None:
                self.default(default)
        self.body(node.body)
        self.depth -= 1
        self.names.pop()
    visit_AsyncFunctionDef = visit_FunctionDef

    def body(self, statements):
        for statement in statements:
            self.visit(statement)

    def default(self, node):
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            self.replace("wrong-default", node, str(not node.value))
        elif whole(node):
            self.replace("wrong-default", node, str(node.value + 1))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in ("", " ", ",", ", "):
            self.replace("wrong-default", node, '" "' if node.value != " " else '""')

    def visit_AnnAssign(self, node):
        if node.value is not None:
            self.visit(node.value)

    def visit_JoinedStr(self, node):
        """Before Python 3.12 the positions inside are wrong."""

    def visit_Assert(self, node):
        pass

    def visit_Raise(self, node):
        pass

    def visit_Compare(self, node):
        left = node.left
        for op, right in zip(node.ops, node.comparators):
            old, new = COMPARISONS[type(op)]
            self.operator("bound" if isinstance(op, ORDERINGS) else "operator", left, right, old, new)
            if isinstance(op, ORDERINGS) and whole(right):
                self.shifted("bound", right)
            left = right
        self.generic_visit(node)

    def visit_BinOp(self, node):
        if type(node.op) in ARITHMETIC and not text_like(node.left) and not text_like(node.right):
            self.operator("operator", node.left, node.right, *ARITHMETIC[type(node.op)])
        self.generic_visit(node)

    def visit_AugAssign(self, node):
        if isinstance(node.op, (ast.Add, ast.Sub)) and not text_like(node.value):
            old, new = ARITHMETIC[type(node.op)]
            self.operator("operator", node.target, node.value, old + "=", new + "=")
        self.generic_visit(node)

    def visit_BoolOp(self, node):
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:]):
            self.operator("operator", left, right, old, new)
        self.generic_visit(node)

    def visit_UnaryOp(self, node):
        if isinstance(node.op, ast.Not):
            start = self.source.start(node)
            self.add("operator", start, start + re.match(r"not\s*", self.source.text[start:]).end(), "")
        self.generic_visit(node)

    def visit_IfExp(self, node):
        self.replace("dropped-branch", node, self.source.of(node.body))
        self.replace("dropped-branch", node, self.source.of(node.orelse))
        self.generic_visit(node)

    def visit_If(self, node):
        source = self.source
        start = source.start(node)
        head = source.line_start(node.lineno)
        indent = source.text[head:start]
        own_lines = indent.strip() == "" and node.body[0].lineno > node.lineno
        if own_lines and source.text.startswith("elif", start):
            # What follows hangs on the branch before.
            self.add("dropped-branch", head, source.line_start(node.body[-1].end_lineno + 1), "")
        elif own_lines and not node.orelse and self.company[node] > 1:
            self.add("dropped-branch", head, source.line_start(node.end_lineno + 1), "")
        elif own_lines and not node.orelse:
            self.add("dropped-branch", start, source.end(node), "pass")
        if own_lines and node.orelse and not self.is_elif(node.orelse):
            for line in range(node.body[-1].end_lineno + 1, node.orelse[0].lineno):
                if source.lines[line - 1].strip().startswith("else"):
                    self.add("dropped-branch", source.line_start(line), source.line_start(node.orelse[-1].end_lineno + 1), "")
        self.generic_visit(node)

    def is_elif(self, orelse):
        return len(orelse) == 1 and isinstance(orelse[0], ast.If) and self.source.text.startswith("elif", self.source.start(orelse[0]))

    def visit_Subscript(self, node):
        if isinstance(node.slice, ast.Slice):
            for bound in (node.slice.lower, node.slice.upper):
                if bound is not None:
                    self.shifted("slice", bound)
        elif whole(node.slice) or isinstance(node.slice, ast.UnaryOp):
            self.shifted("slice", node.slice)
        self.generic_visit(node)

    def visit_Call(self, node):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        arguments = node.args
        if name == "range":
            for argument in arguments:
                self.shifted("bound", argument)
        elif name in ("get", "pop", "setdefault", "getattr") and len(arguments) >= 2:
            self.default(arguments[-1])
        if name not in PLAIN_CALLS and not any(isinstance(argument, ast.Starred) for argument in arguments):
            for a, b in zip(arguments, arguments[1:]):
                one, two = self.source.of(a), self.source.of(b)
                gap = self.source.text[self.source.end(a):self.source.start(b)]
                if gap.strip() == "," and one != two:
                    self.add("swapped-arguments", self.source.start(a), self.source.end(b), two + gap + one)
        for keyword in node.keywords:
            if isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, bool):
                self.default(keyword.value)
        self.generic_visit(node)

    def constant(self, node):
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            self.replace("wrong-constant", node, str(not node.value))
        elif whole(node):
            self.replace("wrong-constant", node, str(node.value + 1))

    def visit_Return(self, node):
        self.constant(node.value)
        self.generic_visit(node)

    def visit_Assign(self, node):
        self.constant(node.value)
        self.generic_visit(node)

sites = []
for path, text in sorted(json.load(sys.stdin).items()):
    source = Source(path, text)
    visitor = Sites(source)
    visitor.visit(source.tree)
    sites.extend(visitor.found)
json.dump(sites, sys.stdout)
`;

/**
 * Request [{path, text, names, line}]: a test by the names of what it lies in and its own, and the line on which it failed
 * (from 1; null: unknown). Answer, in the same order: null when it is not written out in the file, else `TestSource`.
 */
export const pythonTests = String.raw`${common}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

def find(source, names):
    """The node, its siblings, and all nodes of that name among them: the last one is the one that runs."""
    node = source.tree
    for depth, name in enumerate(names):
        kinds = FUNCTIONS if depth == len(names) - 1 else (ast.ClassDef,)
        found = [child for child in node.body if isinstance(child, kinds) and child.name == name]
        if not found:
            return None
        parent, node = node, found[-1]
    return parent, found

def removal(source, parent, found):
    edits = []
    for node in found:
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        edits.append((source.line_start(first), source.line_start(node.end_lineno + 1), ""))
    if len(found) == len(parent.body) and not isinstance(parent, ast.Module):
        start, end, _ = edits[-1]
        edits[-1] = (start, end, " " * parent.body[0].col_offset + "pass\n")
    return [{"start": source.utf16(start), "end": source.utf16(end), "replacement": text} for start, end, text in edits]

def dedent(source, first, last):
    lines = [line.rstrip("\r\n") for line in source.lines[first - 1:last]]
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return [line[margin:] for line in lines]

def innermost(statements, line):
    """The statement that holds the line, as deep as it goes."""
    for statement in statements:
        if statement.lineno <= line <= statement.end_lineno:
            for field in ("body", "orelse", "finalbody", "handlers"):
                inner = innermost(getattr(statement, field, []) or [], line)
                if inner is not None:
                    return inner
            return statement
    return None

def called(source, node):
    names = []
    for child in ast.walk(node):
        if isinstance(child, ast.Call) and isinstance(child.func, (ast.Name, ast.Attribute)):
            names.append(source.of(child.func))
    return names

def brought_in(source, used):
    """The imports of used names, each reduced to them and absolute, as they would stand in a file of one's own."""
    found = []
    for statement in source.tree.body:
        if not isinstance(statement, (ast.Import, ast.ImportFrom)):
            continue
        names = [alias for alias in statement.names if (alias.asname or alias.name.split(".")[0]) in used]
        if names and isinstance(statement, ast.Import):
            found.append(ast.unparse(ast.Import(names=names)))
        elif names:
            package = source.path.split("/")[:-1]
            above = package[:len(package) - statement.level + 1] if statement.level else []
            module = ".".join([*above, *filter(None, [statement.module])])
            found.append(ast.unparse(ast.ImportFrom(module=module or ".", names=names, level=0)))
    return found

def helpers(source, used):
    """Short definitions of the test's file that the steps use."""
    found = []
    for statement in source.tree.body:
        if isinstance(statement, FUNCTIONS):
            names = {statement.name}
        elif isinstance(statement, ast.Assign):
            names = {target.id for target in statement.targets if isinstance(target, ast.Name)}
        else:
            continue
        if names & used and not any(name.lower().startswith("test") for name in names):
            lines = dedent(source, statement.lineno, statement.end_lineno)
            if len(lines) <= 30:
                found.extend([*lines, ""])
    return found

def fixtures(source, parent, statements):
    """What the test's class defines for it."""
    if not isinstance(parent, ast.ClassDef):
        return []
    own = {child.attr for statement in statements for child in ast.walk(statement)
        if isinstance(child, ast.Attribute) and isinstance(child.value, ast.Name) and child.value.id == "self"}
    found = []
    for statement in parent.body:
        if isinstance(statement, FUNCTIONS) and statement.name in own | {"setUp", "setup_method"}:
            lines = dedent(source, statement.lineno, statement.end_lineno)
            if len(lines) <= 16 and not statement.name.startswith("test"):
                found.extend([*lines, ""])
    return found

def used_in(statements):
    return {child.id for statement in statements for child in ast.walk(statement) if isinstance(child, ast.Name)}

def describe(request):
    source = Source(request["path"], request["text"])
    found = find(source, request["names"])
    if found is None:
        return None
    parent, nodes = found
    node, line = nodes[-1], request["line"]
    body = node.body
    if len(body) > 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    failing = innermost(body, line) if line else None
    until = next((s for s in body if failing is not None and s.lineno <= failing.lineno <= s.end_lineno), body[-1])
    taken = [statement for statement in body if statement.lineno <= until.lineno]
    used = used_in(taken)
    context = helpers(source, used) + fixtures(source, parent, taken)
    for statement in source.tree.body:
        if isinstance(statement, FUNCTIONS) and statement.name in used and context:
            used |= used_in([statement])
    imports = [statement for statement in [*source.tree.body, *ast.walk(node)]
        if isinstance(statement, (ast.Import, ast.ImportFrom))]
    # The standard library and pytest are never what an issue is about.
    foreign = sys.stdlib_module_names | {"pytest"}
    imported = {(alias.asname or alias.name.split(".")[0]) for statement in imports for alias in statement.names
        if (getattr(statement, "module", None) or alias.name).split(".")[0] not in foreign or getattr(statement, "level", 0)}
    calls = called(source, failing) if failing is not None else []
    for statement in taken:
        calls += called(source, statement)
    return {
        "edits": removal(source, parent, nodes),
        "imports": brought_in(source, used),
        "helpers": context,
        "steps": dedent(source, body[0].lineno, until.end_lineno),
        "called": [name for name in calls if name.split(".")[0] in imported],
    }

json.dump([describe(request) for request in json.load(sys.stdin)], sys.stdout)
`;
