'use strict'

// Values made to break the conversion: nothing may crash, hang or be missed.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const vm = require('node:vm')
const { Waf } = require('..')

function waf (regex, options = {}) {
  const rule = (id, input) => ({
    id,
    name: 'n',
    tags: { type: id, category: 'c' },
    conditions: [{ operator: 'match_regex', parameters: { regex, inputs: [input] } }]
  })
  const rules = [rule('value', { address: 'a' }), rule('key', { address: 'a', transformers: ['keys_only'] })]
  return new Waf({ version: '2.2', rules }, { timeoutMs: 10_000, ...options })
}

const ANY = waf('(?s).*')

const matched = (data, id) =>
  ANY.context().run(data).events.filter((event) => event.rule.id === id)
    .map((event) => event.rule_matches[0].parameters[0].value)
/** The text of the value as the engine sees it. */
const seen = (value) => matched({ a: value }, 'value')
const keySeen = (value) => matched({ a: value }, 'key')

const throwing = () => { throw new Error('mine') }
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

test('what the engine sees', () => {
  const table = [
    ['text', 'text'],
    ['a\0b', 'a\0b'],
    ['\ud800', '\ufffd'],
    [Buffer.from('bytes'), 'bytes'],
    [new Uint8Array([0x68, 0x69]), 'hi'],
    [new Uint16Array([0x6968]), 'hi'],
    [new DataView(new Uint8Array([0x68, 0x69]).buffer), 'hi'],
    [new Uint8Array([0x68, 0x69]).buffer, 'hi'],
    [new SharedArrayBuffer(1), '\0'],
    [['x'], 'x'],
    [new Set(['x']), 'x'],
    [new Map([['k', 'x']]), 'x'],
    [new URLSearchParams('k=x'), 'x'],
    [new Headers({ k: 'x' }), 'x'],
    [Object.create(null, { k: { value: 'x', enumerable: true } }), 'x'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new URL('http://h/'), 'http://h/'],
    [Object('boxed'), 'boxed'],
    [{ toJSON: () => 'json' }, 'json'],
    [{ toJSON: () => ({ k: 'json', toJSON: throwing }) }, 'json'],
    [new Proxy({ k: 'proxied' }, {}), 'proxied'],
    [new Proxy(['proxied'], {}), 'proxied'],
    [vm.runInNewContext('({ k: ["foreign"] })'), 'foreign'],
    [vm.runInNewContext('new Map([["k", "foreign"]])'), 'foreign'],
    [2n ** 64n, String(2n ** 64n)],
    [10n ** 100_000n, (10n ** 100_000n).toString(16).slice(0, 4096)],
    [{ get bad () { return throwing() }, good: 'x' }, 'x'],
    [[revoked(), 'x'], 'x'],
    ['é'.repeat(4000), 'é'.repeat(2048)],
    ['x' + 'é'.repeat(4000), 'x' + 'é'.repeat(2047)],
    ['😀'.repeat(4000), '😀'.repeat(1024)],
    [`x${'😀'.repeat(4000)}`, `x${'😀'.repeat(1023)}`]
  ]
  for (const [value, text] of table) assert.deepEqual(seen(value), [text])
})

test('values that are not text', () => {
  const hostileProxy = new Proxy({}, { ownKeys: throwing, get: throwing, getPrototypeOf: throwing })
  const table = [
    null, undefined, true, 1, -1, 1.5, -0, NaN, Infinity, 2 ** 53, 1n, -1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n - 1n,
    () => 'x', Symbol('x'), class {}, revoked(), hostileProxy, { toJSON: throwing }, new Date(NaN),
    { get toJSON () { return throwing() } }, Object(1n), Object(Symbol('x')), /x/, new WeakMap(), Promise.resolve('x'),
    (function * () { yield 'x' })(), new Proxy([], { get: (array, key) => (key === 'length' ? NaN : throwing()) })
  ]
  for (const value of table) assert.deepEqual(seen(value), [], String(typeof value))
})

