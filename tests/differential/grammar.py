"""Random programs over the whole language of configuration documents (see program.py for what a program is).

Few words are used again and again, so that rules match, ids collide, filters find their rules and values are excluded. Most documents are well
formed with odd corners; some are then damaged anywhere. Left out are, by name:

- `data` of a dynamic list as an empty array: crashes the reference (ruleset.md 1.7); program.py skips what damage makes of it;
- phrase lists with 255 or more distinct first bytes, phrases over 32,767 bytes: undefined in the reference (operators.md 3.3);
- more than 5 rule overrides of a kind in a builder: applied in an order that is random per process (ruleset.md 1.9);
- the highlight beside a redacted `db_type`: in clear in the reference (detectors.md 1.6); program.py does not compare it;
- obfuscators in documents that are rejected: stay in force in the reference; program.py ends such a program, as it does where the reference leaves
  elements that no path owns (ruleset.md 3.3);
- schemas as addresses: the types of an array are a set, whose order a rule could see;
- budgets other than none and plenty: what is reached in between depends on the machine.
"""
import random

from engine import INVALID_OBJECT, Heap, Many, Pairs, Unsigned

ADDRESSES = ["a", "a", "a", "b", "b", "c", "d", "e", "f"]
KEYS = ["k", "k", "x", "x", "y", "password", "token", "0", "K", "a-rather-long-key", b"\xff"]
WORDS = ["evil"] * 25 + ["EVIL", "good", "bob", "e v i l", "%65vil", "evil token=evil;sid=1", "ZXZpbA==", "\u00e9vil \u017f\u212a", "", "5", "-5", "true",
         "1.2.3.4", "10.0.0.7", "::1", "::ffff:1.2.3.4", "1 OR 1=1", "' OR 1=1 --", "<script>alert(1)</script>", "4242 4242 4242 4242", "\\x65vil", "&#101;vil",
         "/a/../evil?q=evil#x", "http://user@host:80/evil?x=1", "evil\x00evil", "a long text before the evil word and after it", b"\xff\xfeevil", b"\xc3evil\x80",
         b"\xf3\xa0\x81\xa1" * 4, "eyJhbGciOiJIUzI1NiJ9.eyJhIjoiZXZpbCIsInN1YiI6MX0.c2ln", "Mozilla/5.0", "GET", "session"]
SCENES = [("/var/www/../../etc/passwd", "../../etc/passwd"), ("/etc/passwd", "/etc/passwd"), ("SELECT * FROM t WHERE id = 1 OR 1=1", "1 OR 1=1"),
          ("SELECT a FROM b WHERE c = '' OR 1=1 --'", "' OR 1=1 --"), ("http://169.254.169.254/latest", "169.254.169.254"), ("http://evil.com/x?y=1", "http://evil.com/x"),
          ("ls -l; cat /etc/passwd", "; cat /etc/passwd"), ("ls -l $(whoami)", "$(whoami)"), (["/usr/bin/reboot", "-f"], "/usr/bin/reboot"), (["sh", "-c", "ls; id"], "ls; id")]
REGEXES = ["evil"] * 12 + ["^e", "l$", ".*", "", "e(v)il", "good|bob", "\\d+", "[a-e]+", "\\W", "\\bevil\\b", "(?i)EV", "x*", "^\\x{e9}", "[[:digit:]]{4}", "\\pL",
           "^\\d{4}", "(?s)e.*l", "(?:1|2)\\.", "(?-i)evil", "\\C"]
BAD_REGEXES = ["(", "(?=a)", "a++", "\\1", "[z-a]", "x{1001}", "(?:x{100}){100}", "*", "\\p{Foo}", b"\xff"]
TRANSFORMERS = ["lowercase", "removeNulls", "compress_whitespace", "normalizePath", "normalize_path_win", "urlDecode", "url_decode_iis", "cssDecode", "js_decode",
                "htmlEntityDecode", "base64Decode", "base64url_decode", "base64_encode", "cmdLine", "url_basename", "_sqr_filename", "url_querystring",
                "remove_comments", "unicode_normalize", "keys_only", "keys_only", "values_only", "values_only"]
