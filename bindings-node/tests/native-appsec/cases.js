'use strict'

// Programs that use the class DDWAF, by name. `node cases.js PACKAGE` prints what each gives with that package, a line of
// JSON for each: that is how answers.jsonl was recorded from version 11.0.3 of @datadog/native-appsec. Programs that end the
// process there are in native_appsec.test.js.

const condition = (address, regex = 'attack') => ({
  operator: 'match_regex',
  parameters: { inputs: [{ address }], regex }
})
const rule = (id, address, more = {}) =>
  ({ id, name: `name of ${id}`, tags: { type: `t${id}`, category: 'c' }, conditions: [condition(address)], ...more })
const schema = {
  id: 'schema',
  generator: 'extract_schema',
  conditions: [],
  parameters: { mappings: [{ inputs: [{ address: 's' }], output: 'shape' }] },
  evaluate: true,
  output: true
}
const fingerprint = {
  id: 'fingerprint',
  generator: 'http_endpoint_fingerprint',
  conditions: [{ operator: 'exists', parameters: { inputs: [{ address: 'waf.context.event' }] } }],
  parameters: {
    mappings: [{
      method: [{ address: 'm' }], uri_raw: [{ address: 'u' }], body: [{ address: 'body' }], query: [{ address: 'query' }], output: 'print'
    }]
  },
  evaluate: false,
  output: true
}
const attributes = { 'x.text': { value: 'v' }, 'x.number': { value: 5 }, 'x.address': { address: 'a' } }
const RULES = {
  version: '2.2',
  metadata: { rules_version: '1.2.3' },
  rules: [
    rule('r1', 'a'),
    rule('r2', 'b', { on_match: ['block'] }),
    rule('r3', 'c', { conditions: [condition('c'), condition('d')] }),
    rule('r4', 's', { conditions: [condition('s', 'attack.*')] })
  ],
  processors: [schema]
}
const LONG = 1e6

const nest = (levels, value, inArrays) => {
  for (let level = 0; level < levels; level++) value = inArrays ? [value] : { k: value }
  return value
}
const numbered = (count, value) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, value(i)]))

class Own {
  own = 'attack'
  get inherited () { return 'attack' }
}

