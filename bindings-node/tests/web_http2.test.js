'use strict'

// HTTP/2: its compatibility API, its streams, and TLS.

const assert = require('node:assert/strict')
const http2 = require('node:http2')
const { once } = require('node:events')
const { test } = require('node:test')
const { Engine, sdk } = require('bartizan')
const { protect } = require('bartizan/http')
const { handle, listen } = require('./web/apps')

const inputs = ['query', 'body', 'cookies', 'headers.no_cookies'].map((part) => ({ address: `server.request.${part}` }))
const rule = (id, regex, from) => ({
  id, name: id, tags: { type: id }, conditions: [{ operator: 'match_regex', parameters: { regex, inputs: from } }], on_match: ['block']
})
const rules = {
  version: '2.2',
  rules: [rule('evil', 'evil', inputs), rule('teapot', '418', [{ address: 'server.response.status' }]), rule('host', '^h.example$', inputs.slice(3))]
}
const engine = new Engine(rules, { mode: 'block', timeout_us: 60_000_000 })
engine.block({ user: 'mallory' })

/** Sends a request over a connection; returns its headers, body and trailers. */
async function send (client, headers, body) {
  const stream = client.request(headers, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  const trailers = []
  stream.on('trailers', (given) => trailers.push(Object.entries(given)))
  const [answer] = await once(stream, 'response')
  const pieces = []
  for await (const piece of stream) pieces.push(piece)
  const { date, ...rest } = answer
  assert.ok(date === undefined || date.length > 0)
  return { ...rest, body: Buffer.concat(pieces).toString(), trailers }
}

async function serve (t, server) {
  const { port } = await listen(server)
  const client = http2.connect(`http://127.0.0.1:${port}`)
  t.after(() => { client.destroy(); server.close() })
  return client
}

/** Responses that HTTP/2 has, too. */
const PATHS = ['/plain', '/empty', '/implicit', '/object', '/both', '/flush', '/204', '/304', '/length', '/stream', '/none', '/echo']

test('the compatibility API', async (t) => {
  const bare = await serve(t, http2.createServer(handle))
  const guarded = await serve(t, protect(http2.createServer(handle), engine))
  const byListener = await serve(t, http2.createServer(protect(handle, engine)))
  for (const path of PATHS) {
    for (const [method, body] of [['GET'], ['HEAD'], ['POST', 'x'.repeat(200_000)]]) {
      const expected = await send(bare, { ':path': path, ':method': method }, body)
      for (const client of [guarded, byListener]) {
        assert.deepEqual(await send(client, { ':path': path, ':method': method }, body), expected, `${method} ${path}`)
      }
    }
  }
  for (const client of [guarded, byListener]) {
    for (const [headers, body] of [
      [{ ':path': '/plain?a=evil' }],
      [{ ':path': '/plain', 'x-a': 'evil' }],
      [{ ':path': '/plain', ':authority': 'h.example' }],
      [{ ':path': '/plain', ':method': 'POST', 'content-type': 'application/json' }, '{"a": "\\u0065vil"}'],
      [{ ':path': '/plain', ':method': 'POST', cookie: 'a=evil' }, 'x'.repeat(100_000)]
    ]) {
      const answer = await send(client, headers, body)
      assert.deepEqual([answer[':status'], answer.body.includes('security_response_id')], [403, true], JSON.stringify(headers))
    }
  }
})

test('responses that are replaced', async (t) => {
  const answers = {
    '/implicit': (req, res, done) => { res.statusCode = 418; res.setHeader('x-a', '1'); res.end('secret', done) },
    '/head': (req, res, done) => { res.writeHead(418, { 'x-a': '1' }); res.write('secret', () => res.end(done)) },
    '/user': (req, res, done) => { sdk.setUser('mallory'); res.setHeader('x-a', '1'); res.writeHead(200); res.end('secret', done) }
  }
  let called
  const client = await serve(t, protect(http2.createServer((req, res) => answers[req.url](req, res, called)), engine))
  for (const path of Object.keys(answers)) {
    const callback = new Promise((resolve) => { called = resolve })
    const answer = await send(client, { ':path': path })
    assert.deepEqual([answer[':status'], answer['x-a'], answer.body.includes('secret')], [403, undefined, false], path)
    await callback
  }
})

test('streams', async (t) => {
  let called
  const server = protect(http2.createServer(), engine)
  server.on('stream', (stream, headers) => {
    const status = headers[':path'] === '/teapot' ? 418 : 200
    if (headers[':path'] === '/user') sdk.setUser('mallory')
    stream.respond({ ':status': status, 'x-a': '1' }, { waitForTrailers: headers[':path'] === '/trailers' })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-t': '1' }))
    if (headers[':path'] === '/piped') stream.pipe(stream)
    else stream.end(`${sdk.current() === stream.bartizan}`, called)
  })
  const client = await serve(t, server)
  assert.equal((await send(client, { ':path': '/' })).body, 'true')
  assert.deepEqual((await send(client, { ':path': '/trailers' })).trailers, [[['x-t', '1']]])
  const large = 'x'.repeat(3_000_000)
  assert.equal((await send(client, { ':path': '/piped', ':method': 'POST' }, large)).body, large)
  for (const [path, body] of [['/?a=evil'], ['/teapot'], ['/user'], ['/', 'evil']]) {
    const callback = new Promise((resolve) => { called = resolve })
    const answer = await send(client, { ':path': path, ':method': body ? 'POST' : 'GET' }, body)
    assert.deepEqual([answer[':status'], answer['x-a'], answer.body.includes('true')], [403, undefined, false], path)
    if (path === '/teapot' || path === '/user') await callback
  }
})
