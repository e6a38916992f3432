'use strict'

// What protection costs a web application: node benches/web.js [REQUESTS]. The same application in Express and Fastify runs bare,
// with bartizan, and with dd-trace and its AppSec (no agent), if that is installed: npm install --prefix benches. Requests
// alternate between the three over connections that are kept; medians of what a request takes, and the processor time of the
// server per request, which depends less on what else the machine does. The first requests, in which code is compiled, do not
// count.

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { once } = require('node:events')

const count = Number(process.argv[2] ?? 1000)
const WARM_UP = Math.max(count, 1000)
const VARIANTS = ['bare', 'bartizan', 'tracer']

const words = (length) => 'some words of a form that somebody filled in '.repeat(Math.ceil(length / 44)).slice(0, length)
const fields = (many, length) => Object.fromEntries(Array.from({ length: many }, (_, n) => [`field${n}`, words(length)]))
const LOADS = {
  GET: { path: '/?name=Ann&page=2' },
  'POST of 2 KB JSON': { type: 'application/json', body: JSON.stringify(fields(20, 90)) },
  'POST of a 100 KB form': { type: 'application/x-www-form-urlencoded', body: String(new URLSearchParams(fields(20, 5000))) }
}

const environment = {
  ...process.env,
  BARTIZAN_MODE: 'block',
  DD_APPSEC_ENABLED: 'true',
  DD_TRACE_AGENT_URL: 'http://127.0.0.1:9',
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  DD_REMOTE_CONFIGURATION_ENABLED: 'false',
  DD_TRACE_STARTUP_LOGS: 'false',
  DD_TRACE_DEBUG: 'false'
}

async function start (framework, variant) {
  const child = spawn(process.execPath, [path.join(__dirname, 'web_app.js'), framework, variant], {
    cwd: __dirname, env: environment, stdio: ['ignore', 'pipe', 'ignore']
  })
  let said = ''
  const port = await Promise.race([
    once(child, 'exit').then(() => undefined),
    (async () => {
      for await (const piece of child.stdout) {
        said += piece
        const [, found] = /port (\d+)/.exec(said) ?? []
        if (found) return Number(found)
      }
      return undefined
    })()
  ])
  return { variant, child, port, agent: new http.Agent({ keepAlive: true, maxSockets: 1 }) }
}

async function timed ({ port, agent }, { path: target = '/', type, body }) {
  const begun = process.hrtime.bigint()
  const headers = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)', accept: 'text/html,application/json;q=0.9', cookie: 'session=0123456789abcdef; theme=dark' }
  if (body !== undefined) Object.assign(headers, { 'content-type': type, 'content-length': body.length })
  const request = http.request({ host: '127.0.0.1', port, agent, path: target, method: body === undefined ? 'GET' : 'POST', headers })
  request.end(body)
  const [answer] = await once(request, 'response')
  for await (const piece of answer) void piece
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`)
  return Number(process.hrtime.bigint() - begun) / 1000
}

/** The processor time that a process has used, in microseconds; unknown elsewhere than on Linux. */
function processorTime ({ pid }) {
  try {
    const columns = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(columns[11]) + Number(columns[12])) * 10_000
  } catch {
    return NaN
  }
}

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1]

/** What the others add to the bare application. */
function compared (apps, measured) {
  const [bare, ...others] = apps.map((app) => ({ variant: app.variant, time: measured(app) }))
  const added = others.map(({ variant, time }) => `${variant} +${(time - bare.time).toFixed(0)}`)
  const [ours, theirs] = others.map(({ time }) => time - bare.time)
  const share = theirs > 0 ? `, ${(100 * ours / theirs).toFixed(0)} % of that` : ''
  return `bare ${bare.time.toFixed(0)} us, ${added.join(', ')}${share}`
}

async function measure (framework) {
  const apps = (await Promise.all(VARIANTS.map((variant) => start(framework, variant)))).filter(({ port }) => port !== undefined)
  try {
    for (const [name, load] of Object.entries(LOADS)) {
      const times = new Map(apps.map((app) => [app, []]))
      const used = new Map()
      for (let n = -WARM_UP; n < count; n++) {
        if (n === 0) for (const app of apps) used.set(app, processorTime(app.child))
        for (const app of apps) {
          const time = await timed(app, load)
          if (n >= 0) times.get(app).push(time)
        }
      }
      const took = (app) => median(times.get(app))
      const worked = (app) => (processorTime(app.child) - used.get(app)) / count
      console.log(`${framework.padEnd(9)}${name.padEnd(23)}${compared(apps, took)}; processor: ${compared(apps, worked)}`)
    }
  } finally {
    for (const { child, agent } of apps) {
      agent.destroy()
      child.kill()
    }
  }
}

(async () => {
  for (const framework of ['express', 'fastify']) await measure(framework)
})()