test('integers stay integers', () => {
  const conditions = (value) => [
    { operator: 'equals', parameters: { type: 'signed', value, inputs: [{ address: 'a' }] } }
  ]
  for (const value of [0, 1, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, -(2 ** 40), 2 ** 53 - 1, -(2 ** 53) + 1]) {
    const rules = [{ id: 'r', name: 'n', tags: { type: 't', category: 'c' }, conditions: conditions(value) }]
    assert.ok(new Waf({ version: '2.2', rules }).context().run({ a: value }).matched, String(value))
    assert.ok(!new Waf({ version: '2.2', rules }).context().run({ a: value + 1 }).matched)
    assert.ok(new Waf({ version: '2.2', rules }).context().run({ a: BigInt(value) }).matched)
  }
})

test('keys', () => {
  const table = [
    [{ k: 0 }, 'k'], [{ 1: 0 }, '1'], [new Map([[null, 0]]), 'null'], [new Map([[1.5, 0]]), '1.5'],
    [new Map([[Symbol('s'), 0]]), 'Symbol(s)'],
    [{ ['é'.repeat(50)]: 0 }, 'é'.repeat(50)], [new Map([['__proto__', 0]]), '__proto__']
  ]
  for (const [value, key] of table) assert.deepEqual(keySeen(value), [key])
  assert.ok(ANY.context().run({ a: new Map([[{ toString: throwing }, 'x']]) }).matched)
  assert.deepEqual(keySeen({ [Symbol('hidden')]: 0 }), [])
  assert.deepEqual(keySeen(Object.create({ inherited: 0 })), [])
})

test('containers that change meanwhile', () => {
  const object = { get first () { delete this.second; return 'meddled' }, second: 'x' }
  assert.deepEqual(seen(object), ['meddled'])
  const array = [{ toJSON () { array.length = 0; return 'meddled' } }, 'x']
  assert.deepEqual(seen(array), ['meddled'])
  const map = new Map([['a', { toJSON () { map.clear(); return 'meddled' } }], ['b', 'x']])
  assert.deepEqual(seen(map), ['meddled'])
})

test('re-entrant code', () => {
  const context = ANY.context()
  const inner = []
  const value = { toJSON: () => { inner.push(...seen('inner')); context.run({ a: 'other' }); return 'outer' } }
  assert.deepEqual([seen(['before', value, 'after']), inner], [['before'], ['inner']])
})

test('cycles', () => {
  const array = []
  for (let i = 0; i < 255; i++) array.push(array)
  array.push('after')
  const object = {}
  Object.assign(object, { first: object, second: [object, [object]], third: object, last: 'after' })
  const map = new Map()
  map.set('itself', map).set('again', [map, new Set([map])]).set('last', 'after')
  const json = { toJSON () { return { itself: this, again: [this, json], last: 'after' } } }
  const itself = { last: 'after', toJSON () { return this } }
  itself.first = itself
  const replaced = { last: 'after' }
  replaced.first = replaced
  for (const value of [array, object, map, json, itself, { toJSON: () => replaced }]) {
    const { truncated, incomplete } = ANY.context().run({ a: value })
    assert.deepEqual([seen(value), truncated, incomplete], [['after'], null, []])
  }
  object.a = 'x'
  assert.equal(ANY.context().run(object).truncated, null)
  const shared = ['x']
  assert.equal(ANY.context().run({ a: { 1: shared, 2: shared, 3: [shared] } }).truncated, null)
  const unfolding = () => new Proxy({}, { ownKeys: () => ['k'], get: (target, key) => (key === 'k' ? unfolding() : undefined), getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) })
  assert.equal(ANY.context().run({ a: unfolding() }).truncated.containerDepth, 21)
})

test('code that throws in the middle leaves no trace', () => {
  const bad = (depth) => ({ a: { b: { toJSON: throwing } }, c: new Map([[1, new Proxy([], { get: throwing })]]), d: depth > 0 ? bad(depth - 1) : 'x' })
  assert.deepEqual(seen([bad(5), bad(0)]), ['x'])
})

test('padding hides nothing, wherever it is', () => {
  const padding = new Array(1000).fill(new Array(10_000).fill(null))
  const engine = waf('attack', { maxContainerSize: 10_000, maxValues: 5000 })
  for (const data of [{ padding, a: 'attack' }, { a: { padding, x: [{ y: 'attack' }] } }, { a: [[[padding, 'attack']]] }]) {
    const { events, incomplete } = engine.context().run(data)
    assert.deepEqual([events.map((event) => event.rule.id), incomplete.includes('container_size')], [['value'], true])
  }
})

