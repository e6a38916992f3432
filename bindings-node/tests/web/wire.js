'use strict'

// Bytes to a server and back.

const net = require('node:net')

/** Sends bytes, in pieces if it is an array, and returns all that comes back until the server closes the connection. */
function exchange (port, sent, { wait = 3 } = {}) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1')
    const received = []
    socket.setTimeout(10_000, () => socket.destroy(new Error(`nothing came for ${JSON.stringify(String(sent).slice(0, 100))}`)))
    socket.on('data', (piece) => received.push(piece)).on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(received).toString('latin1')))
    const pieces = Array.isArray(sent) ? sent : [sent]
    const next = () => {
      if (pieces.length === 0 || socket.destroyed) return
      socket.write(pieces[0], 'latin1')
      pieces.shift()
      setTimeout(next, wait)
    }
    pieces.length > 0 && socket.once('connect', next)
  })
}

const request = (method, target, headers = {}, body = '') => {
  const all = { host: 'h', connection: 'close', ...headers }
  if (body !== '') all['content-length'] ??= Buffer.byteLength(body, 'latin1')
  const lines = Object.entries(all).filter(([, value]) => value !== null).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

/** What differs from one answer to the next. */
const steady = (answer) => answer.replace(/^Date: .*$/gmi, 'Date: now')

module.exports = { exchange, request, steady }
