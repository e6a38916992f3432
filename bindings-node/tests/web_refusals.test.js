'use strict'

// Requests that are refused, in every framework: what the client gets, and what the application notices.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const http = require('node:http')
const https = require('node:https')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { once } = require('node:events')
const { Readable, pipeline } = require('node:stream')
const { test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { Engine, sdk } = require('bartizan')
const { protect } = require('bartizan/http')
const { FRAMEWORKS, listen } = require('./web/apps')
const { exchange, request } = require('./web/wire')

const openssl = spawnSync('openssl', ['version']).status === 0
const INPUTS = ['query', 'cookies', 'body', 'body.filenames', 'body.files_content', 'path_params', 'headers.no_cookies']
const matches = (id, regex, addresses) => ({
  id,
  name: id,
  tags: { type: id },
  conditions: [{ operator: 'match_regex', parameters: { regex, inputs: addresses.map((address) => ({ address })) } }],
  on_match: ['block']
})
const rules = {
  version: '2.2',
  rules: [
    matches('evil', 'evil', INPUTS.map((part) => `server.request.${part}`)),
    matches('uri', 'raw%45vil', ['server.request.uri.raw']),
    matches('teapot', '418', ['server.response.status']),
    matches('leak', 'secret', ['server.response.headers.no_cookies'])
  ]
}
const engine = new Engine(rules, { mode: 'block', timeout_us: 60_000_000, body_limit: 100_000 })
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const MULTIPART = '--B\r\nContent-Disposition: form-data; name=a; filename="NAME"\r\n\r\nCONTENT\r\n--B--\r\n'
const multipart = { 'content-type': 'multipart/form-data; boundary=B' }

const ATTACKS = {
  query: request('GET', '/page?a=ev%69l'),
  'uri.raw': request('GET', '/raw%45vil'),
  cookie: request('GET', '/page', { cookie: 'a=b; c=evil' }),
  header: request('GET', '/page', { 'x-any': 'evil' }),
  json: request('POST', '/json', { 'content-type': 'application/json' }, '{"a": "\\u0065vil"}'),
  form: request('POST', '/json', form, 'a=%65vil'),
  field: request('POST', '/json', multipart, MULTIPART.replace('CONTENT', 'evil')),
  filename: request('POST', '/json', multipart, MULTIPART.replace('NAME', 'evil')),
  text: request('POST', '/json', { 'content-type': 'text/plain' }, 'evil'),
  xml: request('POST', '/json', { 'content-type': 'text/xml' }, '<a b="ev&#105;l"/>'),
  pieces: [request('POST', '/json', { 'transfer-encoding': 'chunked' }), '2\r\nev\r\n', '2\r\nil\r\n', '0\r\n\r\n'],
  head: request('HEAD', '/page?a=evil'),
  large: request('POST', '/json', { 'content-type': 'text/plain', 'content-length': 200_000 }, 'evil'.padEnd(200_000, 'x')),
  'before it is sent': request('POST', '/json', { 'content-type': 'text/plain', 'content-length': 10_000_000, cookie: 'a=evil' }, 'some')
}

for (const [name, make] of Object.entries(FRAMEWORKS)) {
  test(`attacks on ${name}`, async (t) => {
    const { server, port } = await listen(make(engine))
    t.after(() => server.close())
    const places = { ...ATTACKS }
    // Frameworks with routers.
    if (/express|fastify|koa/.test(name)) places.path = request('GET', '/items/ev%69l')
    for (const [place, sent] of Object.entries(places)) {
      const answer = await exchange(port, [sent].flat())
      assert.match(answer, /^HTTP\/1.1 403 Forbidden\r\n/, place)
      if (place !== 'head') assert.match(answer, /security_response_id/, place)
    }
    assert.match(await exchange(port, [request('GET', '/page')]), /^HTTP\/1.1 (200|404) /)
    const both = await exchange(port, [request('GET', '/x?a=evil', { connection: null }) + request('GET', '/x')])
    assert.equal(both.match(/HTTP\/1.1 (\d+)/g).length, 2, 'the next request of the connection is answered')
    assert.match(await exchange(port, [request('GET', '/?a=evil', { accept: 'text/html' })]), /content-type: text\/html/i)
  })
}

/** What applications do with a response that was, or will be, replaced; each ends with a call of `done`. */
const HABITS = {
  'a status': (res, done) => { res.statusCode = 418; res.end('secret body', done) },
  'a status and reason': (res, done) => { res.writeHead(418, 'Teapot', { 'x-a': '1' }); res.write('secret body', () => res.end(done)) },
  'a flat list': (res, done) => { res.writeHead(200, ['x-a', 'secret']); res.end('secret body', 'utf8', done) },
  'a list of pairs': (res, done) => { res.writeHead(200, [['x-a', '1'], ['x-a', 'secret']]); res.end(done) },
  'headers set before': (res, done) => { res.setHeader('x-a', 'secret'); res.flushHeaders(); res.setHeader('x-b', '1'); res.end(done) },
  'a stream': (res, done) => { res.statusCode = 418; pipeline(Readable.from(['secret body', 'b', 'c']), res, () => done()) },
  'a piped stream': (res, done) => { res.statusCode = 418; res.on('unpipe', () => done()); Readable.from(['secret body', 'b']).pipe(res) },
  'a loop that waits': async (res, done) => {
    res.statusCode = 418
    const closed = once(res, 'close')
    for (let n = 0; n < 100; n++) if (!res.write('secret body')) await Promise.race([once(res, 'drain'), closed])
    res.end(done)
  },
  'an endless loop': async (res, done) => {
    res.statusCode = 418
    res.once('close', done)
    const source = new Readable({ read () { this.push('secret body') } })
    source.pipe(res)
  },
  'a user': (res, done) => {
    sdk.setUser('mallory')
    res.setHeader('x-b', '1')
    res.writeHead(200, ['x', 'y'])
    res.addTrailers({ a: '1' })
    res.end('secret body', done)
  },
  'a user, found late': async (res, done) => { await sleep(2); sdk.setUser('mallory'); res.end('secret body', done) },
  'a destroyed socket': (res, done) => { sdk.setUser('mallory'); if (res.headersSent) res.req.socket.destroy(); done() },
  'leave to block': (res, done) => { assert.ok(res.req.blockRequest()); assert.ok(res.req.blockRequest()); res.end(done) }
}

test('applications whose response is replaced', async (t) => {
  const own = new Engine(rules, { mode: 'block', timeout_us: 60_000_000 })
  own.block({ user: 'mallory' })
  let done, failed
  const { server, port } = await listen(http.createServer(protect((req, res) => {
    const answer = HABITS[decodeURIComponent(req.url.slice(1))](res, done)
    answer?.catch(failed)
  }, own)))
  t.after(() => server.close())
  for (const name of Object.keys(HABITS)) {
    const called = new Promise((resolve, reject) => { [done, failed] = [resolve, reject] })
    const answer = await exchange(port, [request('GET', `/${encodeURIComponent(name)}`)])
    assert.match(answer, /^HTTP\/1.1 403 Forbidden\r\n/, name)
    assert.ok(!answer.includes('secret') && !/x-[ab]/.test(answer) && answer.includes('security_response_id'), `${name}: ${answer}`)
    await Promise.race([called, sleep(3000).then(() => assert.fail(`${name}: no callback`))])
  }
})

test('a response that was begun is cut off', async (t) => {
  const own = new Engine(rules, { mode: 'block' })
  own.block({ user: 'mallory' })
  const { server, port } = await listen(http.createServer(protect((req, res) => {
    res.write('begun')
    setTimeout(() => { sdk.setUser('mallory'); res.end('secret') }, 20)
  }, own)))
  t.after(() => server.close())
  const answer = await exchange(port, [request('GET', '/')])
  assert.ok(answer.includes('begun') && !answer.includes('secret') && !answer.endsWith('0\r\n\r\n'), answer)
})

test('handshakes of websockets, and their messages', async (t) => {
  const { WebSocketServer, WebSocket } = require('ws')
  const server = protect(http.createServer((req, res) => res.end('page')), engine)
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket, req) => socket.on('message', (data) => {
    if (req.bartizan.message(data)) socket.close(1008)
    else socket.send(`${sdk.current() === req.bartizan} ${data}`)
  }))
  const { port } = await listen(server)
  t.after(() => { sockets.close(); server.close(); server.closeAllConnections() })
  const honest = new WebSocket(`ws://127.0.0.1:${port}/chat?a=b`)
  await once(honest, 'open')
  honest.send('hello')
  assert.equal(String((await once(honest, 'message'))[0]), 'true hello')
  honest.send('{"a": "evil"}')
  assert.equal((await once(honest, 'close'))[0], 1008)
  const refused = new WebSocket(`ws://127.0.0.1:${port}/chat?a=evil`)
  const [, response] = await Promise.race([once(refused, 'unexpected-response'), once(refused, 'open').then(() => assert.fail('open'))])
  assert.equal(response.statusCode, 403)
  response.resume()
  assert.match(await exchange(port, ['GET /?a=evil HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n']), /^HTTP\/1.1 403 /)
  assert.match(await exchange(port, [request('GET', '/')]), /page$/)
})