test('no more is read than the budget buys', () => {
  let taken = 0
  const endless = new Proxy([], { get: (array, key) => (key === 'length' ? 1e8 : key === 'toJSON' ? undefined : (taken++, null)) })
  const engine = waf('x', { maxContainerSize: 1e8, maxValues: 20_000_000 })
  const result = engine.context().run({ b: endless }, { timeoutMs: 50 })
  assert.ok(taken > 0 && taken < 1_000_000, String(taken))
  assert.ok(result.incomplete.includes('container_size'))
})

test('sharing does not explode', () => {
  let value = 'x'
  for (let i = 0; i < 18; i++) value = new Array(256).fill(value)
  assert.ok(ANY.context().run({ a: value }).truncated)
  assert.ok(ANY.context().runBatches(new Array(256).fill({ a: value })).truncated)
})

test('depth', () => {
  let [array, object] = [[], {}]
  for (let i = 0; i < 100_000; i++) [array, object] = [[array], { k: object }]
  for (const value of [array, object]) {
    const { truncated } = ANY.context().run({ a: value })
    assert.deepEqual({ ...truncated }, { stringLength: 0, containerSize: 0, containerDepth: 21, unfinished: false })
    assert.equal(waf('x', { maxContainerDepth: 1e6 }).context().run({ a: value }).truncated.containerDepth, 1001)
    assert.throws(() => new Waf({ rules: value }), /nested deeper than 1000/)
  }
})

test('sizes', () => {
  const long = 'x'.repeat(1e7) + 'attack'
  const result = waf('attack$').context().run({ a: long })
  assert.deepEqual([result.matched, result.truncated.stringLength], [false, 1e7 + 6])
  assert.ok(waf('attack$', { maxStringLength: 1e8 }).context().run({ a: long }).matched)
  const many = waf('attack').context().run({ a: [...new Array(300).fill('x'), 'attack'] })
  assert.deepEqual([many.matched, many.truncated.containerSize], [false, 301])
  assert.equal(waf('x').context().run({ a: Buffer.alloc(1e6) }).truncated.stringLength, 1e6)
  assert.equal(waf('x').context().run({ a: { ['k'.repeat(5000)]: 1 } }).truncated.stringLength, 5000)
  assert.deepEqual(keySeen({ ['k'.repeat(5000)]: 1 }), ['k'.repeat(4096)])
  assert.equal(waf('x').context().run({ a: new Array(2 ** 32 - 1) }).truncated.containerSize, 2 ** 32 - 1)
  const shared = waf('x', { maxStringLength: 1e9 }).context().run({ a: new Array(256).fill('y'.repeat(1e6)) })
  assert.equal(shared.truncated.stringLength, 1e6)
  const few = waf('x', { maxValues: 10 }).context().run({ a: new Array(100).fill('y') })
  assert.equal(few.truncated.containerSize, 100)
})

test('long values hide nothing beside them', () => {
  const result = waf('attack', { maxValues: 1000, maxContainerSize: 1e6 })
    .context().run({ a: { padding: new Array(50_000).fill('x'), z: 'attack' } })
  const { truncated, incomplete } = result
  assert.deepEqual([result.matched, truncated.containerSize, incomplete], [true, 50_000, ['container_size']])
})

test('no more is converted than the budget buys', () => {
  const few = waf('x', { timeoutMs: 1, maxContainerSize: 1e6, maxValues: 1e6 })
  const { truncated, incomplete } = few.context().run({ a: new Array(50_000).fill(null) })
  assert.ok(truncated.containerSize === 50_000 && incomplete.includes('container_size'))
})

test('cut keys are reported', () => {
  const { truncated, incomplete } = ANY.context().run({ a: { ['k'.repeat(5000)]: 'x' } })
  assert.deepEqual([truncated.stringLength, incomplete], [5000, ['string_length']])
})

test('data must be an object', () => {
  for (const wrong of [undefined, null, [], 'text', 1, 1n, true, Symbol('x'), () => {}, Buffer.alloc(1), new Set()]) {
    assert.throws(() => ANY.context().run(wrong), { name: 'TypeError', message: /must be an object/ })
  }
  assert.ok(ANY.context().run(new Map([['a', 'x']])).matched)
})
