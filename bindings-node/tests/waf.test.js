'use strict'

// The package as users see it: rules, contexts, results, updates.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { ConfigurationError, Context, ENGINE_VERSION, Result, Waf } = require('..')

function rules (regex = 'attack', id = 'r1', more = {}) {
  const parameters = { regex, inputs: [{ address: 'server.request.query' }] }
  const tags = { type: id, category: 'attack_attempt' }
  const conditions = [{ operator: 'match_regex', parameters }]
  return {
    version: '2.2',
    metadata: { rules_version: '1.2.3' },
    rules: [{ id, name: 'finds attacks', tags, conditions, ...more }]
  }
}

const ATTACK = { 'server.request.query': { q: ['fine', 'an attack'] } }
const ids = (result) => result.events.map((event) => event.rule.id).sort()

test('a match', () => {
  const result = new Waf(rules('attack', 'r1', { on_match: ['block'] })).context().run(ATTACK, { timeoutMs: 1000 })
  assert.ok(result instanceof Result)
  const { matched, blocked, timeout, keep, evaluated, truncated } = result
  assert.deepEqual(
    { matched, blocked, timeout, keep, evaluated, truncated },
    { matched: true, blocked: true, timeout: false, keep: true, evaluated: 1, truncated: null }
  )
  assert.ok(result.durationMs > 0 && result.durationMs < 1000)
  const [event] = result.events
  assert.deepEqual(event.rule, {
    id: 'r1',
    name: 'finds attacks',
    on_match: ['block'],
    tags: { type: 'r1', category: 'attack_attempt' }
  })
  assert.deepEqual(event.rule_matches, [{
    operator: 'match_regex',
    operator_value: 'attack',
    parameters: [
      { address: 'server.request.query', value: 'an attack', key_path: ['q', 1], highlight: ['attack'] }
    ]
  }])
  const { status_code: status, security_response_id: response } = result.actions.block_request
  assert.deepEqual([status, response], [403, event.security_response_id])
  const keys = ['events', 'actions', 'duration', 'timeout', 'attributes', 'keep', 'evaluated']
  assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(result))), keys)
})

test('a quiet request', () => {
  const result = new Waf(rules()).context().run({ 'server.request.query': { q: 'hello' } })
  assert.deepEqual(
    [result.matched, result.blocked, result.events, result.actions, result.attributes],
    [false, false, [], {}, {}]
  )
  assert.throws(() => { result.keep = true }, TypeError)
  assert.throws(() => result.events.push(1), TypeError)
})

test('a context keeps data and a subcontext does not', () => {
  const context = new Waf(rules()).context()
  const sub = context.subcontext()
  assert.ok(sub.run(ATTACK).matched)
  assert.ok(!sub.run(ATTACK).matched)
  assert.ok(context.run(ATTACK).matched)
  assert.ok(!context.subcontext().run(ATTACK).matched)
  context.subcontext()[Symbol.dispose ?? Symbol.for('nodejs.dispose')]()
})

test('a context that was disposed of says so', () => {
  const waf = new Waf(rules())
  for (const use of [(context) => context.run(ATTACK), () => {}]) {
    const context = waf.context()
    use(context)
    context.dispose()
    context.dispose()
    const gone = { name: 'DisposedError', code: 'ERR_BARTIZAN_DISPOSED', message: 'the context was disposed of' }
    assert.throws(() => context.run(ATTACK), gone)
    assert.throws(() => context.runBatches([ATTACK]), gone)
    assert.throws(() => context.subcontext(), gone)
  }
})

test('batches', () => {
  const waf = new Waf(rules('attack', 'r1', { on_match: ['block'] }))
  const query = (q) => ({ 'server.request.query': q })
  const result = waf.context().runBatches([query('hi'), ATTACK, query('late')])
  assert.deepEqual([result.blocked, result.evaluated], [true, 2])
  for (const wrong of [undefined, null, {}, 'x', new Map()]) {
    assert.throws(() => waf.context().runBatches(wrong), { name: 'TypeError', message: /array of objects/ })
  }
  assert.throws(() => waf.context().runBatches([1]), Error)
})

