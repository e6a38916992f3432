'use strict'

// The body of a request, which the engine reads before the application does.
//
// A connection puts what it receives into the request with `push`. As long as the body is held, `push` gives it to the engine
// instead; afterwards, what was held follows. So the stream is never read, and behaves as ever for whoever reads it next:
// how much it buffers, when it pauses the connection, and when it ends.

const { IncomingMessage } = require('node:http')

const nothing = () => undefined

/** Whether a body may come that nobody has read yet. */
function hasUnreadBody (req) {
  if (req.readableEnded || req.destroyed || req.body !== undefined) return false
  const { headers } = req
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0) return true
  return req.httpVersionMajor > 1 && req.stream?.endAfterHeaders !== true
}

/**
 * Gives the body to the request, up to the engine's limit, while nobody else gets it. Then `judge` says whether the request
 * goes on; if so, the stream gets what was held, and `pass` is called. A client that left before the end of its body is judged
 * by what it sent, but gets no answer: `leave` is called
 * in place of the application. `refuse` is for an application that was called before.
 */
function holdBody (req, request, judge, pass, leave = nothing, refuse = undefined) {
  const { push } = req
  const held = []
  let holding = true

  const settle = (gone, ended) => {
    if (!holding) return true
    holding = false
    delete req.push
    req.off('close', left)
    const goesOn = judge() && !gone
    let wanted = true
    if (goesOn) for (const [piece, encoding] of held) wanted = push.call(req, piece, encoding)
    // Nobody reads a refused body, unless the application waits for it: the end must not look like that of the body.
    if (ended && (goesOn || refuse === undefined)) push.call(req, null)
    if (!goesOn && !gone) refuse?.()
    // The connection pauses, if it has to, when this returns; only then may the application make it go on.
    if (goesOn) process.nextTick(pass)
    else if (gone) leave()
    return wanted
  }
  const left = () => settle(true, false)

  const early = bufferedPart(req)
  if (early !== null && !request.body(early)) return settle(false, false)
  if (req.readableEnded || req._readableState?.ended) return settle(false, false)
  req.push = function (piece, encoding) {
    if (!holding) return push.call(req, piece, encoding)
    if (piece === null) return settle(false, true)
    held.push([piece, encoding])
    return request.body(typeof piece === 'string' ? Buffer.from(piece, encoding) : piece) || settle(false, false)
  }
  req.once('close', left)
  // Other streams than those of HTTP/1 begin to deliver when they are read.
  if (!(req instanceof IncomingMessage)) req.read(0)
}

/** Empties a request of HTTP/2 that the application answered without reading it. Its stream would stay open. */
function emptyUnread (req) {
  if (req.readableFlowing === null && !req.readableEnded && !req.destroyed) req.resume()
}

/** What arrived before the request was held. It stays where it was. */
function bufferedPart (req) {
  if (!(req.readableLength > 0)) return null
  // A request that counts as read is not emptied by the server when the application does not read it.
  const consumed = req._consumed
  const part = req.read()
  if (part !== null) req.unshift(part)
  if (consumed === false) req._consumed = false
  return part
}

module.exports = { emptyUnread, hasUnreadBody, holdBody }