/** Values, to see how they are converted. */
const values = {
  'undefined': () => undefined,
  'null': () => null,
  'integer': () => 5,
  'minus zero': () => -0,
  'not a number': () => NaN,
  'infinite': () => Infinity,
  'boolean': () => false,
  'bigint': () => 5n,
  'symbol': () => Symbol('x'),
  'function': () => () => 1,
  'class': () => ({ f: class {} }),
  'text': () => 'attack',
  'fields': () => ({ u: undefined, f: () => 1, s: Symbol('x'), b: 5n, n: 1, z: null }),
  'function with properties': () => ({ f: Object.assign(() => 1, { x: 'attack' }) }),
  'Map': () => ({ m: new Map([['k', 'attack']]) }),
  'Set': () => ({ m: new Set(['attack']) }),
  'Date': () => ({ d: new Date(0) }),
  'invalid Date': () => ({ d: new Date(NaN) }),
  'RegExp': () => ({ r: /attack/ }),
  'Buffer': () => ({ b: Buffer.from('attack') }),
  'empty Buffer': () => ({ b: Buffer.alloc(0) }),
  'long Buffer': () => ({ b: Buffer.alloc(300) }),
  'Uint8Array': () => ({ b: new Uint8Array([1, 2]) }),
  'long Uint8Array': () => ({ b: new Uint8Array(300) }),
  'ArrayBuffer': () => ({ b: new ArrayBuffer(4) }),
  'DataView': () => ({ b: new DataView(new ArrayBuffer(4)) }),
  'Error': () => ({ e: new Error('attack') }),
  'boxed': () => ({ s: Object('attack'), n: Object(5), b: Object(true) }),
  'URL': () => ({ u: new URL('http://attack/') }),
  'URLSearchParams': () => ({ u: new URLSearchParams('a=attack') }),
  'promise': () => ({ p: Promise.resolve(1) }),
  'no prototype': () => Object.assign(Object.create(null), { a: 'attack' }),
  'instance': () => ({ a: new Own() }),
  'inherited': () => Object.create({ inherited: 'attack' }),
  'symbols as keys': () => ({ [Symbol('a')]: 'attack', b: 1 }),
  'hidden': () => Object.defineProperty({ b: 1 }, 'h', { value: 'attack', enumerable: false }),
  'accessor': () => ({ get a () { return 'attack' } }),
  'holes': () => [1, , 'x'], // eslint-disable-line no-sparse-arrays
  'sparse': () => Object.assign([], { 5: 'attack' }),
  'properties of an array': () => Object.assign(['x'], { k: 'attack' }),
  'arguments': () => (function () { return arguments })('attack', 1),
  'within itself': () => { const o = { a: 1 }; o.self = o; o.list = [o, 'x']; return o },
  'list within itself': () => { const list = ['x']; list.push(list); return list },
  'within itself further down': () => { const o = { v: 'attack', n: {} }; o.n.up = o; o.n.me = o.n; return o },
  'twice': () => { const once = { v: 'x' }; return { a: once, b: once, c: [once] } },
  '17 levels': () => nest(17, 'attack'),
  '18 levels': () => nest(18, 'attack'),
  '19 levels': () => nest(19, 'attack'),
  '20 levels': () => nest(20, 'attack'),
  '30 levels': () => nest(30, 'attack'),
  '18 lists': () => nest(18, 'attack', true),
  '19 lists': () => nest(19, 'attack', true),
  '256 elements': () => Array(256).fill(1),
  '257 elements': () => Array(257).fill(1),
  'match at 255': () => [...Array(255).fill(1), 'attack', 1],
  'match at 256': () => [...Array(256).fill(1), 'attack'],
  '257 keys': () => numbered(257, (i) => i === 256 ? 'attack' : 1),
  '4096 bytes': () => 'a'.repeat(4096),
  '4097 bytes': () => 'a'.repeat(4097),
  '4098 bytes in 2049 characters': () => 'é'.repeat(2049),
  '6000 bytes in 3000 characters': () => 'é'.repeat(3000),
  '10000 bytes in 5000 characters': () => 'é'.repeat(5000),
  'match at the end': () => 'x'.repeat(4090) + 'attack',
  'match over the end': () => 'x'.repeat(4091) + 'attack',
  'half a pair': () => 'attack\ud800x',
  'zero byte': () => 'attack\0x',
  'empty key': () => ({ '': 'attack' }),
  'number as key': () => ({ 5: 'attack' }),
  'toJSON: object': () => ({ a: { toJSON: () => ({ b: 'attack' }) } }),
  'toJSON: text': () => ({ a: { toJSON: () => 'attack' } }),
  'toJSON: number': () => ({ a: { toJSON: () => 5 } }),
  'toJSON: boolean': () => ({ a: { toJSON: () => true } }),
  'toJSON: null': () => ({ a: { x: 1, toJSON: () => null } }),
  'toJSON: undefined': () => ({ a: { x: 'attack', toJSON: () => undefined } }),
  'toJSON: function': () => ({ a: { toJSON: () => () => 1 } }),
  'toJSON: bigint': () => ({ a: { toJSON: () => 5n } }),
  'toJSON: symbol': () => ({ a: { toJSON: () => Symbol('x') } }),
  'toJSON: array': () => ({ a: { toJSON: () => ['attack'] } }),
  'toJSON: itself': () => ({ a: { x: 'attack', toJSON () { return this } } }),
  'toJSON: around': () => { const o = { v: 'x' }; o.c = { toJSON: () => o }; return o },
  'toJSON: with toJSON': () => ({ a: { toJSON: () => ({ x: 1, toJSON: () => 'attack' }) } }),
  'toJSON: with toJSON inside': () => ({ a: { toJSON: () => ({ b: { toJSON: () => 'attack' } }) } }),
  'toJSON throws': () => ({ a: { x: 'attack', toJSON () { throw new Error('boom') } }, z: 'x' }),
  'toJSON inherited': () => ({ a: Object.create({ toJSON: () => 'attack' }) }),
  'toJSON is no function': () => ({ a: { toJSON: 'attack', y: 1 } }),
  'toJSON of an array': () => ({ a: Object.assign(['x'], { toJSON: () => 'attack' }) }),
  'toJSON of an array: object': () => ({ a: Object.assign(['x'], { toJSON: () => ({ q: 'attack' }) }) }),
  'toJSON of a function': () => ({ f: Object.assign(() => 1, { toJSON: () => 'attack' }) }),
  'toJSON without arguments': () => ({ a: { toJSON (...args) { return `attack${args.length}${Object.keys(this)}` } } }),
  'toJSON at the top': () => ({ x: 1, toJSON: () => ({ y: 'attack' }) }),
  'toJSON far down': () => nest(19, { toJSON: () => nest(3, 'attack') }),
  'proxy': () => ({ p: new Proxy({ a: 'attack' }, {}) }),
  'proxy of an array': () => ({ p: new Proxy(['attack'], {}) }),
  'several cut': () => ({ a: Array(300).fill('x'), b: Array(500).fill(1), c: 'x'.repeat(6000), d: 'y'.repeat(5000), e: nest(25, 1) })
}

