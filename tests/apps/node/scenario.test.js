'use strict'

// Every application answers the scenario alike, by itself and in a cluster: see ../scenario.md.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const http2 = require('node:http2')
const net = require('node:net')
const path = require('node:path')
const { once } = require('node:events')
const { after, before, describe, test } = require('node:test')
const { WebSocket } = require('ws')
const { hasSqlite } = require('./routes')

const linesOf = (name) => fs.readFileSync(path.join(__dirname, '..', name), 'utf8').trim().split('\n').map((line) => JSON.parse(line))
const LINES = linesOf('scenario.jsonl')
const only = process.env.ONLY
const SERVERS = [['http', 0], ['http', 3], ['express', 0], ['express', 3], ['fastify', 0], ['koa', 0], ['http2', 0]]
  .filter(([name]) => only === undefined || name === only)
const BOUNDARY = 'scenario-boundary'

/** The body of a line, and its type. */
function bodyOf (line) {
  if (line.form) return [Buffer.from(String(new URLSearchParams(line.form))), 'application/x-www-form-urlencoded']
  if ('json' in line) return [Buffer.from(JSON.stringify(line.json)), 'application/json']
  if (line.files) {
    const parts = line.files.flatMap(({ name, filename, type, content, random }) => {
      const more = (filename === undefined ? '' : `; filename="${filename}"`) + (type ? `\r\nContent-Type: ${type}` : '')
      const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`
      const bytes = Buffer.from(content, random ? 'latin1' : 'utf8')
      return [Buffer.from(head), bytes, noise(filename, random ?? 0), Buffer.from('\r\n')]
    })
    return [Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]), `multipart/form-data; boundary=${BOUNDARY}`]
  }
  if ('text' in line) return [Buffer.from(line.text.repeat(line.repeat ?? 1)), '']
  return [line.method === 'POST' ? Buffer.alloc(0) : undefined, '']
}

/** Bytes as they are in a compressed file, the same in each run. */
function noise (seed, length) {
  const blocks = []
  for (let n = 0; n * 64 < length; n++) blocks.push(createHash('sha512').update(`${seed} ${n}`).digest())
  return Buffer.concat(blocks).subarray(0, length)
}

/** The bytes of a request. */
function bytesOf (line, cookies) {
  if (line.raw !== undefined) return Buffer.from(line.raw, 'latin1')
  let [body, kind] = bodyOf(line)
  const head = [`${line.method ?? 'GET'} ${line.target ?? '/'} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close']
  for (const [name, value] of Object.entries(line.headers ?? {})) head.push(`${name}: ${value}`)
  if (cookies.size > 0) head.push(`Cookie: ${[...cookies].map((pair) => pair.join('=')).join('; ')}`)
  if (line.type ?? kind) head.push(`Content-Type: ${line.type ?? kind}`)
  if (line.chunked) {
    head.push('Transfer-Encoding: chunked')
    const pieces = []
    for (let at = 0; at < body.length; at += 97) {
      const piece = body.subarray(at, at + 97)
      pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
    }
    body = Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')])
  } else if (body !== undefined) {
    head.push(`Content-Length: ${body.length}`)
  }
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body ?? Buffer.alloc(0)])
}

/** Sends bytes, and returns what comes back until the server closes. */
function send (port, data, halfClosed = false) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const pieces = []
    socket.setTimeout(60_000, () => socket.destroy())
    socket.on('data', (piece) => pieces.push(piece)).on('error', () => {}).on('end', () => socket.end())
    socket.on('close', () => resolve(answerOf(Buffer.concat(pieces))))
    if (halfClosed) socket.end(data)
    else socket.write(data)
  })
}

function answerOf (data) {
  const text = data.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const head = text.slice(0, Math.max(end, 0))
  const headers = head.split('\r\n').slice(1).map((line) => line.split(/: ?(.*)/))
  let body = data.subarray(end + 4)
  if (/^transfer-encoding: *chunked/mi.test(head)) body = dechunked(body)
  const steady = head.split('\r\n').filter((line) => !/^(date|set-cookie):/i.test(line)).join('\n')
  return { status: Number(text.split(' ', 2)[1] ?? 0), headers, body, comparable: `${steady}\n\n${body.toString('latin1')}`, head }
}

/** How a stream is cut into chunks may differ, its content may not. */
function dechunked (data) {
  const pieces = []
  for (let at = 0; at < data.length;) {
    const end = data.indexOf('\r\n', at)
    const length = parseInt(data.subarray(at, end), 16)
    if (!(length > 0)) break
    pieces.push(data.subarray(end + 2, end + 2 + length))
    at = end + 2 + length + 2
  }
  return Buffer.concat(pieces)
}

const header = ({ headers }, wanted) => headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value)

/** Sends a line over HTTP/2. */
async function send2 (port, line, cookies) {
  const client = http2.connect(`http://127.0.0.1:${port}`)
  try {
    const [body, kind] = bodyOf(line)
    const headers = { ':method': line.method ?? 'GET', ':path': line.target ?? '/', ...line.headers }
    if (cookies.size > 0) headers.cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
    if (line.type ?? kind) headers['content-type'] = line.type ?? kind
    const stream = client.request(headers, { endStream: body === undefined })
    const answered = once(stream, 'response')
    if (body !== undefined) stream.end(body)
    const [answer] = await answered
    const pieces = []
    for await (const piece of stream) pieces.push(piece)
    const { ':status': status, date, 'set-cookie': set = [], ...rest } = answer
    assert.ok(date)
    const all = [...Object.entries(rest), ...set.map((value) => ['set-cookie', value])]
    return { status, headers: all, body: Buffer.concat(pieces), comparable: JSON.stringify([status, rest, String(Buffer.concat(pieces))]), head: JSON.stringify(answer) }
  } finally {
    client.close()
  }
}

