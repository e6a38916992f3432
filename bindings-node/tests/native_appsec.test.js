'use strict'

// The class DDWAF gives what that of @datadog/native-appsec gave, and does not crash where that does.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const native = require('bartizan/native-appsec')
const cases = require('./native-appsec/cases')

const { DDWAF } = native
const folder = path.join(__dirname, 'native-appsec')
const read = (name) => {
  const lines = fs.readFileSync(path.join(folder, name), 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line)).map(({ name: of, gives, throws }) => [of, throws === undefined ? { gives } : { throws }])
}
/** What the original gave, and what is given where we differ, with the reason. */
const answers = new Map([...read('answers.jsonl'), ...read('differences.jsonl')])

for (const [name, use] of Object.entries(cases(native))) {
  test(name, () => {
    assert.ok(answers.has(name), 'record it: see cases.js')
    assert.deepEqual(cases.answer(use), answers.get(name))
  })
}

const RULES = {
  rules: [{
    id: 'r',
    name: 'n',
    tags: { type: 't', category: 'c' },
    conditions: [{ operator: 'match_regex', parameters: { inputs: [{ address: 'a' }], regex: 'attack' } }]
  }]
}

test('the version is the one that the package names', () => {
  assert.equal(DDWAF.version(), require('../native-appsec/package.json').libddwaf_version)
})

test('an empty path is refused', () => {
  assert.throws(() => new DDWAF(RULES, ''), /^Error: Invalid rules$/)
  const waf = new DDWAF(RULES, 'p')
  assert.equal(waf.createOrUpdateConfig(RULES, ''), false)
  assert.deepEqual(waf.configPaths, ['p'])
})

const throwing = () => { throw new Error('mine') }
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const hostile = {
  'a getter that throws': { get x () { return throwing() }, y: 'attack' },
  'a proxy whose keys throw': { x: new Proxy({ z: 1 }, { ownKeys: throwing }), y: 'attack' },
  'a proxy whose values throw': { x: new Proxy({ z: 1 }, { get: throwing }), y: 'attack' },
  'a revoked proxy': { x: revoked(), y: 'attack' },
  'toJSON that cannot be read': { x: { get toJSON () { return throwing() } }, y: 'attack' },
  'a list that claims a billion elements': { x: new Proxy([1], { get: (list, key) => key === 'length' ? 1e9 : list[key] }), y: 'attack' },
  'a value in itself 256 times': (() => { let o = 'attack'; for (let i = 0; i < 15; i++) o = Array(256).fill(o); return o })()
}
for (const [name, value] of Object.entries(hostile)) {
  test(`what is beside ${name} is judged`, () => {
    const context = new DDWAF(RULES, 'p').createContext()
    assert.equal(context.run({ ephemeral: { a: value } }, 1e7).status, 'match')
  })
}

test('data that call back find the context usable', () => {
  const context = new DDWAF(RULES, 'p').createContext()
  const inner = []
  const nosy = { toJSON () { inner.push(context.run({ ephemeral: { a: 'attack' } }, 1e6).status); return 'attack' } }
  assert.equal(context.run({ ephemeral: { a: nosy } }, 1e6).status, 'match')
  assert.deepEqual(inner, ['match'])
})

test('a context cannot be made by hand', () => {
  const Context = new DDWAF(RULES, 'p').createContext().constructor
  assert.throws(() => new Context(), /createContext/)
})