module.exports = ({ DDWAF }) => {
  const make = (...more) => new DDWAF(RULES, 'p', ...more)
  const of = (rules, more) => new DDWAF({ version: '2.2', rules, ...more }, 'p')
  const describe = (waf) => ({
    diagnostics: waf.diagnostics, paths: [...waf.configPaths].sort(), addresses: waf.knownAddresses, actions: waf.knownActions
  })
  const runs = (waf, ...payloads) => {
    const context = waf.createContext()
    return payloads.map((payload) => context.run(payload, LONG))
  }
  const parameter = (result) => result.events[0].rule_matches[0].parameters[0]
  const cases = {}

  for (const [name, value] of Object.entries(values)) {
    cases[`value: ${name}`] = () => {
      const { metrics, errorCode, attributes: found, events } = runs(make(), { persistent: { s: value() } })[0]
      return { metrics, errorCode, shape: found?.shape, events: events?.map((event) => event.rule_matches[0].parameters[0]) }
    }
  }

  cases['the module'] = () => [
    typeof DDWAF, DDWAF.name,
    ...[DDWAF, make().createContext().constructor].map((Class) => [
      Class.name, Object.getOwnPropertyNames(Class.prototype).sort(), Object.keys(Class.prototype).sort()
    ])
  ]
  cases['without new'] = () => DDWAF(RULES, 'p')
  const constructed = {
    'nothing': [], 'no path': [RULES], 'null': [null, 'p'], 'text': ['x', 'p'], 'number': [1, 'p'], 'true': [true, 'p'],
    'undefined': [undefined, 'p'], 'array': [[], 'p'], 'empty': [{}, 'p'], 'function': [() => 1, 'p'],
    'no rules': [{ version: '2.2', rules: [] }, 'p'], 'bad rule': [{ version: '2.2', rules: [{ id: 1 }] }, 'p'],
    'no version': [{ rules: [rule('r1', 'a')] }, 'p'], 'rule without effect': [{ rules: [rule('r', 'a', { output: { event: false, keep: true } })] }, 'p'],
    'path: number': [RULES, 1], 'path: null': [RULES, null], 'path: undefined': [RULES, undefined], 'path: object': [RULES, {}],
    'both wrong': [1, 2], 'rules and settings wrong': [[], 'p', 1], 'everything wrong': [1, 2, 3], 'everything': [RULES, 'p', {}, 4]
  }
  for (const [name, given] of Object.entries(constructed)) {
    cases[`constructor: ${name}`] = () => describe(new DDWAF(...given))
  }
  const settings = {
    'number': 1, 'null': null, 'undefined': undefined, 'text': 'x', 'array': [], 'function': () => 1, 'empty': {},
    'key: number': { obfuscatorKeyRegex: 1 }, 'key: null': { obfuscatorKeyRegex: null }, 'key: undefined': { obfuscatorKeyRegex: undefined },
    'value: number': { obfuscatorValueRegex: 1 }, 'value: object': { obfuscatorValueRegex: {} },
    'key: invalid': { obfuscatorKeyRegex: '(' }, 'key: empty': { obfuscatorKeyRegex: '' }, 'key': { obfuscatorKeyRegex: 'word' },
    'value': { obfuscatorValueRegex: 'tta' }, 'other keys': { obfuscatorKeyRegex: 'other' }
  }
  for (const [name, given] of Object.entries(settings)) {
    cases[`settings: ${name}`] = () => {
      const waf = make(given)
      return [waf.configPaths, ...runs(waf, { persistent: { a: { password: 'attack' } } }).map(parameter)]
    }
  }
  cases['settings: not given'] = () => runs(make(), { persistent: { a: { password: 'attack' } } }).map(parameter)
  cases['version'] = () => typeof DDWAF.version()
  cases['properties'] = () => [Object.keys(make()), describe(make()), make().disposed]
  cases['properties that can be set'] = () => {
    const waf = make()
    Object.assign(waf, { diagnostics: 1, knownAddresses: 2, knownActions: 3 })
    return [waf.diagnostics, waf.knownAddresses, waf.knownActions]
  }
  for (const name of ['disposed', 'configPaths']) {
    cases[`property that cannot be set: ${name}`] = () => { make()[name] = true }
  }
  const updates = {
    'nothing': [], 'no path': [RULES], 'path: number': [RULES, 1], 'path: null': [RULES, null], 'number': [1, 'q'], 'null': [null, 'q'],
    'undefined': [undefined, 'q'], 'text': ['x', 'q'], 'array': [[], 'q'], 'function': [() => 1, 'q'], 'empty': [{}, 'q'],
    'no rules': [{ version: '2.2', rules: [] }, 'q'], 'bad rule': [{ rules: [{ id: 1 }] }, 'q'],
    'bad pattern': [{ rules: [rule('zz', 'b', { conditions: [condition('b', '(')] })] }, 'q'], 'duplicates': [RULES, 'q'],
    'new rule': [{ rules: [rule('r9', 'zz')] }, 'q'],
    'rule turned off': [{ rules_override: [{ rules_target: [{ rule_id: 'r1' }], enabled: false }] }, 'q'],
    'action': [{ actions: [{ id: 'redirect', type: 'redirect_request', parameters: { status_code: 303, location: '/x' } }] }, 'q'],
    'the same path': [{ rules: [rule('r9', 'zz')] }, 'p'], 'bad rule at the same path': [{ rules: [{ id: 1 }] }, 'p'],
    'array at the same path': [[], 'p'], 'empty at the same path': [{}, 'p'], 'Map': [{ rules: new Map() }, 'q'],
    'deep': [{ rules: [], x: nest(40, 1) }, 'q'], 'both wrong': [1, 2],
    'many': [{ rules: Array.from({ length: 400 }, (_, i) => rule(`k${i}`, `b${i}`, { name: 'n'.repeat(5000) })) }, 'q']
  }
  for (const [name, given] of Object.entries(updates)) {
    cases[`update: ${name}`] = () => {
      const waf = make()
      const accepted = waf.createOrUpdateConfig(...given)
      return [accepted, describe(waf), runs(waf, { persistent: { a: 'attack' } })[0].status]
    }
  }
  cases['update: within itself'] = () => {
    const waf = make()
    const document = { rules: [] }
    document.rules.push(document)
    return [waf.createOrUpdateConfig(document, 'q'), describe(waf)]
  }
  cases['update after a bad one'] = () => {
    const waf = make()
    waf.createOrUpdateConfig({ rules: [{ id: 1 }] }, 'p')
    return [waf.createOrUpdateConfig({ rules: [rule('q', 'q')] }, 'q'), describe(waf)]
  }
  cases['update: contexts keep their rules'] = () => {
    const waf = make()
    const context = waf.createContext()
    waf.createOrUpdateConfig({ rules: [rule('q', 'q')] }, 'p')
    return [context.run({ persistent: { a: 'attack' } }, LONG).status, runs(waf, { persistent: { a: 'attack' } })[0].status]
  }
  const removals = { 'nothing': [], 'number': [1], 'null': [null], 'object': [{}], 'other': ['x'], 'empty': [''], 'all': ['p'] }
  for (const [name, given] of Object.entries(removals)) {
    cases[`remove: ${name}`] = () => {
      const waf = make()
      const removed = waf.removeConfig(...given)
      return [removed, describe(waf), waf.disposed, runs(waf, { persistent: { a: 'attack' } })[0].status]
    }
  }
  cases['remove: one of two'] = () => {
    const waf = make()
    waf.createOrUpdateConfig({ rules: [rule('q', 'q')] }, 'q')
    return [waf.removeConfig('p'), describe(waf)]
  }
  cases['remove: all, and add'] = () => {
    const waf = make()
    waf.removeConfig('p')
    return [waf.createOrUpdateConfig(RULES, 'q'), describe(waf), runs(waf, { persistent: { a: 'attack' } })[0].status]
  }
  cases['dispose'] = () => { const waf = make(); return [waf.dispose(), waf.disposed, describe(waf), waf.dispose()] }
  const disposed = {
    'createContext': (waf) => waf.createContext(), 'update': (waf) => waf.createOrUpdateConfig(RULES, 'p'), 'update without arguments': (waf) => waf.createOrUpdateConfig(),
    'remove': (waf) => waf.removeConfig('p'), 'remove without arguments': (waf) => waf.removeConfig(), 'configPaths': (waf) => waf.configPaths
  }
  for (const [name, use] of Object.entries(disposed)) {
    cases[`disposed: ${name}`] = () => { const waf = make(); waf.dispose(); return use(waf) }
  }
  cases['disposed: contexts go on'] = () => {
    const waf = make()
    const context = waf.createContext()
    waf.dispose()
    return context.run({ persistent: { a: 'attack' } }, LONG)
  }

  const attack = { persistent: { a: 'attack' } }
  const calls = {
    'nothing': [], 'no timeout': [{}], 'payload: number': [1, 1], 'payload: null': [null, 1], 'payload: text': ['x', 1], 'payload: array': [[], 1], 'payload: function': [() => 1, 1],
    'payload: empty': [{}, 1], 'payload: empty, and timeout: zero': [{}, 0], 'payload: addresses': [{ a: 'attack' }, 1],
    'timeout: zero': [attack, 0], 'timeout: negative': [attack, -1], 'timeout: text': [attack, 'x'], 'timeout: not a number': [attack, NaN], 'timeout: infinite': [attack, Infinity],
    'timeout: half': [attack, 0.5], 'timeout: bigint': [attack, 1n], 'timeout: huge': [attack, 1e30], 'timeout: 2^63': [attack, 2 ** 63], 'timeout: with a fraction': [{ persistent: {} }, 1.5],
    'persistent: null': [{ persistent: null }, LONG], 'persistent: number': [{ persistent: 1 }, LONG], 'persistent: text': [{ persistent: 'x' }, LONG], 'persistent: array': [{ persistent: [] }, LONG],
    'persistent: undefined': [{ persistent: undefined }, LONG], 'persistent: function': [{ persistent: () => 1 }, LONG], 'persistent: empty': [{ persistent: {} }, LONG], 'persistent: Map': [{ persistent: new Map([['a', 'attack']]) }, LONG],
    'persistent: toJSON': [{ persistent: { toJSON: () => ({ a: 'attack' }) } }, LONG],
    'ephemeral: null': [{ ephemeral: null }, LONG], 'ephemeral: number': [{ ephemeral: 3 }, LONG], 'ephemeral: array': [{ ephemeral: [] }, LONG], 'ephemeral: empty': [{ ephemeral: {} }, LONG],
    'ephemeral null beside persistent': [{ ...attack, ephemeral: null }, LONG], 'persistent null beside ephemeral': [{ persistent: null, ephemeral: { a: 'attack' } }, LONG],
    'ephemeral array beside persistent': [{ ...attack, ephemeral: [] }, LONG], 'persistent array beside ephemeral': [{ persistent: [], ephemeral: { a: 'attack' } }, LONG],
    'attack': [attack, LONG], 'block': [{ persistent: { b: 'attack' } }, LONG], 'both': [{ ephemeral: { a: 'attack' }, persistent: { b: 'attack' } }, LONG], 'unknown address': [{ persistent: { unknown: 'attack' } }, LONG],
    'path': [{ persistent: { a: ['x', { k: 'attack' }] } }, LONG], 'more keys': [{ ...attack, other: 1 }, LONG],
    '301 addresses': [{ persistent: { ...numbered(300, () => 1), a: 'attack' } }, LONG]
  }
  for (const [name, given] of Object.entries(calls)) cases[`run: ${name}`] = () => make().createContext().run(...given)
  cases['run: disposed'] = () => { const context = make().createContext(); context.dispose(); return context.run() }
  cases['run: dispose'] = () => { const context = make().createContext(); return [context.disposed, context.dispose(), context.disposed, context.dispose()] }

  const findings = {
    'attributes': [of([rule('q', 'a', { output: { event: false, keep: true, attributes } })]), attack, attack],
    'attributes, not kept': [of([rule('q', 'a', { output: { event: false, keep: false, attributes } })]), attack],
    'attributes and event': [of([rule('q', 'a', { output: { event: true, keep: true, attributes } })]), attack],
    'several arguments': [
      of([rule('l', 'x', { on_match: ['stack_trace', 'block', 'unknown'], conditions: [{ operator: 'lfi_detector', parameters: { resource: [{ address: 'f' }], params: [{ address: 'q' }] } }] })]),
      { persistent: { q: { f: ['a', '../etc/passwd'] } } }, { ephemeral: { f: '/var/../etc/passwd' } }, { ephemeral: { f: '/var/../etc/passwd' } }
    ],
    'both kinds in one event': [
      of([rule('l', 'x', { conditions: [{ operator: 'sqli_detector', parameters: { resource: [{ address: 'f' }], params: [{ address: 'q' }], db_type: [{ address: 'd' }] } }] })]),
      { persistent: { q: { f: ["' or 1=1 --"] } }, ephemeral: { f: "select * from x where a = '' or 1=1 --'", d: 'mysql' } }
    ],
    'fingerprint after an ephemeral event': [
      of([rule('r', 'a')], { processors: [fingerprint] }),
      { persistent: { m: 'GET', u: '/x', query: { a: 1 } } }, { ephemeral: { a: 'attack' } }, { persistent: { body: { z: 1 } } }
    ],
    'fingerprint in a later call': [of([rule('r', 'a')], { processors: [fingerprint] }), { ephemeral: { a: 'attack' } }, { persistent: { m: 'GET', u: '/x', query: { a: 1 } } }],
    'action with parameters': [of([rule('r', 'a', { on_match: ['block'] })], { actions: [{ id: 'block', type: 'block_request', parameters: { status_code: 401, type: 'json', x: 1.5, b: true, z: '5' } }] }), attack],
    'other action': [of([rule('r', 'a', { on_match: ['mine'] })], { actions: [{ id: 'mine', type: 'generate_thing', parameters: { n: 5, x: 1.5, b: true, z: '5', neg: -3 } }] }), attack],
    'tags of other types': [of([rule('r', 'a', { tags: { type: 't', category: 'c', num: 5, b: true } })]), attack],
    'two actions': [of([rule('r', 'a', { on_match: ['block', 'stack_trace'] })]), attack],
    'monitored': [of([rule('r', 'a', { on_match: ['block'] })], { exclusions: [{ id: 'e', on_match: 'monitor', conditions: [condition('z', 'x')] }] }), { persistent: { a: 'attack', z: 'x' } }],
    'expiration in a list': [
      of([rule('r', 'a', { conditions: [{ operator: 'ip_match', parameters: { inputs: [{ address: 'a' }], data: 'ips' } }] })], { rules_data: [{ id: 'ips', type: 'ip_with_expiration', data: [{ value: '1.2.3.4', expiration: 0 }] }] }),
      { persistent: { a: '1.2.3.4' } }
    ],
    'number and float': [of([rule('r', 'a', { conditions: [{ operator: 'equals', parameters: { inputs: [{ address: 'a' }], type: 'float', value: 5 } }] })]), { persistent: { a: 5 } }],
    'number and unsigned': [of([rule('r', 'a', { conditions: [{ operator: 'equals', parameters: { inputs: [{ address: 'a' }], type: 'unsigned', value: 5 } }] })]), { persistent: { a: 5 } }],
    'number and pattern': [of([rule('r', 'a', { conditions: [condition('a', '5')] })]), { persistent: { a: 5 } }],
    'options as floats': [of([rule('r', 'a', { conditions: [{ operator: 'match_regex', parameters: { inputs: [{ address: 'a' }], regex: 'attack', options: { min_length: 3 } } }] })]), attack],
    'persistent twice': [make(), attack, attack], 'ephemeral twice': [make(), { ephemeral: { a: 'attack' } }, { ephemeral: { a: 'attack' } }],
    'persistent before ephemeral': [make(), { persistent: { a: 'no' }, ephemeral: { a: 'attack' } }, { ephemeral: { a: 'attack' } }, attack],
    'ephemeral before persistent': [make(), { ephemeral: { a: 'no' } }, attack, { ephemeral: { a: 'attack' } }],
    'conditions of both kinds': [make(), { persistent: { c: 'attack' }, ephemeral: { d: 'attack' } }, { ephemeral: { d: 'attack' } }, { ephemeral: { c: 'attack' } }],
    'schemas': [make(), { ephemeral: { s: { a: 1 } } }, { ephemeral: { s: { a: 1 } } }, { persistent: { s: { b: 1 } } }, { persistent: { s: { b: 2 } } }]
  }
  for (const [name, [waf, ...payloads]] of Object.entries(findings)) cases[`found: ${name}`] = () => runs(waf, ...payloads)
  return cases
}

/** What a case gives, as JSON holds it: without durations and ids, which differ each time. */
module.exports.answer = (use) => {
  let given
  try {
    given = { gives: use() }
  } catch (error) {
    given = { throws: `${error.constructor.name}: ${error.message}` }
  }
  return JSON.parse(JSON.stringify(given, (key, value) => {
    if (value instanceof Set) return [...value].sort()
    if (key === 'duration') return typeof value
    return typeof value === 'string' && /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(value) ? 'an id' : value
  }))
}

if (require.main === module) {
  for (const [name, use] of Object.entries(module.exports(require(process.argv[2])))) {
    console.log(JSON.stringify({ name, ...module.exports.answer(use) }))
  }
}