test('a body that is sent only when the application asks for it', async (t) => {
  const server = protect(http.createServer(), engine)
  const read = []
  server.on('checkContinue', (req, res) => {
    res.writeContinue()
    const pieces = []
    req.on('data', (piece) => pieces.push(piece)).on('end', () => { read.push(Buffer.concat(pieces).toString()); res.end('taken') })
  })
  const { port } = await listen(server)
  t.after(() => server.close())
  const post = (body, target = '/') => [request('POST', target, { expect: '100-continue', 'content-length': body.length }), body]
  assert.match(await exchange(port, post('honest')), /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK.*taken/s)
  assert.match(await exchange(port, post('evil')), /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 403/)
  assert.match(await exchange(port, post('honest', '/?a=evil').slice(0, 1)), /^HTTP\/1.1 403/)
  assert.deepEqual(read, ['honest'])
})

test('clients that leave', async (t) => {
  let served = 0
  const { server, port } = await listen(http.createServer(protect((req, res) => { served++; if (req.url === '/now') res.end('at once'); else setTimeout(() => res.end('late'), 10) }, engine)))
  t.after(() => server.close())
  for (const sent of ['GET / HTTP/1.1\r\nhost: h\r\n\r\n', 'POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nhalf', 'GET /?a=evil HTTP/1.1\r\nhost: h\r\n\r\n']) {
    const socket = net.connect(port, '127.0.0.1')
    socket.write(sent)
    await sleep(20)
    socket.resetAndDestroy()
    await once(socket, 'close')
  }
  // The half of a connection that a client closed does not keep it from the answer.
  const half = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  half.end(request('POST', '/now', {}, 'whole'))
  const pieces = await half.toArray()
  assert.match(Buffer.concat(pieces).toString(), /at once/)
  assert.equal(served, 2)
})

