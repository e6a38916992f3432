'use strict'

// The detector of account takeover: bad input, subscribers, the timer, and the detector of an engine.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { test } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { ArgumentError, Engine, takeover } = require('..')

const { Detector } = takeover
const RULES = { version: '2.2', rules: [] }
// Whoever waits for something does so no longer than that.
const PATIENCE_MS = 60_000

async function eventually (what) {
  const end = Date.now() + PATIENCE_MS
  while (!what()) {
    assert.ok(Date.now() < end, `never: ${what}`)
    await wait(10)
  }
}

/** Failures of one account, one too many. */
function attack (detector, login = 'bob', times = 41) {
  let verdict
  for (let n = 0; n < times; n++) {
    verdict = detector.event({ event: 'users.login.failure', 'usr.login': login, ip: '203.0.113.9' })
  }
  return verdict
}

const throws = (run, message) => assert.throws(run, (error) => error instanceof ArgumentError && message.test(error.message))

test('bad events are dropped and counted', () => {
  const noMap = 'an event must be a map'
  const noName = "missing key 'event'"
  const badName = "invalid event name, expected 1 to 64 of a-z, 0-9, '_' and '.'"
  const table = [
    [undefined, noMap], [null, noMap], [5, noMap], [[], noMap], ['x', noMap], [() => {}, noMap],
    [{}, noName], [{ event: null }, noName], [{ event: 'No Name' }, badName]
  ]
  for (const [event, dropped] of table) {
    const detector = new Detector(null, { clock: 'manual' })
    assert.deepEqual(detector.event(event), { signals: [], opened: false, escalated: false, dropped })
    const { events, dropped_events: counts } = detector.health()
    assert.deepEqual([events, Object.values(counts).reduce((a, b) => a + b)], [1, 1])
  }
})

test('what is in an event never throws', () => {
  const detector = new Detector(null, { clock: 'manual' })
  const name = 'users.login.failure'
  const itself = { event: name }
  itself.meta = itself
  const no = () => { throw new Error('no') }
  const events = [
    itself,
    { event: name, get ip () { return no() } },
    new Proxy({}, { ownKeys: no, get: no, getOwnPropertyDescriptor: no }),
    { event: name, 'usr.login': 'x'.repeat(1e6), ip: 'nowhere', ts_ms: -1 },
    { event: name, 'usr.login': '\ud800', 'usr.id': 10n ** 400n, geo: [], ti: 5 },
    { event: name, 'usr.login': Buffer.from([255]), 'usr.exists': Symbol('x'), ts_ms: NaN }
  ]
  for (const event of events) {
    assert.ok(Array.isArray(detector.event(event).signals))
    assert.equal(detector.assess(event).decision, 'allow')
  }
  assert.equal(detector.assess(null).dropped, 'an event must be a map')
})

test('what is wrong with a configuration is told', () => {
  assert.equal(new Detector(null, { clock: 'manual' }).diagnostics, null)
  const detector = new Detector({ bartizan_ato: { rules: [{ id: 'x' }] } }, { clock: 'manual' })
  assert.deepEqual(detector.diagnostics.bartizan_ato.failed, ['x'])
  assert.match(detector.apply('p', []).error, /expected 'map', obtained 'array'/)
  assert.equal(detector.apply('p', { bartizan_ato: { settings: { enabled: false } } }).error, undefined)
  assert.deepEqual([detector.remove('p'), detector.remove('p')], [true, false])
  throws(() => new Detector(null, { clock: 'sun' }), /must be `system` or `manual`, not `sun`/)
  throws(() => new Detector(null, { clocks: 'manual' }), /unknown setting `clocks`/)
  assert.throws(() => detector.apply('p', { bartizan_ato: Symbol('x') }), TypeError)
})

test('wrong arguments are told', () => {
  const detector = new Detector(null, { clock: 'manual' })
  throws(() => detector.block({ ip: 'nowhere' }), /neither an address nor a network/)
  throws(() => detector.signals({ minSeverity: 'grave' }), /unknown severity 'grave'/)
  throws(() => detector.signals({ severity: 'low' }), /unknown setting `severity`/)
  throws(() => detector.subscribe(() => {}, { kinds: ['sung'] }), /unknown kind 'sung'/)
  throws(() => detector.subscribe(5), /must be a function/)
  throws(() => new Detector().advance(1), /only a manual clock/)
  throws(() => Detector.restore(Buffer.from('PK')), /no snapshot/)
  throws(() => Detector.restore('PK'), /./)
  throws(() => detector.export('none', 'all.csv'), /unknown export 'all.csv'/)
  assert.deepEqual([detector.signal('none'), detector.export('none', 'ips.csv')], [null, null])
})

