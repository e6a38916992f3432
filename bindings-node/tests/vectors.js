'use strict'

// The tables of recorded answers that all languages share: how to read them and replay them in Node.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { ConfigurationError, ArgumentError, Waf, sdk, takeover } = require('..')
const { WHOLE, withEncoded } = require('../lib/encode')
const { NativeEngine } = require('../lib/native')
const { nativeEngine } = require('../lib/engine')

const TABLES = path.join(__dirname, '..', '..', 'tests', 'vectors')
const MOST = 2 ** 28

// Parts for the rulesets of several tables.
const PARTS = JSON.parse(fs.readFileSync(path.join(TABLES, 'rulesets.json'), 'utf8'))
const RULE = PARTS.rule

/** JavaScript has no such value, or cannot distinguish it from another. */
class Inexpressible extends Error {}

function lines (name) {
  return fs.readFileSync(path.join(TABLES, name), 'utf8').split('\n').filter(Boolean)
}

/** Text as results show it: bytes that are not UTF-8 become U+FFFD. */
const shown = (bytes) => bytes.toString('utf8').toWellFormed()
const fromHex = (hex) => Buffer.from(hex, 'hex')

/** A value of a table in JavaScript: the tables wrap what JSON cannot express. */
function native (value) {
  if (typeof value === 'string') {
    // Other languages distinguish lone surrogates from U+FFFD.
    if (!value.isWellFormed()) throw new Inexpressible()
    return value
  }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(native)
  const keys = Object.keys(value)
  if (keys.length === 1) {
    const inner = value[keys[0]]
    if (keys[0] === '$b') return fromHex(inner)
    if (keys[0] === '$repeat') return native(inner[0]).repeat(inner[1])
    if (keys[0] === '$invalid' || keys[0] === '$u') throw new Inexpressible()
    if (keys[0] === '$f') return float(inner)
    if (keys[0] === '$m') {
      const pairs = inner.map(([key, element]) => [native(key), native(element)])
      if (pairs.some(([key]) => typeof key !== 'string')) throw new Inexpressible()
      if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Inexpressible()
      return new Map(pairs)
    }
  }
  return objectOf(keys.map((key) => [native(key), native(value[key])]))
}

/** Object keys that look like numbers move to the front; a Map keeps the order. */
function objectOf (pairs) {
  return pairs.some(([key]) => /^\d+$/.test(key) || key === '__proto__') ? new Map(pairs) : Object.fromEntries(pairs)
}

function float (digits) {
  const number = Number(digits.replace('inf', 'Infinity'))
  if (Number.isSafeInteger(number) && !Object.is(number, -0)) throw new Inexpressible()
  return number
}

/** JSON text of a table. A whole number with a fraction or beyond the safe range is another value in JavaScript. */
function parse (line) {
  const tokens = line.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/-?\d+(\.\d+)?([eE][-+]?\d+)?/g) ?? []
  const inexact = tokens.some((token) =>
    /^-?\d+$/.test(token) ? !Number.isSafeInteger(Number(token)) : Number.isInteger(Number(token)))
  if (inexact || tokens.includes('-0')) throw new Inexpressible()
  return JSON.parse(line)
}

function field (line, name) {
  return `${name}_hex` in line ? fromHex(line[`${name}_hex`]) : native(line[name])
}

function shownField (line, name) {
  const value = field(line, name)
  return Buffer.isBuffer(value) ? shown(value) : value ?? null
}

/** The value under a key of a map of a table or a result. */
function entries (map) {
  if (Object.keys(map).length !== 1 || !map.$m) return Object.entries(map)
  if (new Set(map.$m.map(([key]) => JSON.stringify(key))).size < map.$m.length) throw new Inexpressible()
  return map.$m
}

