'use strict'

// Requests that leave HTTP: handshakes of websockets, and tunnels. They have a socket in place of a response.

const { STATUS_CODES } = require('node:http')
const sdk = require('../sdk')
const { keepContext } = require('./context')
const { headOf } = require('./head')

const nothing = () => undefined

/** Evaluates the request, and calls `next`, or answers in its place. Its messages are for `req.bartizan.message`. */
function upgrade ({ engine, span = nothing, proxies }, req, socket, next) {
  const refuse = () => {
    if (!socket.writable) return
    const { status, headers, body } = request.blockResponse({ headers_sent: socket.bytesWritten > written })
    if (status === undefined) {
      socket.destroy()
      return
    }
    const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body ?? ''}`)
  }
  const written = socket.bytesWritten
  const request = engine.request(span(req), refuse)
  req.bartizan = request
  socket.once('close', () => request.end())
  if (request.head({ ...headOf(req), ...proxies })) {
    // The server takes its own listener off the socket before it hands it out.
    socket.on('error', nothing)
    refuse()
  } else {
    keepContext(socket, request)
    sdk.run(request, next)
  }
}

module.exports = { upgrade }