test('files come in pieces', () => {
  const detector = new Detector(null, { clock: 'manual' })
  for (let n = 0; n < 3000; n++) attack(detector, `user${n}@${'long.'.repeat(20)}example`, 1)
  const [{ id }] = detector.signals({ rule: 'ato-credential-stuffing' })
  const pieces = [...detector.export(id, 'events.ndjson')]
  assert.ok(pieces.length > 1)
  const rows = Buffer.concat(pieces).toString().trimEnd().split('\n').map((line) => JSON.parse(line))
  assert.match(rows.at(-1)['usr.login'], /^user2999@/)
})

test('blocks outlive a restart', () => {
  const before = new Detector(null, { clock: 'manual' })
  assert.equal(before.block({ user: 'mallory', seconds: 60, reason: 'seen before' }).origin, 'manual')
  const detector = Detector.restore(before.snapshot(), null, { clock: 'manual' })
  assert.deepEqual(detector.blocks().map(({ reason }) => reason), ['seen before'])
  assert.equal(detector.assess({ 'usr.id': 'mallory' }).decision, 'block')
  assert.deepEqual([detector.extend({ user: 'mallory', permanent: true }), detector.unblock({ all: true })], [1, 1])
  assert.deepEqual(detector.audit().map(({ what }) => what).slice(-2), ['extend', 'unblock'])
})

test('an engine continues from a snapshot', async () => {
  const before = new Engine(RULES)
  before.takeover.block({ user: 'mallory', seconds: 60 })
  const after = new Engine(RULES, { takeover_snapshot: before.takeover.snapshot() })
  assert.deepEqual(after.report.report.warnings, [])
  assert.equal(after.call('blocked', { user: 'mallory' }).blocked, true)
  const empty = new Engine(RULES, { takeover_snapshot: Buffer.from('PK') })
  assert.match(empty.report.report.warnings[0], /^account-takeover detection starts empty: /)
  throws(() => new Engine(RULES, { takeover_snapshot: 5 }), /`takeover_snapshot` must be bytes/)
  // The warnings about the empty ruleset come later.
  await wait(1)
})

test('subscribers may call the detector and may throw', async () => {
  const detector = new Detector(null, { clock: 'manual' })
  const told = []
  const warned = new Promise((resolve) => process.once('warning', resolve))
  detector.subscribe(() => { throw new Error('on purpose') })
  const subscriber = ({ kind, signal }) => {
    assert.notEqual(detector.signal(signal.id), null)
    detector.tick()
    told.push(kind)
  }
  const number = detector.subscribe(subscriber, { minSeverity: 'low', kinds: ['opened'] })
  detector.subscribe(subscriber, { minSeverity: 'critical' })
  assert.ok(attack(detector).opened)
  assert.deepEqual(told, [])
  detector.tick()
  assert.deepEqual(told, ['opened'])
  assert.match((await warned).message, /on purpose/)
  assert.deepEqual([detector.unsubscribe(number), detector.unsubscribe(number)], [true, false])
  attack(detector, 'eve')
  detector.tick()
  assert.deepEqual(told, ['opened'])
})

test('nobody has to tick', async () => {
  const detector = new Detector()
  const told = []
  detector.subscribe(({ kind }) => told.push(kind))
  attack(detector)
  await eventually(() => told.length > 0)
})

test('the timer keeps no process going', () => {
  const program = "const { takeover } = require('.'); new takeover.Detector().subscribe(() => {})"
  const run = spawnSync(process.execPath, ['-e', program], { cwd: `${__dirname}/..`, timeout: PATIENCE_MS })
  assert.deepEqual([run.status, run.stderr.toString()], [0, ''])
})

test('an engine says what is wrong with its document about takeover', () => {
  assert.equal(new Engine(RULES).takeover.diagnostics, null)
  const config = { bartizan_ato: { settings: { response: { mode: 'blok' } } } }
  const { diagnostics } = new Engine(RULES, { takeover: config }).takeover
  assert.deepEqual(diagnostics, new Detector(config).diagnostics)
  assert.deepEqual(Object.keys(diagnostics.bartizan_ato.errors), ["unknown mode 'blok', expected 'monitor' or 'block'"])
})

test('an engine has a detector', () => {
  const engine = new Engine(RULES, { service: 'shop', env: 'test' })
  assert.ok(engine.takeover instanceof Detector)
  assert.equal(engine.takeover, engine.takeover)
  const request = engine.request()
  request.start({ method: 'POST', url: '/login', peer: '203.0.113.9' })
  request.trackUserLoginFailure('bob', true)
  const { events, services: [{ service }] } = engine.takeover.health()
  assert.deepEqual([events, service], [1, 'shop'])
  assert.equal(new Engine(RULES, { takeover: false }).takeover, null)
  throws(() => new Engine(RULES, { takeover: 5 }), /`takeover` must be true, false or a map/)
})


test('an engine without rules has the built-in ones', () => {
  const request = new Engine().request()
  request.start({ method: 'GET', url: '/', query: { file: '../../../../etc/passwd' } })
  assert.equal(request.finish().meta['appsec.event'], 'true')
})
