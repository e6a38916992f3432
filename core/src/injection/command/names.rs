//! The programs that attackers call, by how much their name alone says.

/// What the name of a program says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Program {
    /// Looks around, usually without arguments, and is no word of a text: `whoami`.
    Scout,
    /// Does something with its arguments, and is no word of a text: `wget`.
    Tool,
    /// The same, and with such a name that any argument will do: `kubectl`.
    Rare,
    /// Does something with its arguments, and is a word of texts as well: `cat`, `time`.
    Word,
}

const SCOUTS: &[&str] = &[
    "id",
    "whoami",
    "uname",
    "ls",
    "pwd",
    "ifconfig",
    "ipconfig",
    "netstat",
    "systeminfo",
    "tasklist",
    "hostname",
    "printenv",
    "lsb_release",
    "getent",
    "arp",
    "lsof",
    "sysinfo",
    "htop",
    "ps",
    "dir",
    "env",
    "lastlogin",
    "df",
    "qwinsta",
    "sestatus",
];

const TOOLS: &[&str] = &[
    "wget",
    "curl",
    "nc",
    "ncat",
    "netcat",
    "socat",
    "bash",
    "sh",
    "zsh",
    "ksh",
    "dash",
    "csh",
    "tcsh",
    "fish",
    "cmd",
    "powershell",
    "pwsh",
    "certutil",
    "bitsadmin",
    "mshta",
    "rundll32",
    "regsvr32",
    "wscript",
    "cscript",
    "wmic",
    "reg",
    "schtasks",
    "nslookup",
    "ping",
    "ping6",
    "telnet",
    "ssh",
    "scp",
    "tftp",
    "ftp",
    "rsync",
    "busybox",
    "python",
    "python2",
    "python3",
    "perl",
    "ruby",
    "php",
    "node",
    "lua",
    "awk",
    "gawk",
    "mawk",
    "nawk",
    "sed",
    "grep",
    "egrep",
    "xxd",
    "od",
    "tac",
    "nl",
    "chmod",
    "chown",
    "mkdir",
    "rm",
    "cp",
    "mv",
    "echo",
    "printf",
    "tee",
    "xargs",
    "base64",
    "openssl",
    "gcc",
    "cc",
    "c89",
    "c99",
    "make",
    "crontab",
    "mkfifo",
    "mknod",
    "nohup",
    "sudo",
    "su",
    "strace",
    "ltrace",
    "gdb",
    "tcpdump",
    "nmap",
    "lynx",
    "w3m",
    "aria2c",
    "fetch",
    "lwp-download",
    "lwp-request",
    "traceroute",
    "tracert",
    "whois",
    "route",
    "iptables",
    "useradd",
    "usermod",
    "passwd",
    "kill",
    "killall",
    "pkill",
    "reboot",
    "shutdown",
    "halt",
    "poweroff",
    "mysql",
    "psql",
    "sqlite3",
    "tar",
    "zip",
    "unzip",
    "gzip",
    "gunzip",
    "dd",
    "chattr",
    "docker",
    "kubectl",
    "git",
    "svn",
    "apt",
    "apt-get",
    "yum",
    "dnf",
    "apk",
    "pip",
    "npm",
    "aptitude",
    "taskkill",
    "attrib",
    "icacls",
    "netsh",
    "vssadmin",
    "bcdedit",
    "setfacl",
    "flock",
    "rev",
    "iwr",
    "iex",
    "sc",
    "xcopy",
    "nice",
    "timeout",
    "ed",
    "vi",
    "vim",
    "ansible",
    "expr",
    "diff",
    "cksum",
    "md5sum",
    "column",
    "hexdump",
    "aws",
    "perf",
    "unxz",
    "c99",
    "tftp",
    "bcdboot",
    "setsid",
    "rpm",
];

const RARE: &[&str] = &[
    "busybox",
    "kubectl",
    "docker",
    "certutil",
    "bitsadmin",
    "powershell",
    "pwsh",
    "wget",
    "curl",
    "netcat",
    "ncat",
    "socat",
    "mkfifo",
    "nslookup",
    "tftp",
    "chmod",
    "chown",
    "schtasks",
    "mshta",
    "regsvr32",
    "rundll32",
    "wmic",
    "xxd",
    "crontab",
    "vssadmin",
    "bcdedit",
    "whois",
    "tcpdump",
    "iptables",
    "strace",
    "aws",
    "gcloud",
    "apt-get",
    "lwp-download",
    "cscript",
    "wscript",
    "useradd",
    "expr",
    "xcopy",
    "taskkill",
    "iwmi",
    "python3",
    "perl",
    "nmap",
];

const WORDS: &[&str] = &[
    "cat", "sleep", "touch", "head", "tail", "sort", "find", "more", "less", "type", "net", "set", "ver", "host",
    "dig", "time", "date", "file", "strings", "cut", "uniq", "split", "who", "w", "last", "mount", "at", "start",
    "copy", "del", "move", "which", "export", "source", "exec", "eval", "stat", "finger", "ip", "test", "read", "cd",
    "wc", "tr", "fold", "paste", "join", "watch", "service", "system", "patch", "look", "write", "mail", "tree",
    "link", "man", "info", "users", "groups", "logname", "column",
];

/// What a name in lower case, without its path and the ending `.exe`, says.
pub(super) fn program(name: &[u8]) -> Option<Program> {
    let holds = |list: &[&str]| list.iter().any(|known| known.as_bytes() == name);
    if name.is_empty() || name.len() > 16 {
        None
    } else if holds(SCOUTS) {
        Some(Program::Scout)
    } else if holds(RARE) {
        Some(Program::Rare)
    } else if holds(TOOLS) {
        Some(Program::Tool)
    } else if holds(WORDS) {
        Some(Program::Word)
    } else {
        None
    }
}

/// What a name with the wildcards `?` and `*`, of which at least two bytes are given, may say.
pub(super) fn program_like(pattern: &[u8]) -> Option<Program> {
    if pattern.iter().filter(|byte| byte.is_ascii_alphanumeric()).count() < 2 || pattern.len() > 16 {
        return None;
    }
    let lists = [(SCOUTS, Program::Scout), (TOOLS, Program::Tool), (WORDS, Program::Word)];
    lists
        .into_iter()
        .find_map(|(list, program)| list.iter().any(|name| matches(pattern, name.as_bytes())).then_some(program))
}

/// Whether a name fits a pattern; both are short.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=name.len()).any(|skipped| matches(rest, &name[skipped..])),
        ([b'?', rest @ ..], [_, name @ ..]) => matches(rest, name),
        ([a, rest @ ..], [b, name @ ..]) => a == b && matches(rest, name),
        _ => false,
    }
}

/// Words of shells that come before a command.
pub(super) fn is_keyword(word: &[u8]) -> bool {
    matches!(
        word,
        b"if"
            | b"then"
            | b"else"
            | b"elif"
            | b"while"
            | b"until"
            | b"do"
            | b"!"
            | b"time"
            | b"exec"
            | b"command"
            | b"builtin"
            | b"nohup"
            | b"sudo"
            | b"trap"
            | b"eval"
            | b"env"
            | b"{"
            | b"coproc"
            | b"nice"
            | b"setsid"
            | b"start"
            | b"call"
            | b"xargs"
    )
}
