'use strict'

// Evaluates what frameworks make of a request; each says whether the request was refused.

/** Parameters of the path, once for each match. */
function judgeParams (exchange, params) {
  const { seen } = exchange
  if (params === seen.params || typeof params !== 'object' || params === null) return exchange.replaced
  seen.params = params
  if (Object.keys(params).length === 0) return exchange.replaced
  return exchange.refused((request) => request.evaluate({ 'server.request.path_params': { ...params } }))
}

/** What the application's parsers made of a body that the engine did not read. */
function judgeBody (exchange, body, headers) {
  if (exchange.request.bodyRead || exchange.seen.body) return exchange.replaced
  const unparsed = whyUnparsed(body, headers)
  if (body === undefined && unparsed === undefined) return exchange.replaced
  exchange.seen.body = true
  return exchange.refused((request) => request.evaluate(body === undefined ? {} : { 'server.request.body': body }, unparsed))
}

/** Why the application's parsers did not parse the body, if so. */
function whyUnparsed (body, headers) {
  const sent = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  const kind = (headers['content-type'] ?? '').split(';')[0].trim().toLowerCase()
  // Parsers that ignore a body leave nothing or an empty object, which may also be parsed JSON.
  const empty = body === undefined || body === null ||
    (typeof body === 'object' && Object.keys(body).length === 0 && !kind.endsWith('json'))
  return sent && empty ? `no parser of the application takes '${kind}'` : undefined
}

module.exports = { judgeBody, judgeParams }
