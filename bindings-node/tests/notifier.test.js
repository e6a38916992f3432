'use strict'

// What is posted to receivers, against a server on the loopback interface that answers as it is told.

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const http = require('node:http')
const { test } = require('node:test')
const timers = require('node:timers')
const { setTimeout: wait } = require('node:timers/promises')
const { ArgumentError, takeover } = require('..')

const { Detector, Notifier } = takeover
// Whoever waits for something does so no longer than that.
const PATIENCE_MS = 60_000

async function eventually (what) {
  const end = Date.now() + PATIENCE_MS
  while (!what()) {
    assert.ok(Date.now() < end, `never: ${what}`)
    await wait(10)
  }
}

/**
 * Keeps what is posted; answers in turn as `answers` says, and then with 200. An answer is a status, with headers perhaps; null
 * closes the connection, and a function is called with the response.
 */
async function receiver (t, ...answers) {
  const posts = []
  const server = http.createServer(async (req, res) => {
    let body = ''
    for await (const piece of req) body += piece
    posts.push({ method: req.method, url: req.url, headers: req.headers, body })
    const answer = answers.length > 0 ? answers.shift() : 200
    if (answer === null) return req.socket.destroy()
    if (typeof answer === 'function') return answer(res)
    const [status, headers] = [answer].flat()
    res.writeHead(status, headers).end('and more')
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return { posts, url: `http://127.0.0.1:${server.address().port}/hook` }
}

const manual = (options) => new Detector(null, { clock: 'manual', ...options })

/** Failures of one account, one too many, told of. */
function attack (detector, login = 'bob') {
  for (let n = 0; n < 41; n++) detector.event({ event: 'users.login.failure', 'usr.login': login, ip: '203.0.113.9' })
  detector.tick()
}

/** The warnings of the process while something runs. */
async function warnings (run) {
  const messages = []
  const keep = ({ message }) => messages.push(message)
  process.on('warning', keep)
  await run()
  await wait(1)
  process.off('warning', keep)
  return messages
}

test('webhooks are signed', async (t) => {
  const { posts, url } = await receiver(t)
  const detector = manual({ service: 'auth', env: 'prod' })
  const told = []
  detector.subscribe((notification) => told.push(notification))
  const notifier = new Notifier(detector, 'webhook', url, { secret: 'hush' })
  attack(detector)
  await notifier.close(PATIENCE_MS)
  assert.equal(posts.length, 1)
  const [{ method, headers, body }] = posts
  assert.deepEqual([method, JSON.parse(body)], ['POST', told[0]])
  const [, time, digits] = /^t=(\d+),v1=([0-9a-f]+)$/.exec(headers['x-bartizan-signature'])
  assert.equal(digits, crypto.createHmac('sha256', 'hush').update(`${time}.${body}`).digest('hex'))
  assert.equal(headers['idempotency-key'], `${told[0].signal.id}/${told[0].seq}`)
  assert.equal(headers['content-type'], 'application/json')
  assert.match(headers['user-agent'], /^bartizan\//)
  assert.deepEqual(notifier.statistics, { sent: 1, retried: 0, failed: 0, dropped: 0 })
})

for (const [kind, options, keys] of [
  ['slack', {}, ['blocks', 'text']],
  ['teams', {}, ['attachments', 'type']],
  ['pagerduty', { routingKey: 'k' }, ['dedup_key', 'event_action', 'payload', 'routing_key']]
]) {
  test(`${kind} gets what it reads`, async (t) => {
    const { posts, url } = await receiver(t)
    const detector = manual()
    const notifier = new Notifier(detector, kind, url, options)
    attack(detector)
    await notifier.close(PATIENCE_MS)
    assert.deepEqual(posts.map(({ body }) => Object.keys(JSON.parse(body)).sort()), [keys])
  })
}

test('what fails is tried again', async (t) => {
  const { posts, url } = await receiver(t, 500, [429, { 'Retry-After': '0' }], null, [503, { 'Retry-After': 'soon' }])
  const detector = manual()
  const notifier = new Notifier(detector, 'slack', url, { backoffMs: 1 })
  attack(detector)
  await eventually(() => notifier.statistics.sent === 1)
  await notifier.close()
  assert.deepEqual(notifier.statistics, { sent: 1, retried: 4, failed: 0, dropped: 0 })
  assert.equal(new Set(posts.map(({ body }) => body)).size, 1)
})

test('an answer that drips ends in time', async (t) => {
  for (const [beginning, counted] of [['', 'failed'], ['HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n', 'sent']]) {
    let dripping
    t.after(() => timers.clearInterval(dripping))
    const { url } = await receiver(t, ({ socket }) => {
      socket.write(beginning)
      dripping = timers.setInterval(() => socket.write('H'), 50)
      socket.on('error', () => {})
    })
    const detector = manual()
    const notifier = new Notifier(detector, 'slack', url, { timeoutMs: 300, retries: 0 })
    attack(detector)
    await eventually(() => notifier.statistics[counted] === 1)
    timers.clearInterval(dripping)
    await notifier.close()
  }
})

for (const status of [404, 400, 302]) {
  test(`what is refused with ${status} is not tried again`, async (t) => {
    const { posts, url } = await receiver(t, [status, { Location: '/elsewhere' }])
    const detector = manual()
    const notifier = new Notifier(detector, 'slack', url)
    const said = await warnings(async () => {
      attack(detector)
      await eventually(() => notifier.statistics.failed === 1)
      await notifier.close()
    })
    assert.deepEqual(posts.map((post) => post.url), ['/hook'])
    assert.deepEqual(said, [`a notification of account takeover could not be sent to slack: it answered ${status}`])
  })
}

test('nobody waits for a receiver that hangs', async (t) => {
  const hanging = []
  const hang = (res) => hanging.push(res)
  const { posts, url } = await receiver(t, hang, hang)
  const detector = manual()
  const notifier = new Notifier(detector, 'slack', url, { timeoutMs: 100, retries: 1, backoffMs: 1 })
  const said = await warnings(async () => {
    attack(detector)
    await eventually(() => posts.length === 1)
    attack(detector, 'eve')
    await eventually(() => notifier.statistics.failed === 1)
    await notifier.close(PATIENCE_MS)
  })
  assert.equal(notifier.statistics.retried, 1)
  assert.equal(said.length, 1)
})

test('a receiver that is not there', async () => {
  const gone = http.createServer()
  await new Promise((resolve) => gone.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${gone.address().port}/`
  await new Promise((resolve) => gone.close(resolve))
  const detector = manual()
  const notifier = new Notifier(detector, 'slack', url, { retries: 2, backoffMs: 1 })
  const said = await warnings(async () => {
    attack(detector)
    await eventually(() => notifier.statistics.failed === 1)
    await notifier.close()
  })
  assert.equal(notifier.statistics.retried, 2)
  assert.deepEqual(said, ['a notification of account takeover could not be sent to slack: ECONNREFUSED'])
})

test('what waits is sent at the end', async (t) => {
  const { posts, url } = await receiver(t)
  const detector = manual()
  const notifier = new Notifier(detector, 'slack', url, { kinds: ['opened'] })
  for (let n = 0; n < 5; n++) attack(detector, `user${n}`)
  await notifier.close(PATIENCE_MS)
  const signals = detector.signals().length
  assert.ok(signals >= 5)
  assert.deepEqual([posts.length, notifier.statistics.sent], [signals, signals])
  attack(detector)
  await wait(20)
  assert.equal(posts.length, signals)
})

test('the end does not wait for a pause or a receiver that hangs', async (t) => {
  const hanging = []
  const { posts, url } = await receiver(t, 500, (res) => hanging.push(res))
  const detector = manual()
  const notifier = new Notifier(detector, 'slack', url, { timeoutMs: PATIENCE_MS, backoffMs: PATIENCE_MS })
  attack(detector)
  await eventually(() => notifier.statistics.retried === 1)
  const said = await warnings(() => notifier.close(200))
  assert.deepEqual([posts.length, said.length], [2, 1])
})

test('what cannot be posted to is told at once', () => {
  const table = [
    [['webhook', 'http://127.0.0.1/'], /`secret` must be given/],
    [['webhook', 'file:///etc/passwd'], /`url` must be a valid http or https URL/],
    [['slack'], /`url` must be a valid http or https URL/],
    [['slack', 'http://[::1'], /`url` must be a valid http or https URL/],
    [['slack', 'http://user:word@127.0.0.1/'], /`url` must be a valid http or https URL/],
    [['pagerduty'], /`routing_key` must be given/],
    [['pigeon', 'http://127.0.0.1/'], /not `pigeon`/],
    [['slack', 'http://127.0.0.1/', { retries: -1 }], /`retries` must be a number of at least 0/],
    [['slack', 'http://127.0.0.1/', { timeoutMs: 0 }], /`timeoutMs` must be a number of at least 1/],
    [['slack', 'http://127.0.0.1/', { backoffMs: '1' }], /`backoffMs` must be a number of at least 0/],
    [['slack', 'http://127.0.0.1/', { retry: 1 }], /unknown setting `retry`/],
    [['slack', 'http://127.0.0.1/', { minSeverity: 'grave' }], /unknown severity 'grave'/]
  ]
  for (const [args, message] of table) {
    assert.throws(() => new Notifier(manual(), ...args), (error) => error instanceof ArgumentError && message.test(error.message))
  }
})
