'use strict'

// The heads of requests and responses, as the engine takes them.

/** The head of a request as it came over the wire, as arguments of `head`. */
function headOf (req) {
  const { rawHeaders } = req
  const headers = []
  let authority
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name, value] = [rawHeaders[at], rawHeaders[at + 1]]
    // HTTP/2 has method, target and host among the headers, under names that begin with a colon.
    if (name === ':authority') authority = value
    else if (!name.startsWith(':')) headers.push([wire(name), wire(value)])
  }
  if (authority !== undefined && req.headers.host === undefined) headers.unshift(['host', wire(authority)])
  return { method: req.method, target: wire(req.originalUrl ?? req.url), headers, peer: req.socket?.remoteAddress }
}

/** The bytes of a text in which each character stands for a byte. */
function wire (text) {
  return /[^\0-\x7f]/.test(text) ? Buffer.from(text, 'latin1') : text
}

/**
 * The headers that a response will have: those set before, replaced by those that `writeHead` is called with. These come as
 * an object, as an array in which names and values alternate, or as an array of pairs.
 */
function responseHeaders (set, given) {
  const headers = {}
  for (const name of Object.keys(set)) headers[name] = textOf(set[name])
  const added = new Set()
  for (const [name, value] of pairsOf(given)) {
    const key = textOf(name).toLowerCase()
    headers[key] = added.has(key) ? [headers[key], textOf(value)].flat() : textOf(value)
    added.add(key)
  }
  return headers
}

function pairsOf (given) {
  if (!Array.isArray(given)) return typeof given === 'object' && given !== null ? Object.entries(given) : []
  if (Array.isArray(given[0])) return given.filter(Array.isArray)
  const pairs = []
  for (let at = 0; at + 1 < given.length; at += 2) pairs.push([given[at], given[at + 1]])
  return pairs
}

/** What a header is on the wire. What cannot be one fails when the application's own call is made. */
function textOf (value) {
  if (Array.isArray(value)) return value.map(textOf)
  try {
    return String(value)
  } catch {
    return ''
  }
}

/** The names of the headers of a response, as they are spelled on the wire, by lower case. */
function spellingOf (res, given) {
  const names = res.getRawHeaderNames?.() ?? []
  return [...names, ...pairsOf(given).map(([name]) => textOf(name))].map((name) => [name.toLowerCase(), name])
}

module.exports = { headOf, responseHeaders, spellingOf, wire }
