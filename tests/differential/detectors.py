#!/usr/bin/env python3
"""Compares the exploit detectors of two shared objects with the libddwaf 2.x ABI on generated calls.

usage: detectors.py REFERENCE.so ENGINE.so [--cases N] [--seed S] [--detector NAME]... [--save FILE]

A grammar writes statements of each dialect, commands, argument lists, URLs and paths, mostly valid, some hostile, some mutated. The parameters are
pieces cut out of them, from token to token or anywhere, so that nearly every case reaches the decision and not just the search. Each
difference is printed as a line in the format of tests/vectors/detectors.jsonl, answered by the reference; the exit status is 1 if there is any.
"""
import argparse
import json
import random
import sys

from engine import Engine

PARAMS = ["server.request.query", "server.request.body", "server.request.path_params", "grpc.server.request.message",
          "graphql.server.all_resolvers", "graphql.server.resolver"]
RESOURCES = {"lfi_detector": "server.io.fs.file", "ssrf_detector": "server.io.net.url", "sqli_detector": "server.db.statement",
             "shi_detector": "server.sys.shell.cmd", "cmdi_detector": "server.sys.exec.cmd"}
ODD = [b"\x00", b"\x01", b"\x0b", b"\x0c", b"\r", b"\n", b"\t", b" ", b"\x7f", b"\x80", b"\xa9", b"\xc3", b"\xff", "\u00e9".encode(), "\u017f".encode(),
       "\u212a".encode(), "\U0001f600".encode(), b"\xed\xa0\x80", b"\xe0\x80\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80", "\u20ac".encode()]