test('updates leave contexts in flight alone', () => {
  const waf = new Waf(rules('one'))
  const before = waf.context()
  assert.deepEqual(waf.update('more', rules('two', 'r2')).rules.loaded, ['r2'])
  assert.deepEqual(waf.paths().sort(), ['default', 'more'])
  const data = { 'server.request.query': 'one two' }
  assert.deepEqual([ids(before.run(data)), ids(waf.context().run(data))], [['r1'], ['r1', 'r2']])
  assert.ok(waf.remove('default') && !waf.remove('default'))
  assert.deepEqual(ids(waf.context().run(data)), ['r2'])
  assert.ok(waf.remove('more'))
  assert.deepEqual([waf.paths(), waf.knownAddresses, waf.context().run(data).matched], [[], [], false])
  assert.throws(() => waf.update(1, {}), TypeError)
  assert.throws(() => waf.remove(), TypeError)
})

test('known addresses and actions', () => {
  const waf = new Waf(rules('attack', 'r1', { on_match: ['block'] }))
  assert.deepEqual([waf.knownAddresses, waf.knownActions], [['server.request.query'], ['block_request']])
  assert.equal(ENGINE_VERSION, '2.1.0')
})

test('the built-in rules', () => {
  const waf = new Waf(null, { timeoutMs: 10_000 })
  assert.ok(waf.paths().length > 0)
  const context = waf.context()
  assert.ok(context.run({ 'server.request.query': { q: ["' OR 1=1 UNION SELECT password FROM users--"] } }).matched)
  assert.ok(!waf.context().run({ 'server.request.query': { q: ['a quiet afternoon'] } }).matched)
})

test('diagnostics name what to fix', () => {
  const ruleset = rules()
  ruleset.rules.push({ id: 'bad', name: 'no conditions', tags: { type: 'x' } })
  const { diagnostics } = new Waf(ruleset)
  assert.equal(diagnostics.ruleset_version, '1.2.3')
  assert.deepEqual(
    { ...diagnostics.rules },
    { loaded: ['r1'], failed: ['bad'], skipped: [], errors: { "missing key 'conditions'": ['bad'] }, warnings: {} }
  )
})

test('rulesets without a usable rule', () => {
  const bad = { version: '2.2', rules: [{ id: 'bad', name: 'n', tags: { type: 'x' } }] }
  assert.throws(() => new Waf(bad), (error) => {
    assert.ok(error instanceof ConfigurationError)
    assert.match(error.message, /missing key 'conditions' \(bad\)/)
    assert.deepEqual(error.diagnostics.rules.failed, ['bad'])
    assert.equal(error.code, 'ERR_BARTIZAN_CONFIGURATION')
    return true
  })
  const waf = new Waf(rules())
  assert.throws(() => waf.update('more', { rules: 'none' }), /'more' was refused/)
  assert.ok(waf.context().run(ATTACK).matched)
})

test('configurations of the wrong type', () => {
  const cyclic = {}
  cyclic.rules = cyclic
  assert.throws(() => new Waf(cyclic), { name: 'TypeError', message: /contains itself/ })
  assert.throws(() => new Waf({ rules: [() => {}] }), { name: 'TypeError', message: /function/ })
  assert.throws(() => new Waf({ get rules () { throw new RangeError('mine') } }), { message: 'mine' })
  for (const wrong of [[], 'text', 3, true]) assert.throws(() => new Waf(wrong), ConfigurationError)
  assert.throws(() => new Context(), TypeError)
})

test('timeouts', () => {
  const context = () => new Waf(rules()).context()
  for (const timeoutMs of [0.5, 1000, Infinity, 1e300]) assert.ok(context().run(ATTACK, { timeoutMs }).matched || timeoutMs < 1)
  for (const timeoutMs of [-1, NaN]) assert.throws(() => context().run(ATTACK, { timeoutMs }), RangeError)
  for (const timeoutMs of ['5', {}, 5n]) assert.throws(() => context().run(ATTACK, { timeoutMs }), TypeError)
  assert.ok(context().run(ATTACK, { timeoutMs: 0 }).timeout)
  assert.throws(() => new Waf(rules(), { timeoutMs: -1 }), RangeError)
  assert.throws(() => new Waf(rules(), { maxStringLength: 1.5 }), RangeError)
})
