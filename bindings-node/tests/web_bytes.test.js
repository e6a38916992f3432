'use strict'

// What a protected application answers to honest requests is, byte by byte, what it answers bare.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { Engine } = require('bartizan')
const { FRAMEWORKS, listen, RAW } = require('./web/apps')
const { exchange, request, steady } = require('./web/wire')

const JSON_BODY = { 'content-type': 'application/json' }
const CHUNKED = { 'transfer-encoding': 'chunked' }

/** Requests to every framework. */
const COMMON = [
  request('GET', '/items/7'),
  request('GET', '/page'),
  request('HEAD', '/page'),
  request('GET', '/missing'),
  request('GET', '/error'),
  request('GET', '/piped'),
  request('POST', '/json', JSON_BODY, '{"a": [1, "x"]}'),
  [request('POST', '/json', { ...JSON_BODY, ...CHUNKED }), '6\r\n{"a": \r\n', '2\r\n1}\r\n0\r\n\r\n'],
  request('POST', '/json', JSON_BODY, '{broken'),
  request('OPTIONS', '/items/7'),
  // pipelining
  request('GET', '/items/1', { connection: null }) + request('GET', '/items/2', { connection: null }) + request('GET', '/page'),
  // a client that waits for leave to send
  [request('POST', '/json', { ...JSON_BODY, expect: '100-continue', 'content-length': 2 }), '{}'],
  'GET / HTTP/9.9\r\n\r\n',
  request('POST', '/json', { ...JSON_BODY, 'content-length': 'x' }),
  request('GET', '/%zz?%zz=%'),
  'GET /page HTTP/1.0\r\n\r\n'
]
const PLAIN = [
  ...Object.keys(RAW).map((path) => request('GET', path)),
  ...Object.keys(RAW).map((path) => request('HEAD', path)),
  request('POST', '/echo', {}, 'x'.repeat(3000)),
  request('POST', '/plain', {}, 'unread'.repeat(30_000)),
  [request('POST', '/echo', CHUNKED), '3\r\nabc\r\n', '0\r\nx-trailer: 1\r\n\r\n'],
  request('POST', '/echo', { connection: null }, 'one') + request('POST', '/plain', { connection: null }, 'two') + request('POST', '/echo', {}, 'three')
]

const engine = new Engine(undefined, { mode: 'block', timeout_us: 60_000_000 })

for (const [name, make] of Object.entries(FRAMEWORKS)) {
  test(name, async (t) => {
    const [bare, guarded] = [await listen(make()), await listen(make(engine))]
    t.after(() => [bare, guarded].forEach(({ server }) => server.close()))
    const plain = name === 'http' || name === 'server' || name === 'connect'
    for (const sent of plain ? PLAIN : COMMON) {
      const [expected, answer] = [await exchange(bare.port, [sent].flat()), await exchange(guarded.port, [sent].flat())]
      assert.notEqual(expected, '')
      assert.equal(steady(answer), steady(expected), [sent].flat()[0].slice(0, 60))
    }
  })
}
