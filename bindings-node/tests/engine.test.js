'use strict'

// The engine of a process: errors, warnings, and the requests it serves.

const assert = require('node:assert/strict')
const http = require('node:http')
const { test } = require('node:test')
const { ArgumentError, Blocked, ConfigurationError, Engine, Waf, protection, sdk } = require('..')

const rule = (id, address = 'usr.session_id', more = {}) => ({
  id,
  name: 'n',
  tags: { type: id },
  conditions: [{ operator: 'exact_match', parameters: { inputs: [{ address }], list: ['bad'] } }],
  on_match: ['block'],
  ...more
})
const GOOD = { version: '2.2', rules: [rule('good')] }
const BROKEN = { version: '2.2', rules: [{ id: 'bad', name: 'n', tags: { type: 't' } }] }

const thrown = (make) => {
  try {
    make()
  } catch (error) {
    return error
  }
  return assert.fail('nothing was thrown')
}

test('rules are refused as a Waf refuses them', () => {
  for (const rules of [BROKEN, {}, { ruels: [] }, { version: 2 }, [], 5]) {
    for (const enabled of [true, false, null]) {
      const [byWaf, byEngine] = [thrown(() => new Waf(rules)), thrown(() => new Engine(rules, { enabled }))]
      assert.ok(byWaf instanceof ConfigurationError && byEngine instanceof ConfigurationError, String(byEngine))
      assert.equal(byEngine.message, byWaf.message)
      const plain = (diagnostics) => [diagnostics, diagnostics.warnings.map(({ kind, message }) => [kind, message])]
      assert.deepEqual(plain(byEngine.diagnostics), plain(byWaf.diagnostics))
    }
  }
})

test('refused rules are named', () => {
  const engine = new Engine({ version: '2.2', rules: [...GOOD.rules, ...BROKEN.rules] })
  assert.deepEqual(engine.diagnostics.rules.errors, { "missing key 'conditions'": ['bad'] })
  const report = engine.applyRemote({ changed: [['datadog/2/ASM/more/config', BROKEN]] })
  assert.deepEqual(report.diagnostics['datadog/2/ASM/more/config'].rules.failed, ['bad'])
})

test('errors about rulesets use JavaScript terms', () => {
  assert.ok(new Engine(JSON.stringify(GOOD)))
  assert.throws(() => new Engine('/etc/rules.json'), { name: 'ConfigurationError', message: /the file `.etc.rules.json` cannot be read/ })
  assert.throws(() => new Engine(5), { name: 'ConfigurationError', message: /expected an object, .* not a value of type number/ })
  assert.throws(() => new Waf('/etc/rules.json'), { name: 'ConfigurationError', message: /expected an object/ })
  assert.throws(() => new Engine(() => {}), { name: 'TypeError', message: /a function/ })
})

test('settings are checked', () => {
  for (const [settings, message] of [
    [{ enabeld: true }, /unknown setting `enabeld`/],
    [{ enabled: 'yes' }, /`enabled` must be true or false/],
    [{ propagate: 1 }, /`propagate` must be true or false/],
    [{ timeout_us: 0 }, /`timeout_us` must be at least 1/],
    [{ timeout_us: '5' }, /`timeout_us` must be a number/],
    [{ environment: [] }, /`environment` must be a map/]
  ]) {
    assert.throws(() => new Engine(GOOD, settings), (error) => error instanceof ArgumentError && message.test(error.message))
  }
})

test('warnings are returned and emitted', async () => {
  const told = []
  const listen = (warning) => { if (warning.name === 'BartizanWarning') told.push(warning.message) }
  process.on('warning', listen)
  assert.deepEqual(new Engine(GOOD).warnings, [])
  const engine = new Engine({ version: '2.2', rules: [rule('r', 'usr.id', { on_match: ['missing'] })] })
  const [warning] = engine.warnings
  assert.deepEqual([warning.kind, warning.section, warning.id], ['unknown_action', 'rules', 'r'])
  assert.deepEqual(engine.diagnostics.warnings, [warning])
  const action = { id: 'missing', type: 'block_request', parameters: {} }
  engine.applyRemote({ changed: [['datadog/2/ASM/actions/config', { actions: [action] }]] })
  assert.deepEqual(engine.warnings, [])
  assert.deepEqual(new Engine({ version: '2.2', rules: [] }).warnings.map(({ kind }) => kind), ['no_rules'])
  await new Promise(setImmediate)
  process.off('warning', listen)
  assert.equal(told.length, 2)
  assert.match(told[0], /`missing`/)
})

test('a user and an address are blocked together', () => {
  const engine = new Engine(GOOD, { mode: 'block' })
  const blocked = (entry) => engine.call('blocked', entry).blocked
  assert.ok(engine.block({ ip: '203.0.113.7', user: 'mallory', seconds: 60 }).done)
  assert.ok(blocked({ user: 'mallory' }) && blocked({ ip: '203.0.113.7' }))
  assert.throws(() => engine.block({ ip: 'nowhere', user: 'bob' }), /neither an IP address/)
  assert.ok(!blocked({ user: 'bob' }))
  assert.ok(engine.extend({ ip: '203.0.113.7', user: 'mallory', seconds: 90 }))
  assert.ok(engine.unblock({ ip: '203.0.113.7', user: 'mallory' }))
  for (const user of [{}, '[object Object]', true]) assert.throws(() => engine.block({ user }), /not an id/)
  assert.throws(() => engine.block({}), /`user` and `ip`/)
})