OPERATORS = ["match_regex"] * 25 + ["match_regex_with_checksum", "phrase_match", "phrase_match", "exact_match", "exact_match", "ip_match", "ip_match", "equals", "equals",
             "greater_than", "lower_than", "is_sqli", "is_xss", "hidden_ascii_match", "exists", "exists"]
NEGATED = ["!match_regex", "!match_regex_with_checksum", "!phrase_match", "!exact_match", "!ip_match", "!equals", "!exists", "!exists"]
DETECTORS = ["lfi_detector", "sqli_detector", "ssrf_detector", "shi_detector", "cmdi_detector", "lfi_detector@v2", "sqli_detector@v3", "ssrf_detector@v3"]
ODD_OPERATORS = ["teleport", "!is_xss", "!", "", "lfi_detector@v9", "cmdi_detector@v2", "lfi_detector@1", "match_regex@v1", "exists@v7", "lfi_detector@vx", "!lfi_detector"]
MODULES = ["waf", "rasp", "network-acl", "authentication-acl", "custom-acl", "configuration", "business-logic", "foo"]
ACTIONS = ["block", "act1", "act2", "redir", "stack_trace", "extract_schema", "monitor", "undefined"]
ACTION_TYPES = ["block_request", "block_request", "redirect_request", "redirect_request", "generate_stack", "generate_schema", "monitor", "mytype", "mytype", ""]
LOCATIONS = ["/path?x=1#f", "//host/path", "http:/x", "https:///x", "http://[::1]/", "HTTP://a.b", "ftp://a.b", "javascript:alert(1)", "path", "", "http://a.b:99999/", "/ path"]
VERSIONS = ["1.0.0", "2.1.0", "2.0.9", "2.1.0-rc", "2.1.1", "3.0.0", "0.0.0", "999.999.999", "2.1", "2.1.0.1", "x.1.2", "1000.0.0", "", "2.1.x"]
GENERATORS = {"extract_schema": ["inputs"], "jwt_decode": ["inputs"], "uri_parse": ["inputs"], "http_header_fingerprint": ["headers"],
              "http_network_fingerprint": ["headers"], "http_endpoint_fingerprint": ["method", "uri_raw", "query", "body"],
              "session_fingerprint": ["cookies", "session_id", "user_id"]}
NUMBERS = [0, 1, 5, 5, 5, -5, -1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), Unsigned(5), Unsigned(0), Unsigned(2**63), Unsigned(2**64 - 1)]
FLOATS = [5.0, 5.01, 4.995, 0.0, -0.0, 1.5, -5.5, 1e15, 1e16, 1e-5, 0.1, 2.0**53, 2.0**64, -(2.0**63), 1e308, 5e-324, float("nan"), float("inf"), float("-inf")]
JUNK = [None, True, False, 0, 1, -1, Unsigned(7), Unsigned(2**64 - 1), 1.5, 5.0, float("nan"), "", "x", "true", "12", b"\xff", [], [None], ["x"], [[]], [{}], {}, {"": 1},
        {"k": None}, {"x": "y"}, INVALID_OBJECT]
PATHS = [b"p", b"p", b"q", b"a/long/configuration/path", b"\x00\xff"]
MEMBERS = ["id", "name", "tags", "type", "module", "conditions", "operator", "parameters", "inputs", "address", "key_path", "transformers", "on_match", "enabled", "output",
           "event", "keep", "attributes", "value", "rules_target", "rule_id", "data", "list", "min_version", "status_code", "location", "key", "mappings"]


