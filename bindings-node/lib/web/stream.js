'use strict'

// Streams of HTTP/2 where the application listens to them, in place of requests and responses.

const sdk = require('../sdk')
const { dropEnd, dropWrite } = require('./answer')
const { emptyUnread, holdBody } = require('./body')
const { keepContext } = require('./context')
const { headOf, responseHeaders } = require('./head')

const nothing = () => undefined
const RESPONDS = ['respond', 'respondWithFD', 'respondWithFile']

/** Evaluates the request of a stream, and calls `next`, or answers in its place. */
function serveStream ({ engine, span = nothing, proxies }, stream, headers, rawHeaders, next) {
  let replaced = false
  const { respond, write, end } = stream

  const replace = () => {
    if (replaced) return
    const { status, headers: fields, body } = request.blockResponse({ headers_sent: stream.headersSent })
    if (status === undefined) {
      stream.close()
      return
    }
    replaced = true
    respond.call(stream, { ':status': status, ...fields })
    end.call(stream, body)
  }
  const request = engine.request(span(stream), replace)
  stream.bartizan = request
  stream.once('close', () => request.end())
  stream.once('finish', () => emptyUnread(stream))

  for (const name of RESPONDS) {
    const original = stream[name]
    stream[name] = (...args) => {
      if (replaced) return undefined
      const given = args[name === 'respond' ? 0 : 1] ?? {}
      if (!stream.headersSent && request.response(given[':status'] ?? 200, withoutPseudo(responseHeaders({}, given)))) {
        replace()
        return undefined
      }
      return original.apply(stream, args)
    }
  }
  stream.write = (...args) => replaced ? dropWrite(stream, args) : write.apply(stream, args)
  stream.end = (...args) => {
    if (!replaced) return end.apply(stream, args)
    dropEnd(stream, args)
    return stream
  }
  keepContext(stream, request)

  const parts = { method: headers[':method'], url: headers[':path'], rawHeaders, headers, socket: stream.session?.socket }
  if (request.head({ ...headOf(parts), ...proxies })) {
    replace()
    return
  }
  const go = () => sdk.run(request, next)
  const judge = () => {
    if (!request.bodyEnd()) return !replaced
    replace()
    return false
  }
  if (stream.endAfterHeaders) go()
  else holdBody(stream, request, judge, go)
}

const withoutPseudo = (headers) => Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')))

module.exports = { serveStream }