test('a refused user ends the request', () => {
  const engine = new Engine(GOOD, { mode: 'block' })
  engine.block({ user: 7 })
  const request = engine.request()
  sdk.run(request, () => {
    assert.ok(sdk.setUser('other').accepted)
    assert.ok(sdk.isUserBlocked(7n) && !request.blocked)
    assert.throws(() => sdk.setUser({ id: 7 }), (error) => error instanceof Blocked && error.code === 'ERR_BARTIZAN_BLOCKED')
  })
  assert.ok(request.blocked)
  assert.equal(request.blockResponse().status, 403)
  let ended = 0
  assert.equal(engine.request(undefined, () => ended++).setUser({ id: 7 }).blocked, true)
  assert.equal(ended, 1)
})

test('a refused user gets the response of the engine, whatever the application writes', async () => {
  const engine = new Engine(GOOD, { mode: 'block' })
  engine.block({ user: 'mallory' })
  const { begin } = protection(engine)
  const errors = []
  const pages = {
    plain: (res) => { sdk.setUser('mallory'); res.setHeader('x', '1'); res.writeHead(200, { y: '2' }); res.write('secret'); res.end('secret') },
    late: async (res) => { await null; sdk.setUser('mallory'); res.statusCode = 200; res.appendHeader('x', '1'); res.end('secret') },
    streaming: (res) => { res.write('begun'); sdk.setUser('mallory'); res.end('secret') }
  }
  const server = http.createServer((req, res) => begin(req, res, async () => {
    try {
      await pages[req.url.slice(1)](res)
    } catch (error) {
      errors.push(error)
    }
  }))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const get = (page) => fetch(`http://127.0.0.1:${server.address().port}/${page}`, { headers: { connection: 'close' } })
  for (const page of ['plain', 'late']) {
    const response = await get(page)
    assert.deepEqual([response.status, response.headers.get('x'), (await response.text()).includes('secret')], [403, null, false])
  }
  await assert.rejects(async () => assert.ok(!(await (await get('streaming')).text()).includes('secret')))
  assert.deepEqual(errors, [])
  server.close()
})

test('padding hides nothing in a request', () => {
  const engine = new Engine({ version: '2.2', rules: [rule('r', 'server.request.query')] }, { mode: 'block', timeout_us: 30_000_000 })
  const padding = new Array(2).fill(new Array(100).fill(new Array(10_000).fill(null)))
  const request = engine.request()
  assert.ok(request.evaluate({ 'server.request.body': padding, 'server.request.query': 'bad' }))
})

test('business events are evaluated', () => {
  const engine = new Engine({ version: '2.2', rules: [rule('pay', 'server.business_logic.payment.failure')] }, { mode: 'block' })
  const request = engine.request()
  sdk.run(request, () => {
    assert.equal(sdk.submitBusinessLogic('payment.success', { card: 'bad' }), null)
    assert.throws(() => sdk.submitBusinessLogic('payment.failure', { card: 'bad' }), Blocked)
  })
  assert.equal(request.blockResponse().status, 403)
  assert.throws(() => engine.request().run({ 'server.business_logic.payment.failure': 'bad' }), Blocked)
})

test('remote configuration beside the event loop', async () => {
  const engine = new Engine(GOOD, { mode: 'block' })
  const changed = [['datadog/2/ASM_DD/rules/config', { version: '2.2', rules: [rule('new', 'usr.session_id', { conditions: rule('r').conditions })] }]]
  const answer = await engine.applyRemoteLater({ changed })
  assert.deepEqual(answer.states.map(({ state }) => state), [2])
  assert.ok(engine.request().evaluate({ 'usr.session_id': 'bad' }))
  await assert.rejects(engine.applyRemoteLater({ changed: 5 }))
  await assert.rejects(engine.applyRemoteLater({ changed: [['x']] }), ArgumentError)
})

test('pending work of the detector beside the event loop', async () => {
  const { takeover } = new Engine(GOOD, { clock: 'manual' })
  const told = []
  takeover.subscribe(({ kind }) => told.push(kind))
  for (let n = 0; n < 40; n++) takeover.event({ event: 'users.login.failure', 'usr.login': `u${n}`, ip: '203.0.113.9' })
  await Promise.all([takeover.tickLater(), takeover.tickLater()])
  assert.ok(told.includes('opened'), String(told))
})

test('refused calls are told like other attacks', () => {
  const told = []
  const engine = new Engine({ version: '2.2', rules: [rule('r', 'server.io.fs.file')] }, { mode: 'block', onEvent: (record) => told.push(record) })
  assert.throws(() => engine.request().operation({ 'server.io.fs.file': 'bad' }), Blocked)
  engine.request().operation({ 'server.io.fs.file': 'good' })
  assert.equal(told.length, 1)
})
