'use strict'

// This package beside @datadog/native-appsec: both in one process, alternating on the same requests, from object to
// result. `./bench` installs what this needs and runs it:
//
//   ./bench [--rules RULES.json] [--only NAME] [--seconds S]
//
// A measurement is the cost of a request for a tracer: a context, one run, the result as plain objects if anything was
// found, and the end of the context. Both cut strings at 4,096 bytes, containers at 256 entries and depth at 20. Calls are
// timed one by one, alternating every few, so that changes in the machine's speed affect both alike.

const fs = require('node:fs')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
const { setImmediate } = require('node:timers/promises')
const { parseArgs } = require('node:util')
const { DDWAF } = require('@datadog/native-appsec')
const { Waf } = require('..')

const ROOT = path.join(__dirname, '..', '..')
const BUDGET_MS = 10_000
const TURN_US = 2000

async function main () {
  const { values: options } = parseArgs({
    options: { rules: { type: 'string' }, only: { type: 'string', default: '' }, seconds: { type: 'string', default: '2' } }
  })
  const rules = options.rules ? JSON.parse(fs.readFileSync(options.rules)) : builtinRules()
  const sides = [theirs(rules), ours(rules)]

  console.log('us a request'.padEnd(26) + ['native-appsec', 'p99', 'bartizan', 'p99', 'ratio'].map(column).join(''))
  const ratios = []
  const lines = fs.readFileSync(path.join(ROOT, 'tests/data/benchmark.jsonl'), 'utf8').trim().split('\n')
  for (const { name, request } of lines.map((line) => JSON.parse(line))) {
    if (!name.includes(options.only)) continue
    process.stderr.write(`\r${name.padEnd(26)}`)
    const samples = await compare(sides, request, Number(options.seconds))
    const figures = samples.flatMap((side) => [percentile(side, 0.5), percentile(side, 0.99)])
    ratios.push(figures[0] / figures[2])
    process.stderr.write('\r')
    console.log(name.padEnd(26) + [...figures.map((figure) => figure.toFixed(2)), factor(ratios.at(-1))].map(column).join(''))
  }
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
  console.log('geometric mean'.padEnd(26) + factor(mean).padStart(70))
}

const column = (text) => text.padStart(14)
const factor = (ratio) => `${ratio.toFixed(1)}x`

/** The built-in rules as one document, which native-appsec accepts, too. */
function builtinRules () {
  const merged = { version: '2.2', metadata: { rules_version: 'builtin' } }
  const folder = path.join(ROOT, 'core/rules')
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.json')).sort()) {
    for (const [section, elements] of Object.entries(JSON.parse(fs.readFileSync(path.join(folder, file))))) {
      if (Array.isArray(elements)) merged[section] = [...(merged[section] ?? []), ...elements]
    }
  }
  return merged
}

function theirs (rules) {
  const waf = new DDWAF(rules, 'benchmark')
  return (request) => {
    const context = waf.createContext()
    const result = context.run({ persistent: request }, BUDGET_MS * 1000)
    context.dispose()
    return result.events
  }
}

function ours (rules) {
  const waf = new Waf(rules, { timeoutMs: BUDGET_MS })
  return (request) => {
    const context = waf.context()
    const result = context.run(request)
    context.dispose()
    return result.matched ? result.events : null
  }
}

/** Microseconds of every call of each side. */
async function compare (sides, request, seconds) {
  for (const side of sides) timed(side, request, 20)
  const turns = sides.map((side) => Math.max(1, Math.round(TURN_US / percentile(timed(side, request, 5), 0.5))))
  const samples = sides.map(() => [])
  const end = performance.now() + seconds * 1000
  while (performance.now() < end || samples[0].length < 20) {
    for (const [at, side] of sides.entries()) {
      for (const time of timed(side, request, turns[at])) samples[at].push(time)
      // As between the requests of a server: native objects that are no longer used are freed in the event loop.
      await setImmediate()
    }
  }
  return samples
}

function timed (side, request, calls) {
  const times = []
  for (let call = 0; call < calls; call++) {
    const start = process.hrtime.bigint()
    side(request)
    times.push(Number(process.hrtime.bigint() - start) / 1000)
  }
  return times
}

function percentile (times, part) {
  return times.toSorted((a, b) => a - b)[Math.round((times.length - 1) * part)]
}

main()
