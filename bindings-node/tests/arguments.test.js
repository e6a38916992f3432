'use strict'

// What identifies the client does not share the budget of a request with what the client sends.

const assert = require('node:assert/strict')
const http = require('node:http')
const { test } = require('node:test')
const { ArgumentError, Engine, protection } = require('..')

const DENIED = '9.9.9.9'
const RULES = {
  version: '2.2',
  rules: [{
    id: 'r',
    name: 'n',
    tags: { type: 't', category: 'c' },
    conditions: [{ operator: 'match_regex', parameters: { inputs: [{ address: 'server.request.query' }], regex: 'evil' } }],
    on_match: ['block']
  }]
}
const USUAL = ['host', 'user-agent', 'accept', 'accept-language', 'cookie', 'accept-encoding']
const CHAIN = { client_ip_header: 'x-real-chain', trusted_proxies: ['10.0.0.0/8'] }

// In half of 5 ms there is time for about 8,000 values; in half of 1 us, for 1,024.
const BUDGETS = [5000, 1]
const SIZES = [1, 1000, 17_000, 200_000]

const engine = (settings = {}) => {
  const made = new Engine(RULES, { mode: 'block', ...settings })
  made.block({ ip: DENIED })
  return made
}
const pairs = (client, before = 0) => [
  ...USUAL.map((name) => [name, 'x']),
  ...Array.from({ length: before }, (_, i) => [`x-padding-${i}`, 'x']),
  ['x-forwarded-for', client]
]
const ones = (size) => new Array(size).fill(1)

test('a denied address beside a huge part', () => {
  for (const budget of BUDGETS) {
    const tested = engine({ timeout_us: budget })
    for (const part of ['body', 'query', 'cookies', 'path_params']) {
      for (const size of SIZES) {
        for (const form of [(list) => list, Object.fromEntries]) {
          for (const [client, refused] of [[DENIED, true], ['1.2.3.4', false]]) {
            const parts = { [part]: ones(size), method: 'POST', url: '/', headers: form(pairs(client)), peer: '10.0.0.1' }
            assert.equal(tested.request().start(parts), refused, `${client} ${part} ${size}`)
          }
        }
      }
    }
  }
})

test('trusted proxies after a huge body', () => {
  const tested = engine({ timeout_us: 1 })
  const networks = Array.from({ length: 8000 }, (_, i) => `173.245.${i >> 8}.${i & 255}/32`)
  for (const trusted of [[], networks]) {
    for (const size of SIZES) {
      for (const [chain, refused] of [[`1.2.3.4, ${DENIED}`, true], [`${DENIED}, 1.2.3.4`, false]]) {
        const proxies = { ...CHAIN, trusted_proxies: [...trusted, ...CHAIN.trusted_proxies] }
        const parts = { body: ones(size), headers: { 'x-real-chain': chain }, peer: '10.0.0.1', ...proxies }
        assert.equal(tested.request().start(parts), refused, chain)
      }
    }
  }
})

test('thousands of headers are converted', () => {
  for (const budget of BUDGETS) {
    const tested = engine({ timeout_us: budget })
    for (const before of [1000, 4000, 4089]) {
      for (const [client, refused] of [[DENIED, true], ['1.2.3.4', false]]) {
        const request = tested.request()
        assert.equal(request.start({ headers: pairs(client, before) }), refused)
        assert.ok(!request.finish().incomplete.includes('container_size'))
      }
    }
  }
})

test('an unknown client is refused while addresses are', () => {
  for (const before of [4090, 10_000, 100_000]) {
    for (const form of [(list) => list, Object.fromEntries]) {
      const tested = engine()
      const headers = form(pairs(DENIED, before))
      const refused = tested.request()
      assert.equal(refused.start({ headers }), true)
      assert.equal(refused.blockResponse().status, 403)
      assert.ok(refused.finish().incomplete.includes('container_size'))
      tested.unblock({ ip: DENIED })
      const served = tested.request()
      assert.equal(served.start({ headers }), false)
      assert.ok(served.finish().incomplete.includes('container_size'))
    }
  }
  const request = engine().request()
  assert.equal(request.start({ headers: [['x-forwarded-for', '1.2.3.4,'.repeat(200_000) + DENIED]] }), true)
  assert.ok(request.finish().incomplete.includes('string_length'))
})

test('incomplete requests are refused if configured', () => {
  for (const budget of BUDGETS) {
    const tested = new Engine(RULES, { mode: 'block', on_incomplete: 'block', timeout_us: budget })
    for (const parts of [{ body: ones(100_000) }, { headers: pairs(DENIED, 10_000) }]) {
      assert.equal(tested.request().start(parts), true)
    }
  }
})

test('headers of a response', () => {
  for (const count of [6000, 10_000, 100_000]) {
    const headers = Array.from({ length: count }, (_, i) => [`x-${i}`, 'x'])
    const request = new Engine(RULES, { mode: 'block' }).request()
    assert.equal(request.response(200, headers), false)
    assert.ok(request.finish().incomplete.includes('container_size'))
    assert.equal(new Engine(RULES, { mode: 'block', on_incomplete: 'block' }).request().response(200, headers), true)
  }
})

test('invalid arguments are still errors', () => {
  for (const headers of [[['a']], [['a', 'b', 'c']], 5]) {
    assert.throws(() => engine().request().start({ headers }), ArgumentError)
  }
  for (const parts of [[], 5, 'x', null]) assert.throws(() => engine().request().start(parts), /must be a map/)
})

test('values that throw are null, and later values are read', () => {
  const parts = { get url () { throw new Error('no') }, body: ones(200_000), peer: DENIED }
  assert.equal(engine().request().start(parts), true)
  const proxy = new Proxy({}, { ownKeys () { throw new Error('no') } })
  assert.equal(engine().request().start(proxy), false)
})

/** The status of the answer to a request with these headers. */
const ask = (port, headers) => new Promise((resolve, reject) => {
  const request = http.request({ port, host: '127.0.0.1', method: 'POST', headers, maxHeaderSize: 1 << 20 }, (answer) => {
    answer.resume().on('end', () => resolve(answer.statusCode))
  })
  request.on('error', reject).end('x')
})

test('a protected application', async () => {
  const proxies = { client_ip_header: 'x-real-chain', trusted_proxies: ['10.0.0.0/8', '127.0.0.0/8'] }
  const { begin, evaluate } = protection(engine({ timeout_us: 1 }), undefined, proxies)
  const server = http.createServer((req, res) => {
    const size = Number(req.headers['x-size'])
    req.query = { q: ones(size) }
    begin(req, res, () => {
      req.body = ones(size)
      evaluate(req, res, () => {
        for (let i = 0; i < 10_000; i++) res.setHeader(`x-${i}`, 'x')
        res.end('served')
      })
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    for (const size of SIZES) {
      for (const [chain, status] of [[`1.2.3.4, ${DENIED}, 10.0.0.1`, 403], ['1.2.3.4', 200]]) {
        const headers = { 'x-real-chain': chain, 'x-size': String(size) }
        assert.equal(await ask(server.address().port, headers), status, `${chain} ${size}`)
      }
    }
  } finally {
    server.close()
  }
})