SYMBOLS = [bytes([c]) for c in b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"]


class Writer:
    """Random choices shared by all grammars."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.configs = [self.ssrf_config() for _ in range(150)]

    def chance(self, p):
        return self.random.random() < p

    def pick(self, choices):
        choice = self.random.choice(choices)
        return choice.encode() if isinstance(choice, str) else choice

    def case(self, text):
        """The text with some letters in the other case, or as a lookalike that folds to it."""
        roll = self.random.random()
        if roll < 0.7:
            return text
        if roll < 0.85:
            return text.lower() if self.chance(0.5) else text.upper()
        if roll < 0.97:
            return bytes(c ^ 0x20 if 65 <= c & 0xDF <= 90 and self.chance(0.5) else c for c in text)
        return text.replace(b"S", "\u017f".encode(), 1).replace(b"k", "\u212a".encode(), 1)

    def mutate(self, text):
        text = bytearray(text)
        for _ in range(self.random.choice([1, 1, 1, 2, 3, 5])):
            at = self.random.randint(0, len(text))
            kind = self.random.random()
            if kind < 0.45:
                text[at:at] = self.pick(ODD if self.chance(0.4) else SYMBOLS)
            elif kind < 0.65:
                del text[at : at + self.random.choice([1, 1, 2, 5])]
            elif kind < 0.8 and text:
                at = min(at, len(text) - 1)
                text[at : at + 1] = self.pick(ODD if self.chance(0.4) else SYMBOLS)
            elif kind < 0.9:
                end = min(len(text), at + self.random.randint(1, 12))
                text[at:at] = text[at:end]
            else:
                other = self.random.randint(0, len(text))
                text[at:at] = text[other : other + self.random.randint(1, 12)]
        return bytes(text)

    def piece(self, text, least, borders=()):
        """A piece of the text of at least so many bytes: mostly from one border to another, give or take."""
        if len(text) < least:
            return text
        if borders and self.chance(0.75):
            start, end = sorted(self.random.choices(borders, k=2))
            start += self.random.choice([0, 0, 0, 0, 0, 1, -1, 2])
            end += self.random.choice([0, 0, 0, 0, 0, 1, -1, 2])
        else:
            start = self.random.randint(0, len(text))
            end = start + int(self.random.choice([least, 4, 6, 10, 20, 60]) * self.random.uniform(0.5, 1.5))
        start = max(0, min(start, len(text) - least))
        return text[start : max(end, start + least)]

    def param(self, piece):
        """A parameter that holds the piece as key or value, somewhere inside."""
        value = piece
        for _ in range(self.random.choice([0, 0, 1, 1, 1, 2, 3])):
            filler = [self.random.choice([b"hello", 5, True, None, 1.5, [], {}, b"", [b"x", {b"y": b"z"}]]) for _ in range(self.random.randint(0, 2))]
            filler.insert(self.random.randint(0, len(filler)), value)
            if self.chance(0.5):
                value = filler
            else:
                key = lambda inner: inner if isinstance(inner, bytes) and self.chance(0.15) else self.pick(["q", "id", "a_longer_key_name", ""])
                value = {}
                for inner in filler:
                    value[key(inner)] = inner
                if self.chance(0.05) and isinstance(filler[0], bytes):
                    value[filler[0]] = None
        return value

    def params(self, pieces):
        """The pieces, spread over some addresses."""
        data = {}
        for piece in pieces:
            address = self.random.choice(PARAMS)
            value = self.param(piece)
            data[address] = [data[address], value] if address in data else value
        return data

    def sqli(self):
        dialect = self.random.choice(["generic", "mysql", "pgsql", "sqlite"])
        tokens = Sql(self, dialect).statement()
        text, borders = join(tokens)
        if self.chance(0.25):
            text = self.mutate(text)
        pieces = [self.piece(text, 3, borders) for _ in range(self.random.choice([1, 1, 1, 2, 3]))]
        names = {"generic": ["oracle", "generic", "", "hsqldb", "Doctrine"], "mysql": ["mysql", "mysql2", "MySQL"],
                 "pgsql": ["postgresql", "pgsql", "PGSQL"], "sqlite": ["sqlite", "SQLite"]}
        return text, pieces, {"server.db.system": self.random.choice(names[dialect])}, {}

    def shi(self):
        if self.chance(0.7):
            text, borders = join(Shell(self).command())
            text = self.mutate(text) if self.chance(0.25) else text
            return text, [self.piece(text, 2, borders) for _ in range(self.random.choice([1, 1, 2]))], {}, {}
        elements = [self.shell_text() if self.chance(0.9) else self.random.choice([b"", 5, None, [b"x"]]) for _ in range(self.random.randint(0, 5))]
        joined = b" ".join(e for e in elements if isinstance(e, bytes) and e)
        source = self.random.choice([joined] + [e for e in elements if isinstance(e, bytes)])
        return elements, [self.piece(source, 2) for _ in range(self.random.choice([1, 2]))], {}, {}

    def shell_text(self):
        text, _ = join(Shell(self).command())
        return self.mutate(text) if self.chance(0.15) else text

    def cmdi(self):
        shell = self.pick(["sh", "bash", "ksh", "rksh", "zsh", "dash", "ash", "fish", "powershell", "pwsh", "ls", "csh", "busybox", "sh.exe", ""])
        program = self.pick(["", "", "/bin/", "/usr/local/bin/", "./", "bin\\", "/"]) + shell
        program = self.pick(["", "", "", " ", "\t", "\n", "\x0b"]) + program + self.pick(["", "", "", " ", "\r", "/"])
        argv = [program if self.chance(0.97) else self.random.choice([b"", 5, None, []])]
        options = ["-c", "-c", "-c", "-C", "-o", "-O", "-T", "-co", "-oc", "-oO", "+c", "-", "--", "--c", "--rcfile", "--init-file", "--init-file=x",
                   "--command", "--command=ls; id", "--command='ls; id'", "--command=\"\"", "--command=", "--=c", "--c=id", "-x", "-xc", "/c",
                   "/command", "-Command", "--CommandWithArgs", "-commandwithargs", "-/command", "/", "", "-e", "--norc", "--command='a\"", "--o", "-cT", "x"]
        for _ in range(self.random.randint(0, 4)):
            argv.append(self.pick(options) if self.chance(0.93) else self.random.choice([5, None, [b"-c"], {}]))
        for _ in range(self.random.randint(0, 3)):
            argv.append(self.shell_text())
        texts = [a for a in argv if isinstance(a, bytes)]
        pieces = []
        for _ in range(self.random.choice([1, 1, 2])):
            if self.chance(0.2):
                pieces.append(self.pick(["", " ", "\n"]) + (program.strip() if self.chance(0.8) else program[1:]) + self.pick(["", " ", "\t", "x"]))
            else:
                source = self.random.choice(texts[-3:] or [b""])
                pieces.append(self.piece(source.split(b"=", 1)[-1] if self.chance(0.2) else source, 2))
        return (argv if self.chance(0.98) else b"sh -c id"), pieces, {}, {}

    def lfi(self):
        parts = ["..", "..", "..", ".", "", "a", "etc", "passwd", "var", "www", "...", "..a", "a..", "c:", "x y", "%2e%2e", "f.html", "..\\..", "\u00e9"]
        separators = ["/"] * 12 + ["//", "\\", "/ "]
        text = self.pick(["/", "/", "/", "", "//", "c:\\", "C:/", "\\"])
        for _ in range(self.random.randint(1, 6)):
            text += self.pick(parts) + self.pick(separators)
        text = text[:-1] if self.chance(0.6) else text
        text = self.mutate(text) if self.chance(0.15) else text
        pieces = []
        for _ in range(self.random.choice([1, 1, 2, 3])):
            start = self.random.choice([0, 0] + list(range(len(text) + 1)))
            end = len(text) if self.chance(0.9) else self.random.randint(0, len(text))
            pieces.append(self.pick(["", "", "", "", "", "", "", "/", " "]) + text[start:end])
        return text, pieces, {}, {}

    def ssrf(self):
        tokens = self.url()
        text, borders = join(tokens)
        text = self.mutate(text) if self.chance(0.12) else text
        pieces = [text if self.chance(0.05) else self.piece(text, 4, borders) for _ in range(self.random.choice([1, 1, 2, 3]))]
        if self.chance(0.05):
            pieces[0] = self.mutate(pieces[0])
        return text, pieces, {}, self.random.choice(self.configs)

    def url(self):
        schemes = ["http", "https", "HTTP", "ftp", "gopher", "file", "a+b-c.d", "h1", "ht_tp", "ldap", "javascript", "", "1http"]
        hosts = ["example.com", "localhost", "x.localhost", "notlocalhost", "127.0.0.1", "127.1", "169.254.169.254", "10.0.0.1", "8.8.8.8", "[::1]", "[fe80::1]",
                 "[::ffff:a9fe:a9fe]", "[2001:db8::1]", "[::ffff:1.2.3.4]", "[::1", "[1:2:3:4:5:6:7:8]", "[1::2::3]", "[00001::]", "[]", "[::]", "[1:2:3:4:5:6:7::]",
                 "[::1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7]", "[FC00::AB]", "metadata.google", "foo.internal", "X.LOCAL", "", "a", "a%20b", "h_x", "256.1.1.1", "010.0.0.1",
                 "1.2.3.4.5", "2852039166", "a.b-c~d", "h!$&'()*+,;=", "\u00e9.com", "0.0.0.0", "172.16.9.9", "localtest.me", "a b"]
        tokens = [self.pick(schemes), b":"] if self.chance(0.9) else []
        if self.chance(0.92):
            tokens += [b"//"]
            if self.chance(0.25):
                tokens += [self.pick(["user", "u:p", "", "u%41", "a@b", "u;=&$", "u[", "localhost"]), b"@"]
            tokens += [self.pick(hosts)]
            if self.chance(0.25):
                tokens += [b":", self.pick(["80", "", "65535", "65536", "0", "00443", "99999999999", "8a", "-1"])]
        for _ in range(self.random.choice([0, 1, 1, 2, 3, 4])):
            tokens += [b"/", self.pick(["a", "b", "..", "..", ".", "x%2fy", "%5C", "%2F..", "a.b", "", "v1", "passwd", "c:d", "e@f", "..;", "a b", "[", "100"])]
        if self.chance(0.15):
            tokens += [b"/"]
        if self.chance(0.5):
            tokens += [b"?"]
            for _ in range(self.random.randint(0, 3)):
                tokens += [self.pick(["a", "q", "id", "", "x[0]"]), b"=", self.pick(["1", "b", "c/d", "../e", "?", "%26", "http://localhost/", ""]), b"&"]
            tokens = tokens[:-1] if tokens[-1] == b"&" and self.chance(0.9) else tokens
        if self.chance(0.25):
            tokens += [b"#", self.pick(["frag", "", "a/b?c", "a#b", "a&b"])]
        return tokens

    def ssrf_config(self):
        flags = ["authority-inspection", "path-inspection", "query-inspection", "forbid-full-url-injection", "enforce-policy-without-injection"]
        odds = [0.2, 0.75, 0.75, 0.25, 0.15]
        options = {flag: (self.chance(0.25) if flag == "authority-inspection" else True) for flag, p in zip(flags, odds) if self.chance(p)}
        config = {"options": options} if options else {}
        policy = {}
        if self.chance(0.15):
            policy["allowed-schemes"] = self.random.choice([["http"], [], ["file", "gopher"], [""], ["HTTP", "https"]])
        if self.chance(0.2):
            policy["forbidden-domains"] = self.random.choice([[], ["example.com"], ["", "localhost"], ["localhost", ""], ["com", ".com"], ["a"]])
        if self.chance(0.2):
            policy["forbidden-ips"] = self.random.choice([[], ["8.8.8.0/24"], ["::/0"], ["0.0.0.0/0"], ["1.2.3.4/8x", "x", "fe80::1"], ["2001:db8::/ 32"]])
        if policy:
            config["policy"] = policy
        return config

    def call(self, detector):
        """Input and configuration of one case."""
        resource, pieces, more, config = getattr(self, detector.split("_")[0])()
        data = self.params(pieces)
        data[RESOURCES[detector]] = resource
        data.update(more)
        if self.chance(0.03):
            names = ["lowercase", "url_decode", "remove_nulls", "compress_whitespace", "normalize_path", "base64_decode"]
            config = {**config, "transformers": self.random.sample(names, self.random.randint(1, 2))}
        return data, config


def join(tokens):
    """The tokens as one text, and the offsets between them."""
    text, borders = b"", [0]
    for token in tokens:
        text += token
        borders.append(len(text))
    return text, borders


class Sql:
    """Statements of one dialect, as tokens with the blanks between them."""

    def __init__(self, writer, dialect):
        self.w, self.dialect, self.depth = writer, dialect, 0
        self.wild = writer.chance(0.35)

    def word(self, *words):
        return self.w.case(self.w.pick(words))

    def statement(self):
        w, tokens = self.w, []
        roll = w.random.random()
        if roll < 0.75:
            tokens = self.select()
        elif roll < 0.85:
            tokens = [b"UPDATE", self.name(), b"SET", self.name(), b"="] + self.expression() + [b"WHERE"] + self.condition()
        elif roll < 0.93:
            tokens = [b"INSERT", b"INTO", self.name(), b"VALUES", b"("] + self.items(self.literal) + [b")"]
        else:
            tokens = [b"DELETE", b"FROM", self.name(), b"WHERE"] + self.condition()
        if w.chance(0.15):
            tokens.append(b";")
        if w.chance(0.15):
            tokens += [w.pick(["-- ", "--", "#", "--x", "-- comment\n", "#c\n", "-", "--\x0b", "/*", "/**/"])]
        spaced = []
        for token in tokens:
            tight = w.chance(0.25)
            spaced += [token] if tight else [token, w.pick([" ", " ", " ", " ", "\n", "\t", "  ", "\x0c", "/**/", "\x0b"] if self.wild else [" "])]
        return spaced

    def select(self):
        w = self.w
        tokens = [self.word("SELECT")]
        if w.chance(0.1):
            tokens.append(self.word("DISTINCT", "ALL", "DISTINCTROW", "TOP", "HIGH_PRIORITY"))
        tokens += [b"*"] if w.chance(0.3) else self.items(self.expression)
        tokens += [self.word("FROM"), self.name()]
        if w.chance(0.1):
            tokens += [b"JOIN", self.name(), b"ON"] + self.condition()
        if w.chance(0.75):
            tokens += [self.word("WHERE")] + self.condition()
        if w.chance(0.1):
            tokens += [b"GROUP", b"BY"] + self.items(self.column)
        if w.chance(0.4):
            tokens += [self.word("ORDER"), self.word("BY")] + self.items(self.sort)
        if w.chance(0.25):
            tokens += [self.word("LIMIT"), self.number()]
            if w.chance(0.4):
                tokens += [self.word("OFFSET"), self.number()]
        if w.chance(0.12) and self.depth < 2:
            self.depth += 1
            tokens += [self.word("UNION", "INTERSECT", "EXCEPT")] + self.select()
        return tokens

    def items(self, item):
        tokens = []
        for _ in range(self.w.random.choice([1, 1, 2, 2, 3, 5])):
            made = item()
            tokens += (made if isinstance(made, list) else [made]) + [b","]
        return tokens[:-1]

    def sort(self):
        tokens = self.column() if self.w.chance(0.8) else [self.number()]
        if self.w.chance(0.5):
            tokens.append(self.word("ASC", "DESC"))
        return tokens

    def column(self):
        tokens = [self.name()]
        if self.w.chance(0.3):
            tokens += [b".", self.name()]
        return tokens

    def condition(self):
        w, tokens = self.w, self.comparison()
        for _ in range(w.random.choice([0, 0, 1, 1, 2])):
            tokens += [self.word("OR", "AND", "OR", "XOR", "||", "&&")] + self.comparison()
        return tokens

    def comparison(self):
        w = self.w
        if w.chance(0.1):
            return self.expression()
        if w.chance(0.1):
            return self.expression() + [self.word("IN"), b"("] + self.items(self.literal) + [b")"]
        operators = ["=", "=", "=", "=", "<>", "!=", "<", ">", "<=", ">=", "LIKE", "IS", "IS NOT", "BETWEEN", "REGEXP", "<=>", "->>", "@>", "<@", "?|", "#>", "::", ":=",
                     "RLIKE", "GLOB", "NOT", "DIV", "MOD", "SOUNDS LIKE", "==", "<<", ">>", "|", "&", "^", "~", "@@", "#-", "?&", "->", "!", ":"]
        return self.expression() + [self.word(*(operators if self.wild else operators[:13]))] + self.expression()

    def expression(self):
        w = self.w
        self.depth += 1
        roll = w.random.random()
        if roll < 0.35:
            tokens = self.column()
        elif roll < 0.75 or self.depth > 3:
            tokens = [self.literal()]
        elif roll < 0.85:
            tokens = [w.pick(["count", "sleep", "lower", "f"]), b"("] + self.items(self.expression) + [b")"]
        elif roll < 0.92:
            tokens = self.expression() + [w.pick(["+", "-", "*", "/", "%", "||"])] + self.expression()
        elif roll < 0.96:
            tokens = [b"("] + self.expression() + [b")"]
        else:
            tokens = [b"("] + self.select() + [b")"]
        self.depth -= 1
        return tokens

    def literal(self):
        w = self.w
        roll = w.random.random()
        if roll < 0.45:
            return self.number()
        inner = w.pick(["x", "a b", "it''s", "a\\'b", "", "1 OR 1=1", "-- ", "\u00e9", "%x%", "\\", "a\"b", "\\\\", "''", "\n", "a`b", "/*"])
        if roll < 0.85 or not self.wild:
            return b"'" + inner + b"'"
        if roll < 0.9:
            return b'"' + inner + (b'"' if w.chance(0.95) else b"")
        return w.pick(["E'", "e'", "B'", "b'", "X'", "x'", "U&'", "u&'", "N'", "_utf8'"]) + inner + b"'" if w.chance(0.6) else \
            w.pick(["$$a$$", "$t$ b $t$", "$t$ $$ x", "$1", "$12a", "$a", "?", ":name", "@v", "@@global.x", "@'q'", "@`b`.`c`", "@:`x`", "@", "@a.", "@a:.b",
                    "@'a\\\nb'", "@''", "@'\xff'", "$\u00e9$x$\u00e9$", "$", "@a..b", "@\"d\"", "@'a''b'", "@.a", "@:a", "@a.:`b`", "NULL", "[1]", "{d '1'}", "$t", "@'a'.'"])

    def number(self):
        return self.w.pick(["1", "2", "10", "42"] * 3 + (["1.5", "-1", "+2", "1e5", "1.5e-3", "0x1F", "0b01", "0o17", "1_000", "1_", "12ab", "0xZZ", "1.5x", ".5", "1.", "-0x1F",
                                                          "1e", "1e+", "1.2.3", "9" * 30, "1\u00e9", "1$", "0x", "1__0", "- 1", "0X1_f", "1E5e5", "0b2", "1.e5", "1_000.5_0e1_0",
                                                          "1$a", "5abc$", "0xfg", "1é,", "2é$3"] if self.wild else []))

    def name(self):
        w = self.w
        names = ["a", "b", "t", "id", "users", "name", "x1", "order_id", "_u"]
        if self.wild:
            names += ["caf\u00e9", "\u00e9t\u00e9", "a$b", "\u00e9", "\U0001f600", "a\U0001f600b", "TRUE", "t$", "\u017felect", "a\u017f", "\ud7ff", "$x", "ſ", "iſ", "ſoundſ", "liKe", "\u00e9$\u00e9"]
        quotes = {"generic": ['"a"', "`c d`", '"x\\"y"'], "mysql": ["`a`", "`c``d`", '"s"'], "pgsql": ['"a"', 'U&"x"', '"a""b"', 'u&"'],
                  "sqlite": ['"a"', "`b`", "[c d", '"a""b"', "[e]"]}[self.dialect]
        return w.pick(quotes if w.chance(0.12 if self.wild else 0.05) else names)


class Shell:
    """Commands, as tokens with the blanks between them."""

    def __init__(self, writer):
        self.w, self.depth = writer, 0

    def command(self):
        w, tokens = self.w, self.simple()
        for _ in range(w.random.choice([0, 0, 0, 1, 1, 2])):
            tokens += [self.blank(), w.pick([";", "|", "||", "&&", "&", "\n", "|&", ";;", "!"]), self.blank()] + self.simple()
        return ([b" "] if w.chance(0.04) else []) + tokens + ([w.pick([" ", ";", "&", " # c", "\n"])] if w.chance(0.15) else [])

    def blank(self):
        return self.w.pick([" ", " ", " ", "", "", "  ", "\t", "\r"])

    def simple(self):
        w, tokens = self.w, []
        self.depth += 1
        if w.chance(0.1):
            tokens += [w.pick(["x", "PATH", "a_1", "1a"]), b"=", *self.argument(), b" "]
        roll = w.random.random()
        if roll < 0.08 and self.depth < 4:
            tokens += [b"(", self.blank(), *self.command(), self.blank(), b")"]
        elif roll < 0.16 and self.depth < 4:
            tokens += [b"{", w.pick([" ", " ", "\t", ""]), *self.command(), w.pick(["; ", ";", "\n", " ", ""]), b"}"]
        else:
            if w.chance(0.05):
                tokens += [w.pick(["time", "if", "sudo", "!", "for f in", "then", "do"]), b" "]
            tokens += [w.pick(["ls", "cat", "/bin/echo", "id", "./run.sh", "'ls'", "\"id\"", "$CMD", "1x", "22", "[", "test", "e\\cho", "\u00e9", "python3"])]
        for _ in range(w.random.choice([0, 1, 1, 2, 3])):
            tokens += [w.pick([" ", " ", " ", " ", "", "\t"]), *self.argument()]
        if w.chance(0.2):
            tokens += [self.blank(), self.redirection(), self.blank(), w.pick(["file", "/dev/null", "&1", "", "$f", "\"a b\""])]
        self.depth -= 1
        return tokens

    def redirection(self):
        return self.w.pick([">", ">>", "<", "<<", "<<<", "<<-", "<>", ">|", "&>", "&>>", "2>", "2>&1", "1>&2-", ">&", "<&3", "10>>", "2<", ">&-", "3<>", "2>(", "<&-", "1<<<"])

    def argument(self):
        w = self.w
        roll = w.random.random()
        if roll < 0.4 or self.depth > 4:
            return [w.pick(["-l", "file", "a.txt", "/etc/passwd", "--x=y", "*.c", "~", "a\\ b", "-", "5", "a,b", "#c", "a=b", "@x", "%d", "a:b", "\u00e9", "x]y", "=", "==", "-a1"])]
        self.depth += 1
        if roll < 0.5:
            out = [b"'", w.pick(["a b", "", "x;y", "$z", "a\"b", "\n"]), b"'"]
        elif roll < 0.65:
            out = [b'"', *self.text(["a", " ", "b c", "\\\"", "\\\\", "\\", "'", ";", "$", "}", ")", "\n"]), b'"']
        elif roll < 0.72:
            out = [w.pick(["$x", "$1", "$?", "$$", "$_a9", "$", "$!", "$-", "$#", "$*", "$@x", "$%", "$12"])]
        elif roll < 0.8:
            out = [b"$(", *self.command(), b")"]
        elif roll < 0.85:
            out = [b"`", *self.command(), b"`"]
        elif roll < 0.89:
            out = [b"${", *self.text(["x", ":-", "#", "\\}", "'", "/", "a b", "\""]), b"}"]
        elif roll < 0.93:
            out = [w.pick(["$((", "(("]), *self.text(["1", "+", "x", "(", ")", "\\", " "]), b"))"]
        elif roll < 0.95:
            out = [b"$[", *self.text(["1", "+", "[", "\\]"]), b"]"]
        elif roll < 0.97:
            out = [w.pick(["<(", ">("]), *self.command(), b")"]
        elif roll < 0.985:
            out = [w.pick(["a=", "= ", "="]), b"(", *self.text(["a", " ", "b", "\\)", "("]), b")"]
        else:
            out = [b"$(<", *self.text(["f", " ", "/x"]), b")"]
        self.depth -= 1
        return out[:-1] if w.chance(0.04) else out

    def text(self, pieces):
        tokens = []
        for _ in range(self.w.random.choice([0, 1, 1, 2, 3])):
            tokens += self.argument() if self.w.chance(0.2) else [self.w.pick(pieces)]
        return tokens


def ruleset(detector, config):
    """One rule with one condition, as the tables of recorded answers use it."""
    config = dict(config)
    transformers = config.pop("transformers", None)
    params = [{"address": address, **({"transformers": transformers} if transformers else {})} for address in PARAMS]
    parameters = {"resource": [{"address": RESOURCES[detector]}], "params": params, **config}
    if detector == "sqli_detector":
        parameters["db_type"] = [{"address": "server.db.system"}]
    condition = {"operator": detector, "parameters": parameters}
    rule = {"id": "1", "name": "rule1", "tags": {"type": "flow1", "category": "category1"}, "conditions": [condition]}
    return {"version": "2.2", "rules": [rule]}


def ask(engine, detector, config, data):
    return engine.matches(engine.instance(detector + json.dumps(config), ruleset(detector, config)), data)


def plain(value):
    """A value for JSON; texts that are not UTF-8 as {"$b": hex}, lists of pairs as maps."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"$b": value.hex()}
    if isinstance(value, dict):
        value = list(value.items())
    if isinstance(value, list) and value and all(isinstance(entry, tuple) for entry in value):
        pairs = [(plain(key), plain(inner)) for key, inner in value]
        return dict(pairs) if all(isinstance(key, str) for key, _ in pairs) else {"$m": [list(pair) for pair in pairs]}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def line(detector, config, data, answer):
    code, matches = answer
    entry = {"detector": detector, "input": plain(data), **({"config": config} if config else {}), "code": "match" if code else "ok", "events": plain(matches)}
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


def compare(reference, engine, detector, cases, seed, save):
    writer, differences, hits = Writer(seed), 0, 0
    for _ in range(cases):
        data, config = writer.call(detector)
        expected = ask(reference, detector, config, data)
        hits += expected[0] == 1
        answer = ask(engine, detector, config, data)
        if answer != expected:
            differences += 1
            print("DIFFERS", line(detector, config, data, expected))
            print("  engine", plain(list(answer)), flush=True)
            if save:
                save.write(line(detector, config, data, expected) + "\n")
    print(f"{detector}: {cases} cases, {hits} matches, {differences} differences (seed {seed})", flush=True)
    return differences


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("reference")
    parser.add_argument("engine")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--detector", action="append", choices=list(RESOURCES))
    parser.add_argument("--save", type=argparse.FileType("a"))
    args = parser.parse_args()
    reference, engine = Engine(args.reference), Engine(args.engine)
    detectors = args.detector or list(RESOURCES)
    return int(any([compare(reference, engine, detector, args.cases, args.seed, args.save) for detector in detectors]))


if __name__ == "__main__":
    sys.exit(main())