for (const name of ['express', 'express4', 'fastify', 'koa']) {
  test(`records of attacks on ${name} have the route`, async (t) => {
    const records = []
    const own = new Engine(rules, { mode: 'block', timeout_us: 60_000_000, onBlock: (record) => records.push(record) })
    const { server, port } = await listen(FRAMEWORKS[name](own))
    t.after(() => server.close())
    assert.match(await exchange(port, [request('GET', '/items/ev%69l')]), / 403 /)
    assert.deepEqual(records.map(({ route }) => route), ['/items/:id'])
  })
}

test('endless responses keep nobody else from being served', async (t) => {
  let closed = 0
  const { server, port } = await listen(http.createServer(protect((req, res) => {
    if (req.url !== '/endless') return res.end('page')
    const timer = setInterval(() => res.write('more'), 2)
    res.once('close', () => { closed++; clearInterval(timer) })
  }, engine)))
  t.after(() => server.close())
  const clients = [1, 2, 3].map(() => net.connect(port, '127.0.0.1'))
  for (const client of clients) {
    client.write(request('GET', '/endless'))
    await once(client, 'data')
  }
  assert.match(await exchange(port, [request('GET', '/')]), /page$/)
  assert.match(await exchange(port, [request('GET', '/?a=evil')]), / 403 /)
  for (const client of clients) client.destroy()
  while (closed < 3) await sleep(5)
})

test('TLS, and an error handler that destroys the connection', { skip: !openssl && 'openssl is not installed' }, async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bartizan-tls-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  const [key, cert] = ['key', 'cert'].map((name) => path.join(folder, name))
  spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost'])
  const express = require('express')
  const app = express()
  app.set('env', 'test')
  app.get('/', (req, res) => res.send('page'))
  app.get('/user', () => {
    sdk.setUser('mallory')
    throw new Error('which Express would show')
  })
  const own = new Engine(rules, { mode: 'block' })
  own.block({ user: 'mallory' })
  const { server, port } = await listen(protect(https.createServer({ key: fs.readFileSync(key), cert: fs.readFileSync(cert) }, app), own))
  t.after(() => server.close())
  const get = async (target) => {
    const [answer] = await once(https.get({ port, path: target, rejectUnauthorized: false, agent: false }), 'response')
    return [answer.statusCode, Buffer.concat(await answer.toArray()).toString().includes('page')]
  }
  assert.deepEqual(await get('/'), [200, true])
  assert.deepEqual(await get('/?a=evil'), [403, false])
  for (let n = 0; n < 5; n++) assert.deepEqual(await get('/user'), [403, false])
})

test('an application of Express as a listener', async (t) => {
  const { server, port } = await listen(http.createServer(protect(require('express')().get('/', (req, res) => res.send('page')), engine)))
  t.after(() => server.close())
  assert.match(await exchange(port, [request('GET', '/')]), /page$/)
  assert.match(await exchange(port, [request('GET', '/?a=evil')]), / 403 /)
})

test('what cannot be protected', () => {
  for (const target of [undefined, {}, 'server', new (require('koa'))(), require('fastify')()]) assert.throws(() => protect(target, engine), { code: 'ERR_BARTIZAN_ARGUMENT' })
  assert.throws(() => protect(() => {}, {}), { code: 'ERR_BARTIZAN_ARGUMENT' })
  assert.throws(() => protect(() => {}, engine, { spam: 1 }), /unknown setting `spam`/)
  assert.throws(() => protect(() => {}, engine, { trusted_proxies: ['x'] }), { code: 'ERR_BARTIZAN_ARGUMENT' })
  const server = http.createServer()
  assert.equal(protect(protect(server, engine), engine), server)
})
