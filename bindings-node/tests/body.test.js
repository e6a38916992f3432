'use strict'

// The body of a request is judged before the application reads it, which then reads every byte.

const assert = require('node:assert/strict')
const http = require('node:http')
const net = require('node:net')
const { once } = require('node:events')
const { after, before, test } = require('node:test')
const { Engine, protection } = require('..')

const ADDRESSES = ['query', 'cookies', 'body', 'body.filenames', 'body.files_content'].map((part) => `server.request.${part}`)
const rules = {
  version: '2.2',
  rules: [{
    id: 'r',
    name: 'n',
    tags: { type: 't' },
    conditions: [{ operator: 'match_regex', parameters: { regex: 'evil', inputs: ADDRESSES.map((address) => ({ address })) } }],
    on_match: ['block']
  }]
}
const LIMIT = 100_000

let server, port

before(async () => {
  const { begin, evaluate } = protection(new Engine(rules, { mode: 'block', timeout_us: 10_000_000, body_limit: LIMIT }))
  server = http.createServer((req, res) => begin(req, res, () => evaluate(req, res, async () => {
    if (req.url === '/unread') return res.end('unread')
    if (req.url === '/late') await new Promise((resolve) => setTimeout(resolve, 20))
    const pieces = []
    if (req.url === '/piped') {
      req.pipe(res)
      return
    }
    if (req.url === '/events') {
      req.on('data', (piece) => pieces.push(piece)).on('end', () => res.end(Buffer.concat(pieces)))
      return
    }
    try {
      for await (const piece of req) pieces.push(piece)
      res.end(Buffer.concat(pieces))
    } catch {
      res.destroy()
    }
  })))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = server.address().port
})

after(() => server.close())

/** Sends a body, whole or in pieces; returns the status and the body of the answer. */
async function send (url, body, headers = {}) {
  const chunked = Array.isArray(body)
  const request = http.request({ port, host: '127.0.0.1', path: url, method: 'POST', headers: { connection: 'close', ...headers } })
  const answered = once(request, 'response')
  if (chunked) {
    for (const piece of body) {
      request.write(piece)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    request.end()
  } else {
    request.setHeader('content-length', Buffer.byteLength(body))
    request.end(body)
  }
  const [answer] = await answered
  const pieces = []
  for await (const piece of answer) pieces.push(piece)
  return [answer.statusCode, Buffer.concat(pieces)]
}

const TEXT = { 'content-type': 'text/plain' }

test('every byte reaches the application', async () => {
  const bytes = (size) => Buffer.alloc(size, 'abcdefghi\n')
  for (const url of ['/', '/late', '/events', '/piped']) {
    for (const size of [0, 1, 1000, 70_000, LIMIT - 1, LIMIT, LIMIT + 1, 3_000_000]) {
      const [status, body] = await send(url, bytes(size), TEXT)
      assert.deepEqual([status, body.equals(bytes(size))], [200, true], `${url} ${size}`)
    }
    for (const pieces of [[], ['a'], ['ab', 'c'.repeat(100), 'd'], [bytes(LIMIT), bytes(LIMIT)]]) {
      const [status, body] = await send(url, pieces, TEXT)
      assert.deepEqual([status, body.toString()], [200, pieces.join('')], `${url} ${pieces.length} pieces`)
    }
  }
})

test('attacks are seen before the application reads them', async () => {
  for (const [kind, body] of [
    ['application/json', '{"a": "\\u0065vil"}'],
    ['application/vnd.api+json', '"evil"'],
    ['application/json', '['.repeat(50_000) + '"evil"'],
    ['application/x-www-form-urlencoded', 'a=1&a=%65vil'],
    ['multipart/form-data; boundary=B', '--B\r\nContent-Disposition: form-data; name=a; filename="evil"\r\n\r\nx\r\n--B--'],
    ['application/xml', '<a>&#101;vil</a>'],
    ['text/plain', 'evil'],
    ['', 'evil']
  ]) {
    const headers = kind === '' ? {} : { 'content-type': kind }
    assert.equal((await send('/', body, headers))[0], 403, kind)
    assert.equal((await send('/', [...body.slice(0, 200)].concat(body.slice(200)), headers))[0], 403, `${kind} in pieces`)
  }
  assert.equal((await send('/', 'x', { cookie: 'a=1; b=ev%69l' }))[0], 403)
  assert.equal((await send('/?a=%65vil', ''))[0], 403)
  assert.equal((await send('/', 'x'.repeat(LIMIT) + 'evil', TEXT))[0], 200)
})

test('an application that reads nothing answers', async () => {
  assert.deepEqual(await send('/unread', 'x'.repeat(5000), TEXT), [200, Buffer.from('unread')])
})

test('a connection that is kept serves one request after another', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  for (let i = 0; i < 5; i++) {
    const request = http.request({ port, host: '127.0.0.1', method: 'POST', agent, headers: TEXT })
    request.end(`body ${i}`)
    const [answer] = await once(request, 'response')
    assert.equal(Buffer.concat(await answer.toArray()).toString(), `body ${i}`)
  }
  agent.destroy()
})

test('clients that leave disturb nobody', async () => {
  for (const sent of ['POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nhalf', 'POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab']) {
    const socket = net.connect(port, '127.0.0.1')
    socket.write(sent)
    await new Promise((resolve) => setTimeout(resolve, 30))
    socket.destroy()
    await once(socket, 'close')
  }
  assert.equal((await send('/', 'fine', TEXT))[0], 200)
})