class Grammar:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.overrides = 0

    # Choices.

    def chance(self, p):
        return self.random.random() < p

    def pick(self, choices):
        return self.random.choice(choices)

    def many(self, make, low, high):
        return [make() for _ in range(self.random.randint(low, high))]

    def number(self, n):
        """Usually as JSON readers lay it out; or as the other integer type, a float or a string."""
        roll = self.random.random()
        if roll < 0.8:
            return Unsigned(n) if n >= 0 else n
        return n if roll < 0.87 else float(n) if roll < 0.94 else str(n)

    def maybe(self, fields, p, **more):
        for key, make in more.items():
            if self.chance(p):
                fields[key] = make()
        return fields

    # Programs.

    def program(self):
        steps, paths = [], []
        for _ in range(self.pick([1, 1, 1, 2, 2, 3, 4, 6])):
            roll = self.random.random()
            if paths and roll < 0.12:
                steps.append(("remove", self.pick(paths + PATHS)))
            elif roll < 0.2:
                steps.append(("paths", self.pick([None, b"", b"p", b"^q$", b"long", b"(", b"\xff", b"."])))
            else:
                path = self.pick(PATHS)
                paths.append(path)
                steps.append(("add", path, self.document()))
            if self.chance(0.6):
                steps.append(self.build())
        if self.chance(0.3):
            steps.append(("paths", None))
        return steps + [self.build()]

    def build(self):
        style = [word for word, p in (("allocator", 0.1), ("handle first", 0.3), ("context first", 0.3)) if self.chance(p)]
        return "build", style, self.many_runs()

    def many_runs(self):
        runs, scopes, owned = [], ["context"], self.chance(0.2)
        for number in range(self.pick([1, 2, 3, 4, 5, 6, 8])):
            scope = self.pick(scopes + ["context"])
            if self.chance(0.25):
                scope = f"sub{len(scopes)}"
                scopes.append(scope)
            elif scope != "context" and self.chance(0.1):
                runs.append({"scope": scope, "end": True})
                continue
            run = {"scope": scope}
            if self.chance(0.12):
                run["batches"] = self.many(self.input, 0, 4)
            elif scope == "context" or self.chance(0.8):
                run["input"] = self.input()
            if self.chance(0.05):
                run["timeout"] = self.pick([0, 0, 2**64 - 1, 2**63])
            if owned and self.chance(0.7):
                run["owned"] = True
            elif runs and self.chance(0.08):
                run["again"] = self.random.randrange(number)
            if self.chance(0.01):
                run.pop("batches", None)
                run["input"] = self.pick([None, "x", [], ["x"], 5, Pairs([("", "evil"), ("a", "evil")])])
            elif self.chance(0.005):
                run.pop("input", None)
                run["batches"] = self.pick([{}, "x", [{"a": "evil"}, "x"], [[]]])
            runs.append(run)
        return runs

    # Input.

    def input(self):
        values = {self.pick(ADDRESSES): self.value(0) for _ in range(self.pick([0, 1, 1, 2, 3, 4, 5]))}
        if self.chance(0.3):
            resource, param = self.pick(SCENES)
            values[self.pick("abcde")] = resource
            values[self.pick("abcd")] = self.pick([param, {"k": param}, [["x", param]], {param if isinstance(param, str) else "k": 1}])
            if self.chance(0.5):
                values["f"] = self.pick(["mysql", "sqlite", "postgresql", "oracle", "foo"])
        if self.chance(0.05):
            values["unknown"] = self.value(0)
        if self.chance(0.03):
            pairs = Pairs(values.items())
            pairs.append((self.pick(ADDRESSES + [""]), self.value(0)))
            return pairs
        return values

    def value(self, depth):
        roll = self.random.random()
        if roll < (0.5 if depth == 0 else 0.6 + depth * 0.1):
            return self.scalar()
        if roll < 0.995 or depth:
            size = self.pick([0, 1, 1, 2, 2, 3])
            if roll < 0.75:
                return [self.value(depth + 1) for _ in range(size)]
            pairs = [(self.pick(KEYS), self.value(depth + 1)) for _ in range(size)]
            return Pairs(pairs) if self.chance(0.1) else dict(pairs)
        roll = self.random.random()
        if roll < 0.1:
            return Many(70_000, self.pick(["x", 5, None]), "evil")
        if roll < 0.4:
            return self.pick(["x" * 100_000 + " evil", "evil " * 500, b"\xff" * 5_000, "%2565" * 1_000 + "vil"])
        if roll < 0.7:
            return {f"key{i}": self.scalar() for i in range(self.pick([20, 300]))}
        value = "evil"
        for _ in range(self.pick([25, 200])):
            value = self.pick([[value], {"k": value}])
        return value

    def scalar(self):
        roll = self.random.random()
        if roll < 0.72:
            word = self.pick(WORDS)
            return Heap(word.encode() if isinstance(word, str) else word) if self.chance(0.05) else word
        if roll < 0.82:
            return self.pick(NUMBERS)
        if roll < 0.9:
            return self.pick(FLOATS)
        return self.pick([True, False, None, "evil", INVALID_OBJECT]) if roll < 0.98 else self.mutated(self.pick(WORDS))

    def mutated(self, text):
        text = bytearray(text.encode() if isinstance(text, str) else text)
        for _ in range(self.pick([1, 2, 4])):
            at = self.random.randint(0, len(text))
            text[at : at + self.pick([0, 1])] = bytes([self.random.randrange(256)]) * self.pick([1, 1, 3])
        return bytes(text)

    # Documents.

    def document(self):
        document = {}
        if self.chance(0.8):
            document["version"] = self.pick(["2.2"] * 20 + ["2.1", "", "2.x", "02.1", "1.0", "2", "3.1", "a.b", None, 2.2])
        self.maybe(document, 0.1, metadata=lambda: {"rules_version": self.pick(["1.2.3", "1.2.3", "", "x", None])})
        self.maybe(document, 0.35, actions=lambda: self.many(self.action, 0, 4))
        self.maybe(document, 0.85, rules=lambda: self.rules())
        self.maybe(document, 0.12, rules_compat=lambda: self.many(self.rule, 0, 3))
        self.maybe(document, 0.25, custom_rules=lambda: self.many(self.rule, 0, 4))
        self.maybe(document, 0.25, rules_data=lambda: self.many(self.dynamic_list, 0, 3))
        self.maybe(document, 0.12, exclusion_data=lambda: self.many(self.dynamic_list, 0, 2))
        if self.overrides < 4 and self.chance(0.2):
            document["rules_override"] = self.many(self.override, 0, 2)
            self.overrides += len(document["rules_override"])
        self.maybe(document, 0.25, exclusions=lambda: self.many(self.exclusion, 0, 3))
        self.maybe(document, 0.25, processors=lambda: self.many(self.processor, 0, 3))
        self.maybe(document, 0.1, processor_overrides=lambda: self.many(self.processor_override, 0, 2))
        self.maybe(document, 0.12, scanners=lambda: self.many(self.scanner, 0, 3))
        self.maybe(document, 0.15, obfuscator=self.obfuscator)
        if self.chance(0.2):
            items = list(document.items())
            self.random.shuffle(items)
            document = dict(items)
        for _ in range(self.pick([1, 1, 2, 4]) if self.chance(0.18) else 0):
            document = self.damage(document)
        if self.chance(0.01):
            document = self.pick(JUNK)
        return document

    def rules(self):
        if self.chance(0.03):
            return [self.simple_rule(f"rule-{i:03}") for i in range(self.pick([30, 60, 150]))]
        return self.many(self.rule, 1, 9)

    def simple_rule(self, name):
        rule = {"id": name, "name": name, "tags": {"type": self.pick(["t1", "t2", "t3", f"t{name}"])},
                "conditions": [{"operator": "match_regex", "parameters": {"inputs": [{"address": self.pick("abc")}], "regex": self.pick(["evil", "^e", "good"])}}]}
        self.maybe(rule["tags"], 0.2, module=lambda: self.pick(MODULES))
        return self.maybe(rule, 0.1, on_match=lambda: ["block"])

    def identifier(self, prefix, count):
        roll = self.random.random()
        if roll < 0.97:
            return f"{prefix}{self.random.randint(1, count)}"
        return self.pick(["", Unsigned(5), -5, 1.5, True, b"\xff", f"{prefix}-with-a-long-name"])

    def tags(self):
        tags = {"type": self.pick(["t1", "t1", "t2", "t3", ""])}
        self.maybe(tags, 0.35, module=lambda: self.pick(MODULES))
        self.maybe(tags, 0.2, category=lambda: self.pick(["c1", "c2", Unsigned(5), True]))
        return self.maybe(tags, 0.05, long_tag_with_a_name=lambda: self.pick(["v", 1.5, "a long value of a tag"]))

    def rule(self):
        rule = {"id": self.identifier("r", 12), "name": self.pick(["n", "a rule with a long name", Unsigned(5)]), "tags": self.tags(),
                "conditions": self.many(lambda: self.condition("rules"), 1, 1 if self.chance(0.8) else 3)}
        self.maybe(rule, 0.1, transformers=self.transformers)
        self.maybe(rule, 0.4, on_match=lambda: self.many(lambda: self.pick(ACTIONS), 0, 4))
        self.maybe(rule, 0.25, output=self.output)
        self.maybe(rule, 0.07, enabled=lambda: self.pick([True, False, "true", "FALSE", "no"]))
        return self.versions(rule)

    def versions(self, element):
        self.maybe(element, 0.04, min_version=lambda: self.pick(VERSIONS))
        return self.maybe(element, 0.04, max_version=lambda: self.pick(VERSIONS))

    def output(self):
        output = self.maybe({}, 0.5, event=lambda: self.pick([True, False, False]), keep=lambda: self.pick([True, False]))
        if self.chance(0.8):
            output["attributes"] = {self.pick(["t1", "t2", "t3", "a.rather.long.attribute"]): self.attribute() for _ in range(self.pick([0, 1, 1, 2, 3]))}
        return output

    def attribute(self):
        if self.chance(0.4):
            return {"value": self.pick(["v", Unsigned(5), -5, 1.5, True, 2**64 - 1, 5, "", "a long text of an attribute", float("nan"), -0.0])}
        body = {"address": self.pick(ADDRESSES)}
        return self.maybe(body, 0.5, key_path=self.key_path)

    def key_path(self):
        return self.many(lambda: self.pick(KEYS + ["k", "x", "x", 0, 0, 1, -1, -1, -2, Unsigned(0), Unsigned(1)] + ([1.5, None, True] if self.chance(0.1) else [])), 0, 3)

    def transformers(self):
        count = self.pick([0, 1, 1, 1, 2, 3]) if self.chance(0.97) else self.pick([10, 11])
        return [self.pick(TRANSFORMERS) if self.chance(0.99) else "nothing" for _ in range(count)]

    def target(self):
        target = {"address": self.pick(ADDRESSES)}
        if self.chance(0.04):
            target["address"] = self.pick(["waf.context.event", "out1", "out2", "", Unsigned(5), "an address nobody sends"])
        self.maybe(target, 0.15, key_path=self.key_path)
        return self.maybe(target, 0.15, transformers=self.transformers)

    def condition(self, kind):
        roll = self.random.random()
        if roll < 0.8:
            operator = self.pick(OPERATORS)
        elif roll < 0.88:
            operator = self.pick(NEGATED)
        elif roll < 0.98:
            operator = self.pick(DETECTORS)
        else:
            operator = self.pick(ODD_OPERATORS)
        return {"operator": operator, "parameters": {**self.parameters(operator.lstrip("!").partition("@")[0], kind), **self.arguments(operator)}}

    def arguments(self, operator):
        name = operator.partition("@")[0]
        if name.endswith("_detector"):
            arguments = {"resource": [self.target()], "params": self.many(self.target, 1, 3)}
            if name == "sqli_detector":
                arguments["db_type"] = [{"address": self.pick("fffa")}]
            return arguments
        single = operator.startswith("!") and self.chance(0.98)
        return {"inputs": self.many(self.target, 1, 1) if single else self.many(self.target, 1, 3) if self.chance(0.98) else []}

    def parameters(self, operator, kind):
        if operator.startswith("match_regex"):
            parameters = {"regex": self.pick(REGEXES) if self.chance(0.97) else self.pick(BAD_REGEXES + [Unsigned(5), 1.5])}
            if self.chance(0.3):
                parameters["options"] = self.maybe({}, 0.5, case_sensitive=lambda: self.pick([True, False, "true"]), min_length=lambda: self.number(self.pick([0, 1, 4, 5, 20, -1])))
            if operator.endswith("checksum"):
                parameters["checksum"] = "luhn" if self.chance(0.97) else "md5"
            return parameters
        if operator == "phrase_match":
            parameters = {"list": self.many(lambda: self.pick(["evil", "evil", "vil", "ev", "evilx", "good", "bob", "OR", "a", b"\xff", "x" * 300]), 0, 4)}
            if self.chance(0.03):
                parameters["list"].append(self.pick(["", 5, None]))
            return self.maybe(parameters, 0.3, options=lambda: {"enforce_word_boundary": self.pick([True, False])})
        if operator in ("exact_match", "ip_match"):
            if self.chance(0.5) and kind != "literal":
                return {"data": self.pick(["d1", "d1", "d2", "d3", "nowhere", ""])}
            words = ["evil", "good", "bob", "", "EVIL", "5"] + ([5, 1.5, True] if self.chance(0.2) else [])
            return {"list": self.many(lambda: self.pick(words if operator == "exact_match" else ["1.2.3.4", "10.0.0.0/8", "::1", "::/0", "0.0.0.0/0", "x", "1.2.3.4/33", " 1.2.3.4"]), 0, 4)}
        if operator in ("equals", "greater_than", "lower_than"):
            type_ = self.pick(["unsigned", "signed", "float"] + (["string", "string", "boolean"] if operator == "equals" else []) + (["foo"] if self.chance(0.05) else []))
            value = {"unsigned": lambda: self.number(self.pick([0, 5, 5, 2**63, 2**53 + 1])), "signed": lambda: self.number(self.pick([5, -5, 0, -(2**63)])),
                     "float": lambda: self.pick([5.0, 5.01, 0.0, 1.5, 2.0**53, "5", ".5", "inf", "nan", 5]), "string": lambda: self.pick(["evil", "", "5", Unsigned(5)]),
                     "boolean": lambda: self.pick([True, False, "true"])}.get(type_, lambda: "x")()
            return self.maybe({"type": type_, "value": value}, 0.1, delta=lambda: self.pick([0.5, 0.0, -1.0, 1e300, float("nan"), "0.5", 1]))
        if operator == "ssrf_detector":
            flags = ["authority-inspection", "path-inspection", "query-inspection", "forbid-full-url-injection", "enforce-policy-without-injection"]
            parameters = {}
            if self.chance(0.5):
                parameters["options"] = {flag: self.pick([True, False]) for flag in flags if self.chance(0.5)}
            if self.chance(0.3):
                parameters["policy"] = self.maybe({}, 0.6, **{"allowed-schemes": lambda: ["https"], "forbidden-domains": lambda: ["evil.com"],
                                                             "forbidden-ips": lambda: ["169.254.0.0/16", "x"]})
            return parameters
        return {}

    def action(self):
        action = {"id": self.pick(["act1", "act2", "redir", "redir", "block", "monitor", "stack_trace", "other"]), "type": self.pick(ACTION_TYPES), "parameters": {}}
        if action["id"] == "redir" and self.chance(0.8):
            action["type"] = "redirect_request"
        codes = [403, 418, 301, 302, 303, 307, 308, 0, 999, 1000, -1, 404]
        for name, make in (("status_code", lambda: self.number(self.pick(codes)) if self.chance(0.8) else self.pick(["0418", "418x", 418.5, True, ""])),
                           ("grpc_status_code", lambda: self.number(self.pick([10, 5, -5, 1000]))), ("type", lambda: self.pick(["auto", "json", "html", "none", Unsigned(5), True])),
                           ("location", lambda: self.pick(LOCATIONS) if self.chance(0.9) else Unsigned(5)), ("security_response_id", lambda: "mine"), ("stack_id", lambda: "mine"),
                           ("", lambda: "empty key"), ("extra", lambda: self.pick(["x", 1.5, -5, False, "a long extra parameter"])), (b"\xff", lambda: b"\xff")):
            if self.chance(0.6 if name == "location" and action["type"] == "redirect_request" else 0.25 if name not in ("", b"\xff") else 0.04):
                action["parameters"][name] = make()
        return action

    def dynamic_list(self):
        kind = self.pick(["ip_with_expiration", "data_with_expiration"]) if self.chance(0.98) else "other"
        values = ["evil", "good", "bob", "5", "EVIL", ""] if kind != "ip_with_expiration" or self.chance(0.1) else ["1.2.3.4", "10.0.0.0/8", "::1", "1.2.0.0/16", "x"]
        entry = lambda: self.maybe({"value": self.pick(values)}, 0.5, expiration=lambda: self.pick([Unsigned(0), Unsigned(1), Unsigned(4102444800), 4102444800, "1", 4102444800.0, Unsigned(2**64 - 1)]))
        return {"id": self.pick(["d1", "d1", "d2", "d3", ""]), "type": kind, "data": self.many(entry, 1, 4)}

    def reference(self, prefix="r", count=12):
        roll = self.random.random()
        if roll < 0.6:
            return {self.pick(["rule_id", "id"]): f"{prefix}{self.random.randint(1, count)}"}
        if roll < 0.92:
            tags = {"type": self.pick(["t1", "t2", "t3", ""])}
            return {"tags": self.maybe(tags, 0.2, module=lambda: self.pick(MODULES), category=lambda: self.pick(["c1", "c2", "5"]))}
        return self.pick([{}, {"id": ""}, {"rule_id": "", "id": f"{prefix}1"}, {"tags": {}}, {"tags": {"category": None}}])

    def override(self):
        override = self.maybe({}, 0.5, enabled=lambda: self.pick([True, False]), on_match=lambda: self.many(lambda: self.pick(ACTIONS), 0, 2),
                              tags=lambda: {self.pick(["module", "category", "type", "added", "another-longer-tag"]): self.pick(MODULES + ["c1", "t1"]) for _ in range(self.pick([1, 2, 3]))})
        if self.chance(0.5):
            override["id"] = self.identifier("r", 12)
        else:
            override["rules_target"] = self.many(self.reference, 0, 2)
        return override

    def exclusion(self):
        exclusion = {"id": self.identifier("x", 5)}
        if self.chance(0.6):
            exclusion["conditions"] = self.many(lambda: self.condition("exclusions"), 0, 2)
        if self.chance(0.6):
            exclusion["rules_target"] = self.many(self.reference, 0, 3)
        if self.chance(0.5):
            exclusion["inputs"] = [self.maybe({"address": self.pick(ADDRESSES)}, 0.7, key_path=lambda: self.many(lambda: self.pick(["k", "x", "y", "*", "*", "password", "0"]), 0, 3))
                                   for _ in range(self.pick([0, 1, 1, 2, 3]))]
        else:
            self.maybe(exclusion, 0.7, on_match=lambda: self.pick(["bypass", "monitor", "monitor", "", "block", "act1", "redir", "undefined", Unsigned(5)]))
        return self.versions(exclusion)

    def processor(self):
        generator = self.pick(list(GENERATORS)) if self.chance(0.97) else "other"
        processor = {"id": self.identifier("p", 4), "generator": generator, "conditions": self.many(lambda: self.condition("processors"), 0, 1)}
        schema = generator == "extract_schema"
        outputs = ["schema1", "schema2"] if schema else ["out1", "out2", "e"]
        mapping = lambda: {**{name: [self.maybe({"address": self.pick(ADDRESSES)}, 0.1 if generator != "jwt_decode" else 0.5, key_path=lambda: self.many(lambda: self.pick(KEYS[:5]), 0, 2))]
                              for name in GENERATORS.get(generator, ["inputs"])}, "output": self.pick(outputs)}
        processor["parameters"] = {"mappings": self.many(mapping, 1, 2)}
        if schema:
            self.maybe(processor["parameters"], 0.4, scanners=lambda: self.many(lambda: self.reference("s", 3), 0, 2))
        self.maybe(processor, 0.6, evaluate=lambda: self.pick([True, False]))
        if schema:  # a schema as an address would show the order of its sets
            processor["evaluate"] = False
        processor["output"] = self.chance(0.8)
        return self.versions(processor)

    def processor_override(self):
        lists = self.maybe({}, 0.5, include=lambda: self.many(lambda: self.reference("s", 3), 0, 2), exclude=lambda: self.many(lambda: self.reference("s", 3), 0, 2))
        return {"target": self.many(lambda: self.reference("p", 4) if self.chance(0.1) else {"id": f"p{self.random.randint(1, 4)}"}, 0 if self.chance(0.1) else 1, 2), "scanners": lists}

    def scanner(self):
        def body():
            operator = self.pick(["match_regex"] * 4 + ["phrase_match", "exact_match", "ip_match", "equals", "is_xss", "match_regex_with_checksum"] + (["exists", "!match_regex"] if self.chance(0.1) else []))
            return {"operator": operator, "parameters": self.parameters(operator.lstrip("!"), "literal" if self.chance(0.95) else "rules")}
        return self.versions(self.maybe({"id": self.identifier("s", 3), "tags": {"type": self.pick(["t1", "t2"]), "category": "c1"}}, 0.6, key=body, value=body))

    def obfuscator(self):
        return self.maybe({}, 0.4, key_regex=lambda: self.pick(["", "pass", "^k$", "x", "(", "K"]), value_regex=lambda: self.pick(["", "evil", "bob|token", "(", "^e", "(?-i)EVIL"]))

    # Damage.

    def damage(self, document):
        """The document with one change: another type, or a member missing, renamed, repeated or without a name."""
        places = []

        def walk(value, path):
            if isinstance(value, (dict, Pairs)):
                for index, (_, inner) in enumerate(value.items() if isinstance(value, dict) else value):
                    places.append(path + [index])
                    walk(inner, path + [index])
            elif isinstance(value, list):
                for index, inner in enumerate(value):
                    places.append(path + [index])
                    walk(inner, path + [index])

        walk(document, [])
        return self.changed(document, self.pick(places)) if places else document

    def changed(self, value, path):
        at, rest = path[0], path[1:]
        if isinstance(value, (dict, Pairs)):
            pairs = Pairs(value.items() if isinstance(value, dict) else value)
            key, inner = pairs[at]
            roll = self.random.random()
            if rest:
                pairs[at] = key, self.changed(inner, rest)
            elif roll < 0.4:
                pairs[at] = key, self.pick(JUNK)
            elif roll < 0.6:
                del pairs[at]
            elif roll < 0.7:
                pairs.insert(self.random.randint(0, len(pairs)), (key, self.pick(JUNK)))
            elif roll < 0.8:
                pairs.insert(self.random.randint(0, len(pairs)), ("", self.pick(JUNK)))
            elif roll < 0.9:
                pairs.insert(self.random.randint(0, len(pairs)), (self.pick(MEMBERS), self.pick(JUNK)))
            else:
                pairs[at] = self.pick(MEMBERS), inner
            return pairs
        value = list(value)
        if rest:
            value[at] = self.changed(value[at], rest)
        elif self.chance(0.6):
            value[at] = self.pick(JUNK)
        elif self.chance(0.5):
            del value[at]
        else:
            value.insert(self.random.randint(0, len(value)), value[at])
        return value