/** Starts an application on a free port. */
async function start (name, workers, bare) {
  const port = workers > 0 ? await freePort() : 0
  const env = { ...process.env, ...(bare ? { BARE: '1' } : {}) }
  const child = spawn(process.execPath, [path.join(__dirname, 'serve.js'), name, String(port), String(workers)], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => assert.fail('the server has ended'))])
  return { child, port: Number(String(said)) }
}

async function freePort () {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

async function checkSocket (port, line) {
  const channel = new WebSocket(`ws://127.0.0.1:${port}${line.target}`)
  if (line.status !== 101) {
    const [, answer] = await once(channel, 'unexpected-response')
    assert.equal(answer.statusCode, line.status)
    answer.resume()
    return
  }
  await once(channel, 'open')
  for (const message of line.closed ? line.socket.slice(0, -1) : line.socket) {
    channel.send(message)
    assert.equal(String((await once(channel, 'message'))[0]), message)
  }
  if (line.closed) {
    channel.send(line.socket.at(-1))
    assert.equal((await once(channel, 'close'))[0], line.closed)
  }
  channel.terminate()
}

/** The most memory that a process and its children have used. */
function peak (pid) {
  const children = fs.readdirSync(`/proc/${pid}/task`).flatMap((task) => fs.readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean))
  const [, own] = /VmHWM:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [0, 0]
  return Number(own) * 1024 + children.reduce((sum, child) => sum + peak(child), 0)
}

/** How much of a stream arrived. */
async function downloaded (port, megabytes, atMost = Infinity) {
  const socket = net.connect(port, '127.0.0.1')
  socket.write(bytesOf({ target: `/stream?parts=${megabytes * 16}` }, new Map()))
  let total = 0
  for await (const piece of socket) {
    total += piece.length
    if (total > atMost) break
  }
  socket.destroy()
  return total
}

for (const [name, workers] of SERVERS) {
  describe(`${name}${workers > 0 ? ` in a cluster of ${workers}` : ''}`, () => {
    const isHttp2 = name === 'http2'
    const clients = new Map()
    let guarded, bare

    before(async () => { [guarded, bare] = await Promise.all([start(name, workers, false), start(name, 0, true)]) })
    after(() => {
      assert.equal(guarded.child.exitCode, null, 'the server has ended')
      guarded.child.kill()
      bare.child.kill()
    })

    const check = async (line) => {
      if (line.socket) return checkSocket(guarded.port, line)
      if (line.client && !clients.has(line.client)) clients.set(line.client, new Map())
      const cookies = clients.get(line.client) ?? new Map()
      const ask = ({ port }) => isHttp2 ? send2(port, line, cookies) : send(port, bytesOf(line, cookies), line.half_closed)
      const answer = await ask(guarded)
      for (const cookie of header(answer, 'set-cookie')) cookies.set(...cookie.split(';')[0].split(/=(.*)/).slice(0, 2))
      if (line.not_500) {
        const { status } = await ask(bare)
        assert.ok(answer.status === status || [400, 403].includes(answer.status), `${answer.head}\n${status}`)
        return
      }
      assert.equal(answer.status, line.status, answer.head)
      if ('body' in line) assert.equal(answer.body.toString(), line.body)
      if (line.contains) assert.ok(answer.body.includes(line.contains))
      if ('body_length' in line) assert.equal(answer.body.length, line.body_length)
      if (line.type_is) assert.deepEqual(header(answer, 'content-type'), [line.type_is])
      if (line.status !== 403 && !line.varies) assert.equal(answer.comparable, (await ask(bare)).comparable)
    }

    for (const line of LINES) {
      const skip = (isHttp2 && (line.raw || line.socket || line.chunked)) || (!hasSqlite && line.target?.startsWith('/query'))
      if (!skip) test(line.name, () => check(line))
    }

    test('clients that leave, and long downloads in constant memory', { skip: isHttp2 }, async () => {
      assert.ok(await downloaded(guarded.port, 16) > 16 << 20)
      const used = peak(guarded.child.pid)
      assert.ok(await downloaded(guarded.port, 200, 1 << 20) < 200 << 20)
      assert.ok(await downloaded(guarded.port, 200) > 200 << 20)
      assert.ok(peak(guarded.child.pid) - used < 80 << 20)
      assert.equal(String((await send(guarded.port, bytesOf({}, new Map()))).body), 'hello')
    })
  })
}

describe('what honest people send, in Express', { skip: only !== undefined && only !== 'honest' }, () => {
  let server
  before(async () => { server = await start('express', 0, false) })
  after(() => server.child.kill())

  // The exceptions are those of the rules, whatever the application: ../python/test_honest.py checks that they are needed.
  for (const line of linesOf('honest.jsonl').filter(({ blocked_by: exception }) => exception === undefined)) {
    test(line.name, async () => {
      const { status, head } = await send(server.port, bytesOf(line, new Map()))
      assert.equal(status, line.status, head)
    })
  }
})