/** A comparable form: maps unordered, wrappers resolved, strings as results show them. */
function canonical (value) {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : value
  if (Array.isArray(value)) return value.map(canonical)
  const keys = Object.keys(value)
  if (keys.length === 1 && keys[0] === '$b') return shown(fromHex(value.$b))
  if (keys.length === 1 && keys[0] === '$f') {
    const number = Number(value.$f.replace('inf', 'Infinity'))
    return Number.isFinite(number) ? canonical(number) : null
  }
  if (keys.length === 1 && keys[0] === '$invalid') return null
  const sorted = entries(value).map(([key, element]) => [canonical(key), canonical(element)])
  return { map: sorted.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) }
}

/** As `canonical`, for a schema: the types of an array are a set. */
function schema (value) {
  if (!Array.isArray(value) || typeof value[0] !== 'object' || value[0] === null) return canonical(value)
  const [first, ...rest] = value
  const byText = (a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
  if (Array.isArray(first)) return { types: first.map(schema).sort(byText), rest: canonical(rest) }
  const fields = entries(first).map(([key, element]) => [canonical(key), schema(element)])
  return { fields: fields.sort(byText), rest: canonical(rest) }
}

const instances = new Map()

function instance (ruleset) {
  const key = JSON.stringify(ruleset)
  if (!instances.has(key)) {
    if (instances.size > 64) instances.clear()
    const limits = { maxStringLength: MOST, maxContainerSize: MOST, maxContainerDepth: 1000, maxValues: MOST }
    instances.set(key, new Waf(native(ruleset), { timeoutMs: 10_000, ...limits }))
  }
  return instances.get(key)
}

const singleRule = (rule) => ({ version: '2.2', rules: [{ ...RULE, ...rule }] })
const only = (result) => result.events[0]?.rule_matches[0]

function transformers (line) {
  const inputs = [{ address: 'a' }]
  const rule = (id, type, operator, parameters) => ({
    ...RULE,
    id,
    tags: { type, category: 'c' },
    transformers: [line.transformer],
    conditions: [{ operator, parameters: { inputs, ...parameters } }]
  })
  const rules = [
    rule('1', 't1', 'match_regex', { regex: '(?s)\\C*' }),
    rule('2', 't2', 'equals', { type: 'string', value: '' })
  ]
  const result = instance({ version: '2.2', rules }).context().run({ a: field(line, 'input') })
  const last = result.events.at(-1)
  assert.deepEqual(last ? last.rule_matches[0].parameters[0].value : null, shownField(line, 'output'))
}

function operators (line) {
  const inputs = [line.input ?? { address: 'a' }]
  const rule = { conditions: [{ operator: line.operator, parameters: { inputs, ...line.parameters } }] }
  if (line.transformers) rule.transformers = line.transformers
  const ruleset = singleRule(rule)
  if (line.rules_data) ruleset.rules_data = line.rules_data
  if (line.load) return refusal(line, ruleset)
  const result = instance(ruleset).context().run({ a: field(line, 'value') })
  assert.equal(result.events.length > 0, line.match)
  if (!line.match) return
  const found = only(result)
  const [input] = found.parameters
  const highlight = line.highlight_hex?.map((part) => shown(fromHex(part))) ?? line.highlight
  assert.deepEqual(
    [found.operator, found.operator_value, input.value, input.key_path, input.highlight],
    [line.event_operator, line.operator_value, shownField(line, 'event_value'), line.event_key_path, highlight]
  )
}

function refusal (line, ruleset) {
  let diagnostics
  try {
    diagnostics = instance(ruleset).diagnostics
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    diagnostics = error.diagnostics
  }
  if (line.load === 'skipped') assert.deepEqual(diagnostics.rules.skipped, ['1'])
  else assert.ok(line.load_message in diagnostics.rules[`${line.load}s`], JSON.stringify(diagnostics.rules))
}

function detectors (line) {
  const parameters = { ...PARTS.detectors[line.detector], ...line.config }
  const ruleset = singleRule({ conditions: [{ operator: line.detector, parameters }] })
  const result = instance(ruleset).context().run(native(line.input))
  assert.equal(result.matched, line.code === 'match')
  assert.deepEqual(canonical(result.events.flatMap((event) => event.rule_matches)), canonical(line.events))
}

function injection (line) {
  const parameters = { inputs: [{ address: 'a' }] }
  const ruleset = singleRule({ conditions: [{ operator: line.operator, parameters }] })
  const found = only(instance(ruleset).context().run({ a: field(line, 'value') }))
  assert.equal(found ? found.parameters[0].highlight[0] ?? '' : null, line.highlight)
}

function processors (line) {
  const processor = line.config ?? PARTS.processors[line.processor]
  const { processors: more = [], ...extra } = line.extra ?? {}
  const ruleset = { ...singleRule(PARTS.never), processors: [processor, ...more], ...extra }
  const runs = line.runs.map(native)
  const scopes = { ctx: instance(ruleset).context() }
  const got = runs.map((run, i) => {
    const scope = (scopes[line.scope?.[i] ?? 'ctx'] ??= scopes.ctx.subcontext())
    return (Array.isArray(run) ? scope.runBatches(run) : scope.run(run)).attributes
  })
  const form = line.processor === 'extract_schema' ? schema : canonical
  const attributes = (all) => all.map((one) => Object.entries(one).map(([name, value]) => [name, form(value)]).sort())
  assert.deepEqual(attributes(got), attributes(line.attributes))
}

const rulesets = new Map()

/** A table may name rulesets in its first line, and then use the names. */
function contexts (line) {
  for (const [name, ruleset] of Object.entries(line.rulesets ?? {})) rulesets.set(name, ruleset)
  if (line.rulesets) return
  const waf = line.configs ? configured(line) : instance(rulesets.get(line.ruleset) ?? line.ruleset)
  if (line.known_addresses) assert.deepEqual(waf.knownAddresses, line.known_addresses)
  const scopes = { context: waf.context() }
  for (const step of line.steps) {
    if (step.end) {
      scopes[step.scope].dispose()
      delete scopes[step.scope]
      continue
    }
    scopes[step.scope] ??= scopes.context.subcontext()
    if ('code' in step) evaluate(scopes[step.scope], step)
  }
}

/** An engine after the recorded changes, each of which must have the recorded diagnostics. */
function configured (line) {
  const never = { operator: 'exists', parameters: { inputs: [{ address: 'never' }] } }
  const waf = new Waf(singleRule({ conditions: [never] }), { timeoutMs: 10_000 })
  waf.remove('default')
  const recorded = (line.diagnostics ?? []).values()
  for (const [action, name, document] of native(line.configs)) {
    if (typeof name !== 'string' || name === '') throw new Inexpressible()
    if (action === 'remove') {
      waf.remove(name)
      continue
    }
    const got = update(waf, name, document)
    const wanted = recorded.next().value
    if (wanted) assert.deepEqual(canonical(got), canonical(wanted))
  }
  return waf
}

function update (waf, name, document) {
  try {
    return [true, waf.update(name, document)]
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return [false, error.diagnostics]
  }
}

function evaluate (context, step) {
  const data = native(step.batches ?? step.input)
  const options = 'timeout_us' in step ? { timeoutMs: step.timeout_us / 1000 } : {}
  const run = () => (Array.isArray(data) ? context.runBatches(data, options) : context.run(data, options))
  if (step.code === -2 || step.code === 'err_invalid_object') {
    assert.throws(run)
    return
  }
  const result = run()
  assert.equal(result.matched, step.code === 1 || step.code === 'match')
  const got = result.toJSON()
  for (const key of Object.keys(step.result).filter((name) => name !== 'duration')) {
    assert.deepEqual(withoutIds(canonical(got[key])), withoutIds(canonical(step.result[key])), key)
  }
}

/** Any random id equals any other. */
function withoutIds (value) {
  return JSON.parse(JSON.stringify(value).replace(/[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|<uuid>/g, 'id'))
}

/** The recorded answers are those of Python. */
function answer (name, args) {
  try {
    return sdk.call(name, args)
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error
    return { error: error.message }
  }
}

function anonymize (line) {
  const input = line.input_utf16_escape ? JSON.parse(`"${line.input_utf16_escape}"`) : line.input
  assert.equal(answer('anonymize', { input }).anon, line.anon)
}

function user_events (line) {
  const got = answer('user_events', line)
  for (const key of ['outcome', 'meta', 'keep', 'waf', 'telemetry']) assert.deepEqual(got[key], line.expect[key], key)
}

function client_ip (line) {
  assert.deepEqual(answer('client_ip', line), line.expect)
}

function sdkTable (line) {
  const got = answer(line.function, native(line.arguments))
  for (const key of Object.keys(line.result)) assert.deepEqual(canonical(got[key]), canonical(line.result[key]), key)
  assert.equal('error' in got, 'error' in line.result)
}

function requests (line) {
  const encoded = (value, run) => withEncoded(native(value), WHOLE, false, run)
  let engine
  try {
    engine = nativeEngine(native(line.settings))
  } catch (error) {
    assert.equal(error.message, line.error)
    return
  }
  assert.equal(line.error, undefined)
  const check = (target, [name, args, wanted]) => {
    const got = encoded(args, (bytes) => JSON.parse(target.call(name, bytes, 60_000)))
    for (const key of Object.keys(wanted)) assert.deepEqual(got[key] ?? null, wanted[key], `${name}: ${key}`)
  }
  for (const step of line.engine ?? []) check(engine, step)
  const request = engine.request()
  for (const step of line.steps) check(request, step)
  for (const step of line.after ?? []) check(engine, step)
}

// An engine without limits of time, for the calls of `http_requests`.
let unhurried

const REQUEST = ['method', 'target', 'headers', 'peer', 'client_ip_header', 'trusted_proxies']

/** Reads a request as a whole, for its addresses, and in pieces by an engine, for what it says of them. */
function http_requests (line) {
  const some = (names) => Object.fromEntries(names.filter((name) => name in line).map((name) => [name, native(line[name])]))
  const [head, limits] = [some(REQUEST), some(['body_limit', 'decompressed_limit'])]
  const body = 'body' in line ? native(line.body) : []
  const got = answer('read_request', { ...head, ...limits, body })
  const cut = line.cut === true
  assert.deepEqual([got.fault !== null, got.cut], [line.fault, cut])
  for (const [address, wanted] of Object.entries(line.addresses)) {
    if (wanted === null) assert.ok(!(address in got.addresses), address)
    else assert.deepEqual(canonical(got.addresses[address]), canonical(wanted), address)
  }
  for (const text of line.texts ?? []) assert.ok(strings(got.addresses).some((found) => found.includes(text)), text)
  if (Object.keys(limits).length > 0) return
  unhurried ??= withEncoded({ enabled: true, rules: { rules: [] }, timeout_us: 60_000_000 }, WHOLE, false, (bytes) => new NativeEngine(bytes))
  const request = unhurried.request()
  const call = (name, args) => JSON.parse(withEncoded(args, WHOLE, false, (bytes) => request.call(name, bytes, 60_000)))
  call('head', head)
  for (const piece of Array.isArray(body) ? body : [body]) request.body(typeof piece === 'string' ? Buffer.from(piece) : piece)
  assert.deepEqual(call('body_end', {}).incomplete, cut ? ['body_cut'] : line.fault ? ['body'] : [])
}

/** All strings of a value, keys too. */
function strings (value) {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return [...Object.keys(value), ...Object.values(value).flatMap(strings)]
}

function warnings (line) {
  const rows = (all) => all.map(({ kind, path: of, section, id, message }) => [kind, of, section, id, message])
  let waf
  const [accepted, added] = [[], []]
  for (const [name, document] of line.configs) {
    let diagnostics
    try {
      if (waf === undefined) {
        waf = new Waf(native(document))
        diagnostics = waf.diagnostics
      } else {
        diagnostics = waf.update(name, native(document))
      }
      accepted.push(true)
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      diagnostics = error.diagnostics
      accepted.push(false)
    }
    added.push(rows(diagnostics.warnings))
  }
  assert.deepEqual([accepted, added], [line.accepted, line.added])
  assert.deepEqual(waf === undefined ? [] : rows(waf.warnings), line.warnings)
}

/** A program of events and clock steps, and the detector it runs in. */
class Program {
  constructor (line) {
    this.config = line.config && { bartizan_ato: line.config }
    this.told = []
    const startMs = (line.start ?? 1764064800) * 1000
    this.detector = new takeover.Detector(this.config, { ...PLACE, startMs })
    // The smallest memory is enough for what the programs do, and quickest to make.
    this.detector.apply('memory', { bartizan_ato: { settings: { profile: 'small' } } })
    this.subscribe()
  }

  subscribe () {
    this.detector.subscribe(({ kind }) => this.told.push(kind))
  }

  advance (seconds) {
    this.detector.advance(this.detector.timeMs + Math.trunc(seconds * 1000))
  }

  signals () {
    return this.detector.signals({ limit: 1000 }).reverse()
  }

  run (step) {
    if ('advance' in step) this.advance(step.advance)
    else if ('event' in step) this.events(step)
    else if ('assess' in step) within(step.is, this.detector.assess(step.assess))
    else if ('call' in step) within(step.is, this.call(step.call, step.with.map((given) => this.argument(given))))
    else if ('signals' in step) within(step.signals, this.signals())
    else if ('blocks' in step) within(step.blocks, this.detector.blocks({ limit: 1000 }).reverse())
    else if ('told' in step) this.tell(step)
    else this.restart(step)
  }

  events ({ event, times = 1, from = 1, step = 0, verdict }) {
    for (let n = from; n < from + times; n++) {
      const got = this.detector.event(numbered(event, n))
      if (n + 1 < from + times) this.advance(step)
      else if (verdict !== undefined) within(verdict, got)
    }
  }

  argument (given) {
    return /^#\d+$/.test(given) ? this.signals()[given.slice(1)].id : given
  }

  call (verb, args) {
    const name = verb.replace(/_(.)/g, (_, letter) => letter.toUpperCase())
    try {
      const result = this.detector[name](...args)
      if (verb === 'export' && result !== null) return Buffer.concat([...result]).toString()
      return result ?? null
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error
      return { error: error.message }
    }
  }

  tell (step) {
    this.detector.tick()
    assert.deepEqual(this.told.splice(0), step.told)
  }

  restart (step) {
    assert.equal(step.restart, true)
    const options = { ...PLACE, startMs: this.detector.timeMs }
    this.detector = takeover.Detector.restore(this.detector.snapshot(), this.config, options)
    this.subscribe()
  }
}

const PLACE = { clock: 'manual', service: 'auth', env: 'prod' }

/** An event with its number in it. */
function numbered (value, n) {
  if (typeof value === 'string') {
    return value.replaceAll('{n}', n).replace(/\{n%(\d+)\}/g, (_, modulus) => n % modulus)
  }
  if (Array.isArray(value)) return value.map((element) => numbered(element, n))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, numbered(element, n)]))
}

/** All that is expected is there; maps may hold more. */
function within (wanted, got, at = '') {
  const objects = [wanted, got].every((value) => typeof value === 'object' && value !== null)
  if (!objects || Array.isArray(wanted) !== Array.isArray(got)) return assert.deepEqual(got, wanted, at)
  if (Array.isArray(wanted)) assert.equal(got.length, wanted.length, at)
  for (const key of Object.keys(wanted)) within(wanted[key], got[key], `${at}.${key}`)
}

function takeoverTable (line) {
  const program = new Program(line)
  for (const step of line.steps) program.run(step)
}

const KINDS = {
  anonymize,
  client_ip,
  contexts,
  detectors,
  engine: contexts,
  http_requests,
  injection,
  operators,
  processors,
  requests,
  sdk: sdkTable,
  takeover: takeoverTable,
  transformers,
  user_events,
  warnings
}

module.exports = { Inexpressible, KINDS, TABLES, lines, parse }
