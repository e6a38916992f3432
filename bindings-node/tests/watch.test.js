'use strict'

const { spawnSync } = require('node:child_process')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { afterEach, test } = require('node:test')
const { context, trace } = require('@opentelemetry/api')
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks')
const { BasicTracerProvider } = require('@opentelemetry/sdk-trace-base')
const { ArgumentError, Engine, defaultEngine } = require('..')

const RULES = {
  version: '2.2',
  rules: [{
    id: 'r',
    name: 'n',
    tags: { type: 't', category: 'attack_attempt' },
    on_match: ['block'],
    conditions: [{
      operator: 'match_regex',
      parameters: { regex: 'attack', inputs: [{ address: 'server.request.query' }] }
    }]
  }]
}
const NONE = { version: '2.2', rules: [] }

const watched = (settings) => new Engine(RULES, { timeout_us: 60_000_000, ...settings })

function attack (engine, span) {
  const request = engine.request(span)
  const blocked = request.start({ method: 'GET', url: '/search?q=x', query: { q: ['an attack'] }, peer: '192.0.2.7' })
  if (blocked) request.blockResponse()
  request.finish()
  return blocked
}

/** The process warnings that a call leads to. */
async function warned (run) {
  const warnings = []
  const listen = (warning) => warnings.push(warning.message)
  process.on('warning', listen)
  run()
  await new Promise((resolve) => setTimeout(resolve, 20))
  process.off('warning', listen)
  return warnings
}

afterEach(() => { delete process.env.BARTIZAN_MODE })

test('attacks and blocks are logged and told', () => {
  const [lines, events, blocks] = [[], [], []]
  const hooks = { onLog: (line) => lines.push(JSON.parse(line)), onEvent: (record) => events.push(record), onBlock: (record) => blocks.push(record) }
  attack(watched({ mode: 'block', ...hooks }))
  assert.deepEqual(lines, [...events, ...blocks])
  assert.deepEqual([events[0].rule, events[0].action, events[0].client], ['r', 'block', '192.0.2.7'])
  assert.deepEqual([blocks[0].reason, blocks[0].rule, blocks[0].status, blocks[0].path], ['rule', 'r', 403, '/search'])
  assert.equal(blocks[0].security_response_id, events[0].security_response_id)
})

test('lines are limited, hooks are not', () => {
  const [lines, events] = [[], []]
  const engine = watched({ log_rate_limit: 1, onLog: (line) => lines.push(line), onEvent: (record) => events.push(record) })
  for (let i = 0; i < 3; i++) attack(engine)
  assert.deepEqual([lines.length, events.length], [1, 3])
  assert.deepEqual(engine.metrics().log_suppressed, { attack: 2, block: 0 })
})

test('NODE_DEBUG shows the lines', () => {
  const script = `
    const { Engine } = require(${JSON.stringify(path.join(__dirname, '..'))})
    new Engine(${JSON.stringify(RULES)}).request().start({ url: '/a', query: { q: 'an attack' } })`
  const { stderr } = spawnSync(process.execPath, ['-e', script], { env: { ...process.env, NODE_DEBUG: 'bartizan' }, encoding: 'utf8' })
  assert.match(stderr, /BARTIZAN \d+: {"event":"attack","rule":"r"/)
})

test('what hooks throw goes no further', async () => {
  for (const onEvent of [() => { throw new Error('at once') }, async () => { throw new Error('later') }]) {
    const warnings = await warned(() => attack(watched({ onEvent })))
    assert.match(warnings.join(), /a hook failed: Error: (at once|later)/)
  }
})

test('hooks may use the engine, and are not called within hooks', () => {
  const rules = []
  const engine = watched({
    mode: 'block',
    onEvent: ({ rule }) => {
      rules.push(rule)
      attack(engine)
    }
  })
  attack(engine)
  assert.deepEqual(rules, ['r'])
})

test('only functions are hooks', () => {
  assert.throws(() => watched({ onBlock: 5 }), (error) => error instanceof ArgumentError && /`onBlock` must be a function/.test(error.message))
})

test('numbers', () => {
  const engine = watched({ mode: 'block' })
  attack(engine)
  const { requests, events, blocks } = engine.metrics()
  assert.deepEqual([requests, events, blocks], [1, { r: 1 }, { rule: 1 }])
  assert.match(engine.prometheus(), /^bartizan_events_total{rule="r"} 1$/m)
})

test('tags go to the active span of OpenTelemetry, unless a span is given', () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const span = new BasicTracerProvider().getTracer('test').startSpan('request')
  const given = {}
  context.with(trace.setSpan(context.active(), span), () => {
    attack(watched())
    attack(watched(), { setTag: (name, value) => { given[name] = value } })
  })
  assert.deepEqual([span.attributes['appsec.event'], span.attributes['bartizan.would_block']], ['true', 'true'])
  assert.equal(given['appsec.event'], 'true')
  context.disable()
  attack(watched())
})

test('the mode comes from the environment', () => {
  process.env.BARTIZAN_MODE = 'block'
  assert.equal(attack(watched()), true)
  assert.equal(attack(watched({ mode: 'monitor' })), false)
  process.env.BARTIZAN_MODE = 'blok'
  assert.throws(() => watched(), /the variable `BARTIZAN_MODE` must be `monitor` or `block`, not `blok`/)
})

test('the engine of the process is made once', () => {
  assert.equal(defaultEngine(), defaultEngine())
})

test('rules come from files and change', () => {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'bartizan-')), 'rules.json')
  fs.writeFileSync(file, JSON.stringify(NONE))
  const engine = new Engine(pathToFileURL(file), { mode: 'block', timeout_us: 60_000_000 })
  assert.equal(attack(engine), false)
  fs.writeFileSync(file, JSON.stringify(RULES))
  engine.reload()
  assert.equal(attack(engine), true)
  assert.throws(() => engine.reload({ version: '2.2', rules: [{ id: 'x' }] }), /the rules cannot be used/)
  engine.reload(NONE)
  assert.equal(attack(engine), false)
  assert.equal(engine.update('mine', RULES).accepted, true)
  assert.equal(attack(engine), true)
  const exclusion = engine.exclude({ parameter: 'q' })
  assert.equal(attack(engine), false)
  assert.deepEqual([engine.include(exclusion), engine.include(exclusion), engine.remove('mine')], [true, false, true])
  assert.equal(attack(engine), false)
})

test('exclusions of rules that do not exist are warnings', async () => {
  const said = []
  const listen = ({ message }) => { if (message.includes('to which this could apply')) said.push(message) }
  process.on('warning', listen)
  const engine = new Engine(RULES, { exclusions: [{ rule: 'misspelt' }] })
  engine.exclude({ rule: 'gone' })
  engine.exclude({ parameter: 'q' })
  await new Promise(setImmediate)
  process.off('warning', listen)
  assert.deepEqual(said.map((message) => /`(\w+)`/.exec(message)[1]), ['misspelt', 'gone'])
})

test('the declarations have all settings', () => {
  const declared = fs.readFileSync(path.join(__dirname, '../index.d.ts'), 'utf8')
  const of = (name) => declared.match(new RegExp(`export interface ${name}[^{]*{([^]*?)\n}`))[1]
  const names = [...`${of('ProxySettings')}${of('EngineSettings')}`.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name)
  const settings = names.filter((name) => !['onEvent', 'onBlock', 'onLog'].includes(name))
  const known = (() => {
    try {
      return new Engine(RULES, { none: 1 })
    } catch ({ message }) {
      return message.split('the settings are ')[1].split(', ')
    }
  })()
  assert.deepEqual(['rules', ...settings].sort(), known.sort())
})
