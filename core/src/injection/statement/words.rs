//! The words of SQL that decide how a statement goes on.

/// What a word is, where the grammar asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Word {
    /// `AND`, `OR`: joins conditions.
    Connective,
    /// Compares, such as `LIKE`.
    Comparison,
    /// An operator between values, such as `DIV`.
    Binary,
    /// Comes before a value, such as `NOT`, or begins the next part of an expression, such as `WHEN`.
    Prefix,
    /// A value in one word, such as `NULL`.
    Value,
    /// Joins another query: `UNION`.
    Union,
    /// `SELECT`, `VALUES`, `TABLE`: a query.
    Query,
    /// `ORDER` and `GROUP`, to be followed by `BY`.
    Sort,
    /// A clause after the conditions, such as `LIMIT`.
    Clause,
    /// Begins a statement that changes or runs something.
    Verb,
    /// Follows a value and takes a name: `COLLATE`, `AS`.
    Suffix,
    /// Follows a value, such as `END`.
    Closing,
    /// Separates the arguments of certain functions: `FROM`, `FOR`.
    Separator,
    /// Anything else: a name.
    Name,
}

/// What a word is. Words of two meanings have the one that is told apart by its place.
pub(super) fn word(text: &[u8]) -> Word {
    let mut upper = [0; 12];
    let Some(copy) = upper.get_mut(..text.len()) else { return Word::Name };
    copy.copy_from_slice(text);
    copy.make_ascii_uppercase();
    match &*copy {
        b"AND" | b"OR" | b"XOR" => Word::Connective,
        b"LIKE" | b"RLIKE" | b"REGEXP" | b"ILIKE" | b"GLOB" | b"MATCH" | b"IN" | b"BETWEEN" | b"IS" | b"SIMILAR"
        | b"SOUNDS" | b"MEMBER" => Word::Comparison,
        b"DIV" | b"MOD" | b"ESCAPE" => Word::Binary,
        b"NOT" | b"BINARY" | b"DISTINCT" | b"DISTINCTROW" | b"ALL" | b"ANY" | b"SOME" | b"EXISTS" | b"CASE"
        | b"WHEN" | b"THEN" | b"ELSE" | b"INTERVAL" | b"TO" => Word::Prefix,
        b"NULL" | b"TRUE" | b"FALSE" | b"UNKNOWN" | b"CURRENT_USER" | b"CURRENT_DATE" | b"SYSDATE" => Word::Value,
        b"UNION" | b"INTERSECT" | b"EXCEPT" | b"MINUS" => Word::Union,
        b"SELECT" | b"VALUES" => Word::Query,
        b"ORDER" | b"GROUP" => Word::Sort,
        b"HAVING" | b"LIMIT" | b"OFFSET" | b"WHERE" | b"INTO" | b"PROCEDURE" | b"RETURNING" => Word::Clause,
        b"INSERT" | b"UPDATE" | b"DELETE" | b"DROP" | b"CREATE" | b"ALTER" | b"TRUNCATE" | b"EXEC" | b"EXECUTE"
        | b"DECLARE" | b"SHUTDOWN" | b"WAITFOR" | b"GRANT" | b"REVOKE" | b"REPLACE" | b"MERGE" | b"CALL" | b"COPY"
        | b"ATTACH" | b"BACKUP" | b"RENAME" | b"HANDLER" | b"PRAGMA" | b"BEGIN" | b"SET" | b"PRINT" | b"IF" | b"DO"
        | b"LOAD" | b"VACUUM" | b"KILL" | b"LOCK" => Word::Verb,
        b"COLLATE" | b"AS" => Word::Suffix,
        b"END" | b"ASC" | b"DESC" | b"ISNULL" | b"NOTNULL" => Word::Closing,
        b"FROM" | b"FOR" | b"USING" | b"PLACING" | b"SEPARATOR" => Word::Separator,
        _ => Word::Name,
    }
}

/// Functions whose call in a place where a statement goes on is enough, whatever surrounds it: they wait, read files,
/// raise errors with data, or name what only an attacker asks for.
pub(super) fn is_telling(name: &[u8]) -> bool {
    const NAMES: &[&str] = &[
        "sleep",
        "benchmark",
        "pg_sleep",
        "extractvalue",
        "updatexml",
        "load_file",
        "randomblob",
        "xmltype",
        "gtid_subset",
        "version",
        "database",
        "current_user",
        "session_user",
        "system_user",
        "user",
        "db_name",
        "user_name",
        "ascii",
        "ord",
        "substr",
        "substring",
        "mid",
        "char",
        "chr",
        "unhex",
        "concat",
        "concat_ws",
        "group_concat",
        "elt",
        "make_set",
        "row",
        "iif",
        "ifnull",
        "nvl",
        "quotename",
        "json_extract",
        "json_length",
        "json_keys",
        "json_depth",
        "json_type",
        "json_valid",
        "json_object",
        "json_array",
        "unistr",
        "overlay",
        "to_char",
        "utl_inaddr",
        "bin",
        "hex",
        "char_length",
        "length",
        "count",
        "unlikely",
        "likely",
        "load_extension",
        "regexp_like",
        "st_latfromgeohash",
        "name_const",
        "exp",
        "polygon",
        "geometrycollection",
        "multipoint",
        "convert",
        "cast",
        "coalesce",
        "strcmp",
        "if",
        "pg_read_file",
        "query_to_xml",
        "lo_import",
        "current_setting",
        "generate_series",
        "sqlite_version",
        "schema",
    ];
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// What a statement that changes something is about.
pub(super) fn is_object(word: &[u8]) -> bool {
    const OBJECTS: &[&str] = &[
        "table",
        "database",
        "user",
        "view",
        "index",
        "function",
        "into",
        "from",
        "all",
        "on",
        "immediate",
        "delay",
        "time",
        "schema",
        "login",
        "role",
        "master",
        "xp_cmdshell",
        "sp_configure",
        "select",
        "insert",
        "update",
        "delete",
        "or",
        "trigger",
        "procedure",
        "alias",
        "data",
        "global",
        "declare",
        "privileges",
        "top",
        "temporary",
        "analyze",
    ];
    OBJECTS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
        || word.get(..3).is_some_and(|head| head.eq_ignore_ascii_case(b"xp_") || head.eq_ignore_ascii_case(b"sp_"))
}
