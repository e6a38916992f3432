'use strict'

// The request as it came over the wire: its head, and its body, which the engine reads before the application does.

/** The head of a request, as arguments of `head`. */
function headOf (req) {
  const { rawHeaders } = req
  const headers = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    // HTTP/2 has method, target and the like among the headers.
    if (!rawHeaders[at].startsWith(':')) headers.push([wire(rawHeaders[at]), wire(rawHeaders[at + 1])])
  }
  return { method: req.method, target: wire(req.originalUrl ?? req.url), headers, peer: req.socket.remoteAddress }
}

/** The bytes of a text in which each character stands for a byte. */
function wire (text) {
  return /[^\0-\x7f]/.test(text) ? Buffer.from(text, 'latin1') : text
}

/** Whether a body may come that nobody has read yet. */
function hasUnreadBody (req) {
  const { headers } = req
  const announced = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0
  return (announced || req.httpVersionMajor > 1) && !req.readableEnded && !req.destroyed && req.body === undefined
}

/**
 * Gives the body to the request, up to the engine's limit, and puts it back into the stream, so that the application reads
 * it from the beginning. Then calls `done` with whether there was a body.
 *
 * The stream must not end meanwhile, as nobody would hear of it later. It ends when it is read beyond its last byte; bytes
 * that are put back before the next tick prevent that.
 */
function holdBody (req, request, done) {
  if (!hasUnreadBody(req)) return done(false)
  const held = []
  let settled = false

  const take = () => {
    while (!settled && req.readableLength > 0) {
      const piece = req.read()
      if (piece === null) break
      held.push(piece)
      if (!request.body(piece)) settle()
    }
    if (req.complete) settle()
  }

  const settle = () => {
    if (settled) return
    settled = true
    req.off('readable', take)
    for (const end of ENDS) req.off(end, settle)
    if (held.length > 0 && !req.destroyed) req.unshift(Buffer.concat(held))
    // A stream whose listener of `readable` was removed can be read again from the next tick on.
    setImmediate(done, true)
  }

  for (const end of ENDS) req.on(end, settle)
  req.on('readable', take)
}

/** How a stream ends before its last byte has come. An error is also heard by whoever else listens. */
const ENDS = ['close', 'error', 'aborted']

module.exports = { headOf, holdBody }
